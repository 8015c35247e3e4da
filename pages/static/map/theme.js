// Colours: from Streamlit's CSS variables, and the palette for a light or a dark ground.

// PALETTE, the content of palette.json, is put before the modules when they are joined.
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
    const { kinds, other, ...named } = PALETTE[this.name];
    if (typeof slot === "number") return kinds[slot % kinds.length];
    if (slot === null) return other;
    return named[slot] ?? this.ramp(Number(slot.slice(1)) / STEPS);
  }

  ramp(part) {
    const stops = PALETTE[this.name].ramp.map(rgb);
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
