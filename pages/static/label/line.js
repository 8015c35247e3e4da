// Which pair is on the screen: those that wait, and the way back through those seen.
//
// Knows items and what was said of them; nothing of the screen or of the server.

const KEPT = 60; // pairs that can be gone back to

/** A pair stays out of the line while it is open on the trail, or graded under its own token. */
function holds({ item, event }) {
  return !event || (event.kind === "grade" && event.token === item.token);
}

export class Line {
  constructor() {
    this.waiting = []; // items from the server, not shown yet
    this.trail = []; // {item, event, seconds, fresh}: shown in this order
    this.at = -1;
  }

  /** The entry on the screen, null where there is none. */
  get current() {
    return this.trail[this.at] ?? null;
  }

  /**
   * Take the server's present choice. `said` holds the tokens of verdicts still on their way,
   * `known` what the server has of this person's last tokens: {kind, grade, undone}.
   */
  take(items, said, known) {
    for (const entry of this.trail) this.compare(entry, known.get(entry.item.token));
    const seen = new Set(this.trail.filter(holds).map((entry) => entry.item.token));
    const kept = items.filter(({ token }) => !said.has(token) && !seen.has(token));
    for (const item of kept) item.fresh = known.get(item.token)?.undone ?? false;
    const places = new Map(this.waiting.map(({ token }, place) => [token, place]));
    const place = ({ token }) => places.get(token) ?? Infinity;
    // What is in line keeps its place; only the rest is in the server's order.
    this.waiting = kept.sort((a, b) => (place(a) < place(b) ? -1 : Number(place(a) > place(b))));
    if (!this.current) this.open();
  }

  /** Learn of an open pair what another tab said of it, or took back. */
  compare(entry, action) {
    if (!action || entry.event || entry.fresh || action.kind !== "grade") return;
    if (action.undone) entry.fresh = true;
    else entry.event = action;
  }

  /** Go to the pair that needs a verdict next: passed by after this one, in line, or before it. */
  open() {
    const later = this.trail.findIndex((entry, place) => place > this.at && !entry.event);
    if (later >= 0) this.at = later;
    else if (this.waiting.length) this.push(this.waiting.shift());
    else {
      const before = this.trail.findIndex((entry) => !entry.event);
      this.at = before >= 0 ? before : this.trail.length;
    }
    return this.current;
  }

  /** Show an item after all others; `fresh` where its own token was used up by a verdict. */
  push(item, fresh = item.fresh) {
    this.trail.push({ item, event: null, seconds: 0, fresh });
    if (this.trail.length > KEPT) this.trail.shift();
    this.at = this.trail.length - 1;
  }

  forward() {
    if (this.at < this.trail.length - 1) this.at += 1;
    else if (this.waiting.length) this.push(this.waiting.shift());
    else return this.open();
    return this.current;
  }

  back() {
    if (this.at <= 0) return null;
    this.at -= 1;
    return this.current;
  }

  /** Open again the pair that an action was about; null where it is not on the trail. */
  reopen({ token }) {
    const place = this.trail.findIndex((entry) => entry.event?.token === token);
    if (place < 0) return null;
    this.at = place;
    Object.assign(this.current, { event: null, fresh: true });
    return this.current;
  }

  /** Pairs that were passed by without a verdict. */
  get passed() {
    return this.trail.filter((entry, place) => !entry.event && place !== this.at).length;
  }
}
