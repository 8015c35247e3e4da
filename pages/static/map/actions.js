// What a person does to the map, by pointer or by key, and what follows from it.
//
// The base of `MapView`, which owns the parts named here: camera, grid, gestures, hub, painter,
// panel, texts, and `send`, the way to the server.

import { simplified } from "./gestures.js";
import { MATCH, SELECTED } from "./painter.js";

const REACH = 14; // pixels from the pointer to a point it means
const AHEAD = 60; // pixels around the pointer whose texts are asked for along with it
const ASKED = 48; // rows at once, at most
const UNIT = 1e6; // polygons travel as whole numbers of a millionth
const CORNERS = 120; // of a polygon, at most
const PAN_STEP = 80;
const ZOOM_STEP = 1.5;
const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const TOOLS = { "+": "in", "=": "in", "-": "out", 0: "fit", Home: "fit", b: "box", l: "lasso", m: "pan" };

export class Actions {
  pan(dx, dy) {
    this.camera.panBy(dx, dy);
    this.hovered = -1;
    this.draw();
  }

  zoom(px, py, factor, smoothly = false) {
    const before = { x: this.camera.x, y: this.camera.y, zoom: this.camera.zoom };
    this.camera.zoomAt(px, py, factor);
    if (smoothly) {
      const target = { x: this.camera.x, y: this.camera.y, zoom: this.camera.zoom };
      this.camera.set(before);
      this.camera.flyTo(target, performance.now());
    }
    this.draw();
  }

  hover(px, py) {
    if (!this.grid) return;
    this.crossed = false;
    this.point(px, py);
    this.panel.overlay.classList.toggle("over", this.hovered >= 0);
  }

  /** Mean the point nearest to a pixel; ask for its text and its neighbours'. */
  point(px, py) {
    const [x, y] = this.camera.toWorld(px, py);
    const near = this.grid.near(x, y, AHEAD / this.camera.scale, ASKED, this.hub.paint?.codes);
    const [nx, ny] = near.length ? this.placeOf(near[0]) : [Infinity, Infinity];
    const hovered = Math.hypot(nx - px, ny - py) <= REACH ? near[0] : -1;
    if (hovered >= 0 && !this.texts.get(hovered)) this.texts.want(near);
    if (hovered === this.hovered) return;
    this.hovered = hovered;
    this.draw();
  }

  leave() {
    this.hovered = -1;
    this.crossed = false;
    this.draw();
  }

  click(px, py) {
    if (!this.grid) return;
    this.point(px, py);
    if (this.hovered >= 0) this.pick(this.hovered);
    else if (this.picked >= 0) this.pick(-1);
  }

  pick(row) {
    this.picked = row;
    this.send("picked", row);
    this.draw();
  }

  /** An outline in pixels while it is drawn; null when it is given up. */
  sketch(places) {
    this.sketched = places && places.map(([px, py]) => this.camera.toWorld(px, py));
    this.draw();
  }

  finish(places) {
    this.sketched = null;
    const outline = simplified(places, 1, CORNERS).map(([px, py]) => this.camera.toWorld(px, py));
    this.select(outline.flat().map((value) => Math.round(value * UNIT)));
    this.act("pan");
  }

  /** Select what lies in a flat list of whole numbers, and tell the server the outline alone. */
  select(flat) {
    this.pending = JSON.stringify(flat);
    this.setPolygon(flat.length ? pairs(flat) : null);
    this.send("drawn", flat);
    this.panel.announce(flat.length ? `${this.chosen.toLocaleString("en")} skills` : "Nothing selected");
    this.draw();
  }

  setPolygon(polygon) {
    this.polygon = polygon;
    this.chosen = 0;
    const { points, paint } = this.hub;
    if (!this.grid || !paint || paint.count !== points.count) return;
    const flags = paint.marks.slice();
    if (polygon) this.chosen = this.grid.mark(polygon, flags, SELECTED, paint.codes);
    this.marked = 0;
    this.wanted = (polygon ? SELECTED : 0) | (this.data.marked ? MATCH : 0);
    for (const flag of flags) if (flag & this.wanted) this.marked++;
    this.painter.gl && this.painter.setFlags(flags);
  }

  act(name) {
    if (name === "in") this.zoom(...this.camera.middle, ZOOM_STEP, true);
    else if (name === "out") this.zoom(...this.camera.middle, 1 / ZOOM_STEP, true);
    else if (name === "fit") this.camera.flyTo(this.camera.home(), performance.now());
    else this.panel.press((this.gestures.mode = name));
    this.draw();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || !this.grid) return;
    if (event.key in MOVES) this.pan(...MOVES[event.key].map((part) => part * PAN_STEP));
    else if (event.key in TOOLS) this.act(TOOLS[event.key]);
    else if (event.key === "Enter" && this.hovered >= 0) this.pick(this.hovered);
    else if (event.key === "Escape" && this.polygon) this.select([]);
    else return;
    event.preventDefault();
    event.stopPropagation();
    this.crossed = true;
    if (event.key !== "Enter") this.point(...this.camera.middle);
  }
}

/** A flat list of whole numbers as [[x, y], ...]. */
export function pairs(flat) {
  const polygon = [];
  for (let at = 0; at + 1 < flat.length; at += 2) polygon.push([flat[at] / UNIT, flat[at + 1] / UNIT]);
  return polygon;
}
