// Where one looks: world coordinates to pixels and back, and flights between two views.
//
// The world's y axis points up; pixels are CSS pixels from the top left corner. Zoom 1 shows
// everything. Knows nothing of points or input.

const MARGIN = 0.92; // of the window is used when everything is shown
const MIN_ZOOM = 0.5;
const MAX_ZOOM = 4000;
const FLIGHT_MS = 450;

export class Camera {
  constructor() {
    this.width = this.height = 1;
    this.covered = [0, 0]; // pixels at the left and right edge under tools and legend
    this.bounds = [-1, -1, 1, 1];
    this.x = this.y = 0;
    this.zoom = 1;
    this.flight = null;
  }

  /** Pixels per unit of the world at zoom 1. */
  get fitScale() {
    const [left, low, right, high] = this.bounds;
    const wide = Math.max(right - left, 1e-6);
    const tall = Math.max(high - low, 1e-6);
    return MARGIN * Math.min(this.open / wide, this.height / tall);
  }

  /** Width that nothing covers. */
  get open() {
    return Math.max(this.width - this.covered[0] - this.covered[1], this.width / 2);
  }

  /** The pixel at which what one looks at lies: the middle of what nothing covers. */
  get middle() {
    return [Math.min(this.covered[0], this.width / 4) + this.open / 2, this.height / 2];
  }

  get scale() {
    return this.fitScale * this.zoom;
  }

  toScreen(x, y) {
    const scale = this.scale;
    const [left, top] = this.middle;
    return [left + (x - this.x) * scale, top - (y - this.y) * scale];
  }

  toWorld(px, py) {
    const scale = this.scale;
    const [left, top] = this.middle;
    return [this.x + (px - left) / scale, this.y - (py - top) / scale];
  }

  /** The part of the world in the window: [left, low, right, high]. */
  window() {
    const [left, high] = this.toWorld(0, 0);
    const [right, low] = this.toWorld(this.width, this.height);
    return [left, low, right, high];
  }

  resize(width, height) {
    this.width = Math.max(width, 1);
    this.height = Math.max(height, 1);
  }

  set({ x, y, zoom }) {
    this.flight = null;
    this.place(x, y, zoom);
  }

  place(x, y, zoom) {
    const [left, low, right, high] = this.bounds;
    this.x = Math.min(Math.max(x, left), right);
    this.y = Math.min(Math.max(y, low), high);
    this.zoom = Math.min(Math.max(zoom, MIN_ZOOM), MAX_ZOOM);
  }

  panBy(dx, dy) {
    this.set({ x: this.x - dx / this.scale, y: this.y + dy / this.scale, zoom: this.zoom });
  }

  /** Zoom by a factor and keep what lies under a pixel where it is. */
  zoomAt(px, py, factor) {
    const [x, y] = this.toWorld(px, py);
    this.set({ x: this.x, y: this.y, zoom: this.zoom * factor });
    const [nowX, nowY] = this.toWorld(px, py);
    this.set({ x: this.x + x - nowX, y: this.y + y - nowY, zoom: this.zoom });
  }

  home() {
    const [left, low, right, high] = this.bounds;
    return { x: (left + right) / 2, y: (low + high) / 2, zoom: 1 };
  }

  /** The view that shows a box of the world, with some room around it. */
  around([left, low, right, high], most = 60) {
    const wide = Math.max(right - left, 1e-4) * 1.25;
    const tall = Math.max(high - low, 1e-4) * 1.25;
    const zoom = Math.min(this.open / wide, this.height / tall) / this.fitScale;
    return { x: (left + right) / 2, y: (low + high) / 2, zoom: Math.min(zoom, most) };
  }

  /** Start a flight to a view; `step` moves along it. */
  flyTo(target, now) {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
      this.set(target);
      return;
    }
    this.flight = { from: { x: this.x, y: this.y, zoom: this.zoom }, target, since: now };
  }

  /** Move along the flight; true while it goes on. */
  step(now) {
    if (!this.flight) return false;
    const { from, target, since } = this.flight;
    const part = Math.min((now - since) / FLIGHT_MS, 1);
    const eased = part * part * (3 - 2 * part);
    const zoom = from.zoom * Math.pow(target.zoom / from.zoom, eased);
    this.place(from.x + (target.x - from.x) * eased, from.y + (target.y - from.y) * eased, zoom);
    if (part >= 1) this.flight = null;
    return this.flight !== null;
  }
}
