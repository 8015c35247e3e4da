// What is drawn over the points: names, the selection, the query with its lines and ranks.
//
// Text reaches the page only through the canvas, where it is nothing but pixels.

import { alpha } from "./theme.js";

const BADGE = 17; // height in pixels
const CELL = 20; // width of either half of a badge
const GAP = 3;
const TALL = 5; // badges above one another, at most
const TOGETHER = 40; // pixels between hits that share a block
const STAR = 12; // from the query's middle to its points
const ROUNDS = 40;

export class Overlay {
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
  }

  resize(width, height, ratio) {
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    this.ratio = ratio;
  }

  begin() {
    const context = this.context;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  names(labels, theme) {
    const context = this.context;
    context.textBaseline = "top";
    context.textAlign = "left";
    context.lineJoin = "round";
    for (const label of labels) {
      context.font = label.font;
      context.lineWidth = 4;
      context.strokeStyle = alpha(theme.ground, 0.88);
      context.strokeText(label.text, label.left, label.top);
      context.fillStyle = theme.text;
      context.fillText(label.text, label.left, label.top);
    }
  }

  /** An outline in world coordinates; `open` while it is still being drawn. */
  outline(camera, polygon, theme, open) {
    if (polygon.length < 2) return;
    const context = this.context;
    context.beginPath();
    polygon.forEach(([x, y], at) => {
      const place = camera.toScreen(x, y);
      at ? context.lineTo(...place) : context.moveTo(...place);
    });
    if (!open) context.closePath();
    context.fillStyle = alpha(theme.accent, 0.08);
    context.fill();
    context.lineWidth = 1.5;
    context.strokeStyle = theme.accent;
    context.setLineDash(open ? [5, 4] : []);
    context.stroke();
    context.setLineDash([]);
  }

  ring(place, radius, colour, width = 2) {
    const context = this.context;
    context.beginPath();
    context.arc(place[0], place[1], radius, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }

  cross(camera, theme) {
    const context = this.context;
    const [x, y] = camera.middle;
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      context.moveTo(x + 4 * dx, y + 4 * dy);
      context.lineTo(x + 12 * dx, y + 12 * dy);
    }
    context.lineWidth = 1.5;
    context.strokeStyle = theme.text;
    context.stroke();
  }

  /** Lines from the query to its hits, and at each its final rank filled, stage 1's in outline. */
  query({ place, hits }, groups, theme) {
    const context = this.context;
    for (const hit of hits) {
      context.beginPath();
      context.moveTo(...place);
      context.lineTo(...hit.place);
      context.lineWidth = hit.rank === 1 ? 2 : 1;
      context.strokeStyle = alpha(theme.text, hit.rank === 1 ? 0.9 : 0.35);
      context.stroke();
    }
    for (const group of groups) this.badges(group, theme);
    this.star(place, theme);
  }

  /**
   * Hits that lie together share one block of badges, in order of rank. No block covers another
   * or the query itself.
   */
  grouped({ place: [x, y], hits }, camera) {
    const groups = [];
    for (const hit of [...hits].sort((a, b) => a.rank - b.rank)) {
      const near = groups.find(({ place }) => Math.hypot(place[0] - hit.place[0], place[1] - hit.place[1]) < TOGETHER);
      if (near) near.hits.push(hit);
      else groups.push({ place: hit.place, hits: [hit] });
    }
    for (const group of groups) {
      const columns = Math.ceil(group.hits.length / TALL);
      group.wide = columns * (2 * CELL + GAP) - GAP;
      group.tall = Math.min(group.hits.length, TALL) * (BADGE + GAP) - GAP;
      const left = group.place[0] + 16 + group.wide > camera.width;
      group.left = left ? group.place[0] - 16 - group.wide : group.place[0] + 16;
      group.top = group.place[1] - group.tall / 2;
    }
    const star = { place: [x, y], left: x - STAR, top: y - STAR, wide: 2 * STAR, tall: 2 * STAR, fixed: true };
    for (let round = 0; round < ROUNDS && separated([...groups, star]); round++);
    return groups;
  }

  badges(group, theme) {
    const context = this.context;
    const middle = group.top + group.tall / 2;
    const side = group.left > group.place[0] ? group.left : group.left + group.wide;
    context.lineWidth = 1;
    context.strokeStyle = alpha(theme.text, 0.5);
    for (const hit of group.hits) {
      context.beginPath();
      context.moveTo(...hit.place);
      context.lineTo(side, middle);
      context.stroke();
    }
    for (const hit of group.hits) this.ring(hit.place, 5, this.inkOf(hit, theme));
    group.hits.forEach((hit, at) => {
      const x = group.left + Math.floor(at / TALL) * (2 * CELL + GAP);
      this.badge(hit, x, group.top + (at % TALL) * (BADGE + GAP), theme);
    });
  }

  /** The skill a saved query expects stands out, and so does the one that comes first. */
  inkOf(hit, theme) {
    if (hit.expected) return theme.colour("good");
    return hit.rank === 1 ? theme.accent : theme.text;
  }

  badge(hit, x, y, theme) {
    const context = this.context;
    const colour = this.inkOf(hit, theme);
    const box = (left, width, corners, fill) => {
      context.beginPath();
      context.roundRect(left, y, width, BADGE, corners);
      context.fillStyle = fill;
      context.fill();
    };
    box(x, 2 * CELL, 5, theme.ground);
    box(x, CELL, [5, 0, 0, 5], colour);
    context.beginPath();
    context.roundRect(x, y, 2 * CELL, BADGE, 5);
    context.lineWidth = 1;
    context.strokeStyle = colour;
    context.stroke();
    context.font = `600 11px ${theme.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = theme.ground;
    context.fillText(String(hit.rank), x + CELL / 2, y + BADGE / 2 + 0.5);
    context.fillStyle = theme.text;
    context.fillText(String(hit.stage1), x + CELL * 1.5, y + BADGE / 2 + 0.5);
  }

  star([x, y], theme) {
    const context = this.context;
    context.beginPath();
    for (let corner = 0; corner < 10; corner++) {
      const radius = corner % 2 ? 4.5 : STAR - 1;
      const angle = (Math.PI * corner) / 5 - Math.PI / 2;
      const place = [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
      corner ? context.lineTo(...place) : context.moveTo(...place);
    }
    context.closePath();
    context.lineWidth = 3;
    context.strokeStyle = theme.ground;
    context.stroke();
    context.fillStyle = theme.accent;
    context.fill();
  }
}

/** Move blocks that cover each other apart, up and down; false when none did. */
function separated(groups) {
  let moved = false;
  for (const one of groups) {
    for (const other of groups) {
      if (one === other || other.place[1] < one.place[1]) continue;
      if (one.left > other.left + other.wide + GAP || other.left > one.left + one.wide + GAP) continue;
      const over = one.top + one.tall + GAP - other.top;
      if (over <= 0 || other.top + other.tall + GAP <= one.top) continue;
      one.top -= one.fixed ? 0 : other.fixed ? over : over / 2;
      other.top += other.fixed ? 0 : one.fixed ? over : over / 2;
      moved = true;
    }
  }
  return moved;
}
