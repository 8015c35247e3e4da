// Colours: from Streamlit's CSS variables, and palettes for a light and a dark ground.

const CLASSES = {
  light: [
    "#2f6fb7", "#d9722b", "#3a8f4d", "#b8433c", "#7a5bb5", "#8a6b3f",
    "#c65a9a", "#6d8f2f", "#1c93a0", "#b3921a", "#5a6fd0", "#9c3d6e",
  ],
  dark: [
    "#6ea8e8", "#f0a25e", "#6fc486", "#ee8078", "#b39af0", "#c9a97a",
    "#ee93c6", "#a5c860", "#55cfdb", "#dcc24d", "#93a3f5", "#dd86ae",
  ],
};
const RAMPS = {
  light: ["#e0c877", "#5aa58a", "#17456e"],
  dark: ["#3d5a86", "#4fb09a", "#f4e27c"],
};
const OTHER = { light: "#aeb7c2", dark: "#5d6874" };
const NAMED = { good: ["#2f8a4e", "#6fc486"], bad: ["#b8433c", "#ee8078"], warn: ["#c8831f", "#f0b25e"] };
const STEPS = 1000;

export class Theme {
  constructor(element) {
    const style = getComputedStyle(element);
    const read = (name, fallback) => style.getPropertyValue(name).trim() || fallback;
    this.ground = read("--st-background-color", "#ffffff");
    this.panel = read("--st-secondary-background-color", "#f4f6f8");
    this.text = read("--st-text-color", "#1d2733");
    this.quiet = read("--st-gray-text-color", "#5a6675");
    this.accent = read("--st-primary-color", "#1f6f8b");
    this.font = read("--st-font", "sans-serif");
    const [red, green, blue] = rgb(this.ground);
    this.name = 0.299 * red + 0.587 * green + 0.114 * blue > 127 ? "light" : "dark";
  }

  /** The colour of a slot: a class's number, a name, "r0" to "r1000" on the ramp, null grey. */
  colour(slot) {
    const dark = this.name === "dark" ? 1 : 0;
    if (typeof slot === "number") return CLASSES[this.name][slot % CLASSES.light.length];
    if (typeof slot === "string" && slot in NAMED) return NAMED[slot][dark];
    if (typeof slot === "string" && slot[0] === "r") return this.ramp(Number(slot.slice(1)) / STEPS);
    return OTHER[this.name];
  }

  ramp(part) {
    const stops = RAMPS[this.name].map(rgb);
    const at = Math.min(Math.max(part, 0), 1) * (stops.length - 1);
    const left = Math.min(Math.floor(at), stops.length - 2);
    const mix = stops[left].map((value, i) => value + (stops[left + 1][i] - value) * (at - left));
    return `#${mix.map((value) => Math.round(value).toString(16).padStart(2, "0")).join("")}`;
  }
}

/** [0..255, 0..255, 0..255] of a #rgb, #rrggbb or rgb() colour. */
export function rgb(colour) {
  if (colour[0] !== "#") return (colour.match(/[\d.]+/g) ?? [128, 128, 128]).slice(0, 3).map(Number);
  const hex = colour.length < 6 ? [...colour.slice(1, 4)].map((digit) => digit + digit).join("") : colour.slice(1, 7);
  return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

export function alpha(colour, opacity) {
  return `rgba(${rgb(colour).join(",")},${opacity})`;
}
