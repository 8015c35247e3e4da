// The elements around the drawing: tools, legend, tooltip, messages, words for screen readers.
//
// Every text is set with textContent; no string ever becomes markup.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  pan: "M8 1v14M1 8h14M8 1 6 3M8 1l2 2M8 15l-2-2M8 15l2-2M1 8l2-2M1 8l2 2M15 8l-2-2M15 8l-2 2",
  box: "M2.5 3.5h11v9h-11z",
  lasso: "M8 2.5c3.6 0 6 1.7 6 4s-2.400 4-6 4-6-1.700-6-4 2.400-4 6-4M5 10c-1.500 1-1 2.500 0 2.500s1 1.500 0 2",
  in: "M8 3v10M3 8h10",
  out: "M3 8h10",
  fit: "M2.500 6V2.500H6M10 2.500h3.500V6M13.500 10v3.500H10M6 13.500H2.500V10",
};
const TOOLS = [
  ["pan", "Move (drag)"],
  ["box", "Select a box (Shift and drag)"],
  ["lasso", "Select with a lasso (Alt and drag)"],
];
const STEPS = [
  ["in", "Zoom in (+)"],
  ["out", "Zoom out (−)"],
  ["fit", "Show everything (0)"],
];

export function make(tag, name, parent, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

export class Panel {
  /** `act` is called with the tool or step pressed; `isolate` with a class of the legend. */
  constructor(root, act, isolate) {
    this.isolate = isolate;
    this.frame = make("div", "map", root);
    this.points = make("canvas", "points", this.frame);
    this.overlay = make("canvas", "overlay", this.frame);
    this.points.setAttribute("aria-hidden", "true");
    this.overlay.tabIndex = 0;
    this.overlay.setAttribute("role", "application");
    this.overlay.setAttribute("aria-roledescription", "map");
    this.overlay.setAttribute("aria-describedby", "summary");
    this.tools = make("div", "tools", this.frame);
    this.tools.setAttribute("role", "toolbar");
    this.tools.setAttribute("aria-label", "Map tools");
    this.buttons = new Map();
    for (const [name, title] of [...TOOLS, ...STEPS]) this.button(name, title, act);
    this.legend = make("div", "legend", this.frame);
    this.status = make("div", "status", this.frame);
    this.tip = make("div", "tip", this.frame);
    this.tip.hidden = true;
    this.message = make("div", "message", this.frame);
    this.message.hidden = true;
    this.summary = make("p", "unseen", this.frame);
    this.summary.id = "summary";
    this.live = make("p", "unseen", this.frame);
    this.live.setAttribute("aria-live", "polite");
  }

  button(name, title, act) {
    const button = make("button", "", this.tools);
    button.type = "button";
    button.title = title;
    button.setAttribute("aria-label", title);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", "0 0 16 16");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(SVG, "path");
    path.setAttribute("d", ICONS[name]);
    svg.append(path);
    button.append(svg);
    button.addEventListener("click", () => act(name));
    this.buttons.set(name, button);
  }

  press(mode) {
    for (const [name] of TOOLS) {
      this.buttons.get(name).setAttribute("aria-pressed", String(name === mode));
    }
    this.overlay.dataset.mode = mode;
  }

  /** Say something in place of the drawing; an empty text takes it away. */
  say(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  announce(text) {
    if (this.live.textContent !== text) this.live.textContent = text;
  }

  showTip(place, name, description, width) {
    const tip = this.tip;
    tip.replaceChildren();
    make("strong", "", tip, name);
    if (description) make("span", "", tip, description);
    tip.hidden = false;
    const right = place[0] > width / 2;
    tip.style.left = right ? "auto" : `${place[0] + 14}px`;
    tip.style.right = right ? `${width - place[0] + 14}px` : "auto";
    tip.style.top = `${Math.max(place[1] - 10, 8)}px`;
  }

  /** The boxes that stand over the drawing: a name under one of them could not be read. */
  taken() {
    return [this.tools, this.legend].filter((element) => !element.hidden).map((element) => ({
      left: element.offsetLeft,
      top: element.offsetTop,
      width: element.offsetWidth,
      height: element.offsetHeight,
    }));
  }

  /** How many pixels of the left and right edge the tools and a high legend cover. */
  covered() {
    const high = !this.legend.hidden && this.legend.offsetHeight > this.frame.clientHeight / 3;
    return [this.tools.offsetWidth + 8, high ? this.legend.offsetWidth + 8 : 0];
  }

  hideTip() {
    this.tip.hidden = true;
  }

  showLegend(legend, theme, shown) {
    this.legend.replaceChildren();
    this.legend.hidden = !legend || !(legend.items.length || legend.low);
    if (this.legend.hidden) return;
    make("div", "title", this.legend, legend.title);
    if (legend.low) this.ramp(legend, theme);
    for (const item of legend.items) this.entry(item, theme, shown);
  }

  ramp(legend, theme) {
    const bar = make("div", "ramp", this.legend);
    const stops = [0, 0.25, 0.5, 0.75, 1].map((part) => theme.ramp(part));
    bar.style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    const ends = make("div", "ends", this.legend);
    make("span", "", ends, legend.low);
    make("span", "", ends, legend.high);
  }

  entry(item, theme, shown) {
    const button = make("button", "entry", this.legend);
    button.type = "button";
    const on = !shown || item.classes.some((code) => shown.has(code));
    button.setAttribute("aria-pressed", String(Boolean(shown) && on));
    button.classList.toggle("off", !on);
    button.title = "Show these alone; again shows all";
    make("i", "", button).style.background = theme.colour(item.slot);
    make("span", "label", button, item.label);
    make("span", "count", button, item.count.toLocaleString("en"));
    button.addEventListener("click", () => this.isolate(item));
  }
}
