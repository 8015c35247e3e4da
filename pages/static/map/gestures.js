// Mouse, touch, pen, wheel and keyboard, turned into what a person means.
//
// Calls the methods of its `target`: pan, zoom, hover, leave, click, sketch, finish, key.
// Knows nothing of points.

const CLICK_PIXELS = 4;
const LASSO_PIXELS = 3;
const WHEEL = 0.0016;
const PINCH_WHEEL = 0.012; // a trackpad's pinch arrives as a wheel with Ctrl
const LINE_PIXELS = 16;

export class Gestures {
  constructor(element, target) {
    this.element = element;
    this.target = target;
    this.mode = "pan";
    this.pointers = new Map();
    this.drag = null;
    this.abort = new AbortController();
    const listen = (name, handler, options = {}) =>
      element.addEventListener(name, handler.bind(this), { signal: this.abort.signal, ...options });
    listen("pointerdown", this.down);
    listen("pointermove", this.move);
    listen("pointerup", this.up);
    listen("pointercancel", this.cancel);
    listen("pointerleave", () => this.target.leave());
    listen("wheel", this.wheel, { passive: false });
    listen("dblclick", (event) => this.target.zoom(...this.at(event), 2, true));
  }

  stop() {
    this.abort.abort();
  }

  at(event) {
    const box = this.element.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  down(event) {
    if (event.button > 0) return;
    this.element.setPointerCapture(event.pointerId);
    const place = this.at(event);
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size === 2) {
      this.drag = null;
      this.target.sketch(null);
      this.pinch = this.spread();
      return;
    }
    const kind = event.shiftKey ? "box" : event.altKey ? "lasso" : this.mode;
    this.drag = { kind, start: place, last: place, places: [place], moved: false };
  }

  move(event) {
    const place = this.at(event);
    if (!this.pointers.has(event.pointerId)) {
      this.target.hover(...place);
      return;
    }
    this.pointers.set(event.pointerId, place);
    if (this.pointers.size === 2) this.pinched();
    else if (this.drag) this.dragged(place);
  }

  dragged(place) {
    const drag = this.drag;
    drag.moved ||= distance(place, drag.start) > CLICK_PIXELS;
    if (!drag.moved) return;
    if (drag.kind === "pan") this.target.pan(place[0] - drag.last[0], place[1] - drag.last[1]);
    drag.last = place;
    if (drag.kind === "box") {
      drag.places = corners(drag.start, place);
    } else if (drag.kind === "lasso" && distance(place, drag.places.at(-1)) >= LASSO_PIXELS) {
      drag.places.push(place);
    }
    if (drag.kind !== "pan") this.target.sketch(drag.places, drag.kind);
  }

  spread() {
    const [a, b] = [...this.pointers.values()];
    return { middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2], wide: Math.max(distance(a, b), 1) };
  }

  pinched() {
    const now = this.spread();
    this.target.pan(now.middle[0] - this.pinch.middle[0], now.middle[1] - this.pinch.middle[1]);
    this.target.zoom(...now.middle, now.wide / this.pinch.wide);
    this.pinch = now;
  }

  up(event) {
    const drag = this.drag;
    this.forget(event);
    if (!drag) return;
    if (!drag.moved) this.target.click(...drag.start);
    else if (drag.kind !== "pan" && drag.places.length > 2) this.target.finish(drag.places);
    else this.target.sketch(null);
  }

  cancel(event) {
    this.forget(event);
    this.target.sketch(null);
  }

  forget(event) {
    this.pointers.delete(event.pointerId);
    this.drag = null;
  }

  wheel(event) {
    event.preventDefault();
    const lines = event.deltaMode === 1 ? LINE_PIXELS : 1;
    const speed = event.ctrlKey ? PINCH_WHEEL : WHEEL;
    this.target.zoom(...this.at(event), Math.exp(-event.deltaY * lines * speed));
  }
}

function corners([ax, ay], [bx, by]) {
  return [[ax, ay], [bx, ay], [bx, by], [ax, by]];
}

function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** Fewer corners for the same outline: none lies further than `slack` from it (Douglas-Peucker). */
export function simplified(places, slack, most) {
  let kept = places;
  for (let width = slack; ; width *= 1.6) {
    kept = reduced(places, width);
    if (kept.length <= most) return kept;
  }
}

function reduced(places, slack) {
  const keep = new Uint8Array(places.length);
  keep[0] = keep[places.length - 1] = 1;
  const open = [[0, places.length - 1]];
  while (open.length) {
    const [from, to] = open.pop();
    let [worst, at] = [slack, -1];
    for (let between = from + 1; between < to; between++) {
      const far = offLine(places[between], places[from], places[to]);
      if (far > worst) [worst, at] = [far, between];
    }
    if (at < 0) continue;
    keep[at] = 1;
    open.push([from, at], [at, to]);
  }
  return places.filter((_, at) => keep[at]);
}

function offLine(place, a, b) {
  const [dx, dy] = [b[0] - a[0], b[1] - a[1]];
  const long = Math.hypot(dx, dy);
  if (!long) return distance(place, a);
  return Math.abs(dx * (place[1] - a[1]) - dy * (place[0] - a[0])) / long;
}
