// Names on the map: which of them fit without covering one another.
//
// Coarse clusters when zoomed out, fine ones when in, the points' own names when only a few
// are in the window. A name shown in the last frame goes first, so that names do not flicker.

const FINE_FROM = 2.6; // zoom
const MOST = 70;
const GAP = 6;
const SHIFTS = [0, -20, 20]; // pixels up or down, tried in this order
const NAME_CHARS = 34;

export class Labels {
  constructor() {
    this.before = new Set();
    this.widths = new Map();
  }

  /** The labels to draw: [{text, left, top, width, height, font, key}]; none over boxes `taken`. */
  place(context, camera, clusters, names, font, taken) {
    const wanted = this.level(camera, clusters);
    const shown = [...taken];
    const candidates = clusters
      .filter((cluster) => cluster.level === wanted)
      .map((cluster) => this.candidate(context, camera, cluster, font))
      .filter((label) => label && onScreen(label, camera));
    candidates.sort((a, b) => this.kept(b) - this.kept(a) || b.size - a.size);
    const rows = names.map((name) => this.nameLabel(context, camera, name, font));
    for (const label of [...rows, ...candidates]) {
      if (shown.length >= MOST + taken.length) break;
      const places = SHIFTS.map((shift) => ({ ...label, top: label.top + shift }));
      const free = places.find((place) => !shown.some((other) => overlap(place, other)));
      if (free) shown.push(free);
    }
    shown.splice(0, taken.length);
    this.before = new Set(shown.map((label) => label.key));
    return shown;
  }

  level(camera, clusters) {
    const levels = [...new Set(clusters.map((cluster) => cluster.level))].sort();
    return camera.zoom >= FINE_FROM ? levels.at(-1) : levels[0];
  }

  kept(label) {
    return this.before.has(label.key) ? 1 : 0;
  }

  candidate(context, camera, cluster, font) {
    const pixels = cluster.level === 0 ? 14 : 12;
    const style = `600 ${pixels}px ${font}`;
    const text = shortened(cluster.name, NAME_CHARS);
    const width = this.width(context, text, style);
    const [x, y] = camera.toScreen(cluster.x, cluster.y);
    const key = `${cluster.level}:${cluster.number}`;
    return { ...boxed(text, x - width / 2, y - pixels / 2, width, pixels), font: style, key, size: cluster.size, cluster };
  }

  nameLabel(context, camera, { row, x, y, name }, font) {
    const style = `400 12px ${font}`;
    const text = shortened(name, NAME_CHARS);
    const [px, py] = camera.toScreen(x, y);
    const width = this.width(context, text, style);
    const left = px + 9 + width > camera.width ? px - 9 - width : px + 9;
    return { ...boxed(text, left, py - 6, width, 12), font: style, key: `row:${row}`, size: 0 };
  }

  width(context, text, font) {
    const key = `${font} ${text}`;
    if (!this.widths.has(key)) {
      context.font = font;
      this.widths.set(key, context.measureText(text).width);
    }
    return this.widths.get(key);
  }
}

function boxed(text, left, top, width, height) {
  return { text, left, top, width, height };
}

export function shortened(text, most) {
  const characters = [...text];
  return characters.length <= most ? text : `${characters.slice(0, most - 1).join("").trimEnd()}…`;
}

function onScreen(label, camera) {
  return (
    label.left + label.width > 0 && label.left < camera.width &&
    label.top + label.height > 0 && label.top < camera.height
  );
}

function overlap(a, b) {
  return (
    a.left < b.left + b.width + GAP && b.left < a.left + a.width + GAP &&
    a.top < b.top + b.height + GAP && b.top < a.top + a.height + GAP
  );
}
