// The map: joins camera, painter, overlay, gestures and texts, and talks to the server.
//
// `default` is called by Streamlit at the first drawing and again whenever the page's word
// about the map changes; the arrays arrive beside it, through the hub.

import { Actions, pairs } from "./actions.js";
import { Address } from "./address.js";
import { Camera } from "./camera.js";
import { Gestures } from "./gestures.js";
import { boundsOf, Grid, HIDDEN } from "./grid.js";
import { theHub } from "./hub.js";
import { Labels } from "./labels.js";
import { lookOf } from "./look.js";
import { Overlay } from "./overlay.js";
import { Painter } from "./painter.js";
import { Panel } from "./panel.js";
import { Texts } from "./texts.js";
import { Theme } from "./theme.js";

const NAMED = 40; // with no more points than this in the window each shows its name
const NO_WEBGL =
  "This browser cannot draw the map: it has no WebGL2, or it is switched off. " +
  "The lists beside and below the map still work.";
const LOST = "The browser took the drawing away; it comes back by itself.";

const views = new WeakMap();

export default function map({ data, parentElement, setTriggerValue }) {
  let view = views.get(parentElement);
  if (!view) {
    view = new MapView(parentElement);
    views.set(parentElement, view);
  }
  view.update(data, setTriggerValue);
  return () => {
    views.get(parentElement)?.stop();
    views.delete(parentElement);
  };
}

class MapView extends Actions {
  constructor(root) {
    super();
    this.hub = theHub();
    this.panel = new Panel(root, (name) => this.act(name), (item) => this.isolate(item));
    this.camera = new Camera();
    this.address = new Address();
    this.labels = new Labels();
    this.texts = new Texts(this.hub);
    this.overlay = new Overlay(this.panel.overlay);
    this.painter = new Painter(this.panel.points);
    this.gestures = new Gestures(this.panel.overlay, this);
    this.data = { clusters: [], legend: null, height: 600 };
    this.polygon = null;
    this.sketched = null;
    this.hovered = this.picked = -1;
    this.shown = null;
    this.frame = 0;
    this.clean = new AbortController();
    this.panel.press("pan");
    this.listen();
    if (!this.painter.gl) this.panel.say(NO_WEBGL);
  }

  listen() {
    const signal = { signal: this.clean.signal };
    const { points, overlay, frame } = this.panel;
    points.addEventListener("webglcontextlost", (event) => this.lose(event), signal);
    points.addEventListener("webglcontextrestored", () => this.restore(), signal);
    overlay.addEventListener("keydown", (event) => this.key(event), signal);
    overlay.addEventListener("blur", () => this.leave(), signal);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(frame);
    this.heard = () => this.arrived();
    this.hub.listeners.add(this.heard);
  }

  stop() {
    this.clean.abort();
    this.watch.disconnect();
    this.gestures.stop();
    this.texts.stop();
    this.address.stop();
    this.hub.listeners.delete(this.heard);
    cancelAnimationFrame(this.frame);
    this.hub.camera = { version: this.version, x: this.camera.x, y: this.camera.y, zoom: this.camera.zoom };
    this.painter.release();
    this.panel.frame.remove();
  }

  // ------------------------------------------------------------------ what the server says

  update(data, setTriggerValue) {
    this.send = setTriggerValue;
    this.data = data;
    this.panel.frame.style.height = `${data.height}px`;
    this.panel.summary.textContent = data.summary;
    this.panel.overlay.setAttribute("aria-label", data.label);
    this.theme = new Theme(this.panel.frame);
    this.picked = data.picked ?? -1;
    this.adopt(data.within);
    this.resize();
    this.arrived();
    this.repaint();
    this.fly(data.fly);
    this.address.write();
  }

  /** Take the server's selection, unless one made here is still on its way there. */
  adopt(flat) {
    const text = JSON.stringify(flat ?? []);
    if (this.pending && this.pending !== text) return;
    this.pending = "";
    this.setPolygon(flat?.length ? pairs(flat) : null);
  }

  fly(flight) {
    if (!flight || flight.key === this.hub.flown) return;
    this.hub.flown = flight.key;
    this.camera.flyTo(this.camera.around(flight.box), performance.now());
    this.draw();
  }

  /** Arrays or texts have come. */
  arrived() {
    const { points, paint } = this.hub;
    if (this.hub.texts.size !== this.known) {
      this.known = this.hub.texts.size;
      this.texts.answered();
    }
    if (points && points.version !== this.version) this.takePoints(points);
    const fits = points && paint && paint.count === points.count;
    if (fits && paint.version !== this.painted) this.takePaint(paint);
    this.draw();
  }

  takePoints(points) {
    this.version = points.version;
    this.painted = "";
    this.camera.bounds = boundsOf(points.xy);
    this.grid = new Grid(points.xy, this.camera.bounds);
    this.painter.gl && this.painter.setPoints(points.xy, this.camera.bounds);
    const kept = this.hub.camera?.version === points.version ? this.hub.camera : null;
    this.camera.set(this.address.read() ?? kept ?? this.camera.home());
  }

  takePaint(paint) {
    this.painted = paint.version;
    this.shown = null;
    this.painter.gl && this.painter.setCodes(paint.codes);
    this.setPolygon(this.polygon);
    this.repaint();
  }

  /** Colours and legend, after another theme, colouring or choice in the legend. */
  repaint() {
    const legend = this.data.legend;
    if (!legend || !this.theme) return;
    this.panel.showLegend(legend, this.theme, this.shown);
    this.camera.covered = this.panel.covered();
    const colours = legend.slots.map((slot) => this.theme.colour(slot));
    this.painter.gl && this.painter.setPalette(colours, this.shown);
    this.draw();
  }

  isolate(item) {
    const same = this.shown && item.classes.every((code) => this.shown.has(code));
    this.shown = same ? null : new Set(item.classes);
    this.repaint();
  }

  // ------------------------------------------------------------------ drawing

  resize() {
    const { points, frame } = this.panel;
    const [width, height] = [frame.clientWidth, frame.clientHeight];
    const ratio = Math.min(globalThis.devicePixelRatio || 1, 2);
    if (!width || !height) return;
    this.camera.resize(width, height);
    points.width = Math.round(width * ratio);
    points.height = Math.round(height * ratio);
    this.overlay.resize(width, height, ratio);
    this.ratio = ratio;
    this.paintNow(performance.now()); // a resized canvas is blank until it is drawn again
  }

  draw() {
    if (!this.frame) this.frame = requestAnimationFrame((now) => this.paintNow(now));
  }

  paintNow(now) {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    if (!this.theme || !this.grid || !this.ratio || !this.painted) return;
    const moving = this.camera.step(now);
    const look = lookOf(this);
    if (this.painter.gl && !this.painter.gl.isContextLost()) {
      this.painter.draw(this.camera, this.theme, look);
    }
    this.drawOver(look);
    this.address.keep(this.camera);
    const view = [this.camera.x, this.camera.y, this.camera.zoom].map((value) => value.toFixed(4));
    Object.assign(this.panel.frame.dataset, { drawn: this.painted, view: view.join(" ") });
    if (moving) this.draw();
  }

  drawOver(look) {
    const { overlay, camera, theme, data } = this;
    overlay.begin();
    if (this.polygon) overlay.outline(camera, this.polygon, theme, false);
    if (this.sketched) overlay.outline(camera, this.sketched, theme, true);
    const { context } = overlay;
    const query = this.hub.query && this.queryHits(this.hub.query);
    const groups = query ? overlay.grouped(query, camera) : [];
    const blocks = groups.map(({ left, top, wide, tall }) => ({ left, top, width: wide, height: tall }));
    const taken = [...this.panel.taken(), ...blocks];
    overlay.names(this.labels.place(context, camera, data.clusters, this.named(), theme.font, taken), theme);
    if (query) overlay.query(query, groups, theme);
    if (this.picked >= 0) overlay.ring(this.placeOf(this.picked), look.size / 2 + 5, theme.accent, 3);
    if (this.hovered >= 0) overlay.ring(this.placeOf(this.hovered), look.size / 2 + 4, theme.text);
    if (this.crossed) overlay.cross(camera, theme);
    this.showTip();
    this.panel.status.textContent = this.statusText();
  }

  /** The query and its hits with their places in pixels. */
  queryHits({ x, y, hits }) {
    const known = hits.filter(([row]) => row < this.hub.points.count);
    return {
      place: this.camera.toScreen(x, y),
      hits: known.map(([row, rank, stage1, expected]) => ({
        rank, stage1, expected, place: this.placeOf(row),
      })),
    };
  }

  statusText() {
    const zoom = this.camera.zoom < 10 ? this.camera.zoom.toFixed(1) : Math.round(this.camera.zoom);
    const chosen = this.polygon ? ` · ${this.chosen.toLocaleString("en")} selected` : "";
    const ranks = this.hub.query ? " · filled: final place, outlined: stage 1" : "";
    return `${this.data.label} · zoom ${zoom}×${chosen}${ranks}`;
  }

  /** The points that show their names: all in the window, if they are few. */
  named() {
    const found = [];
    const { codes } = this.hub.paint;
    this.grid.each(this.camera.window(), (row, x, y) => {
      if (codes[row] !== HIDDEN) found.push({ row, x, y });
      return found.length <= NAMED;
    });
    if (found.length > NAMED) return [];
    this.texts.want(found.map(({ row }) => row));
    return found.filter(({ row }) => this.texts.get(row)).map((each) => ({ ...each, name: this.texts.get(each.row)[0] }));
  }

  placeOf(row) {
    const { xy } = this.hub.points;
    return this.camera.toScreen(xy[2 * row], xy[2 * row + 1]);
  }

  showTip() {
    const text = this.hovered >= 0 ? this.texts.get(this.hovered) : null;
    if (this.hovered < 0) {
      this.panel.hideTip();
      return;
    }
    const [name, description] = text ?? ["…", ""];
    this.panel.showTip(this.placeOf(this.hovered), name, description, this.camera.width);
    if (text && this.crossed) this.panel.announce(`${name}. ${description}`);
  }

  // ------------------------------------------------------------------ the context taken away

  lose(event) {
    event.preventDefault(); // without this it never comes back
    this.panel.say(LOST);
  }

  restore() {
    this.panel.say("");
    this.painter.build();
    this.painter.setPoints(this.hub.points.xy, this.camera.bounds);
    this.takePaint(this.hub.paint);
  }
}
