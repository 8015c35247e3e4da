// Points sorted into square cells: the nearest one to a place, those in a window, those inside
// a polygon. Pure arithmetic on typed arrays.

const POINTS_A_CELL = 4;
const MOST_CELLS = 1024; // along one side
export const HIDDEN = 0xffff; // the code of a row that is not drawn

export class Grid {
  constructor(xy, bounds) {
    const count = xy.length / 2;
    const [left, low, right, high] = bounds;
    this.xy = xy;
    this.left = left;
    this.low = low;
    this.side = Math.min(Math.max(Math.ceil(Math.sqrt(count / POINTS_A_CELL)), 1), MOST_CELLS);
    this.cell = Math.max(right - left, high - low, 1e-6) / this.side;
    this.starts = new Uint32Array(this.side * this.side + 1);
    const cells = new Uint32Array(count);
    for (let row = 0; row < count; row++) {
      cells[row] = this.column(xy[2 * row]) + this.line(xy[2 * row + 1]) * this.side;
      this.starts[cells[row] + 1]++;
    }
    for (let cell = 1; cell < this.starts.length; cell++) this.starts[cell] += this.starts[cell - 1];
    const next = this.starts.slice();
    this.rows = new Uint32Array(count);
    for (let row = 0; row < count; row++) this.rows[next[cells[row]]++] = row;
  }

  column(x) {
    return Math.min(Math.max(Math.floor((x - this.left) / this.cell), 0), this.side - 1);
  }

  line(y) {
    return Math.min(Math.max(Math.floor((y - this.low) / this.cell), 0), this.side - 1);
  }

  /** Call `visit` with every row in a window of the world; it returns false to stop. */
  each([left, low, right, high], visit) {
    for (let line = this.line(low); line <= this.line(high); line++) {
      for (let column = this.column(left); column <= this.column(right); column++) {
        const cell = column + line * this.side;
        for (let at = this.starts[cell]; at < this.starts[cell + 1]; at++) {
          const row = this.rows[at];
          const [x, y] = [this.xy[2 * row], this.xy[2 * row + 1]];
          if (x < left || x > right || y < low || y > high) continue;
          if (visit(row, x, y) === false) return;
        }
      }
    }
  }

  /** The shown rows within `reach` of a place, nearest first, at most `most`. */
  near(x, y, reach, most, codes) {
    const found = [];
    this.each([x - reach, y - reach, x + reach, y + reach], (row, px, py) => {
      const square = (px - x) ** 2 + (py - y) ** 2;
      if (square <= reach * reach && codes?.[row] !== HIDDEN) found.push([square, row]);
    });
    found.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    return found.slice(0, most).map(([, row]) => row);
  }

  /** Set bit `bit` of `flags` for the rows inside a polygon [[x, y], ...]; returns how many. */
  mark(polygon, flags, bit, codes) {
    let count = 0;
    this.each(boxOf(polygon), (row, x, y) => {
      if (codes?.[row] === HIDDEN || !inside(polygon, x, y)) return;
      flags[row] |= bit;
      count++;
    });
    return count;
  }
}

export function boxOf(places) {
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of places) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}

/** Even-odd rule, as on the server. */
export function inside(polygon, x, y) {
  let odd = false;
  for (let at = 0, before = polygon.length - 1; at < polygon.length; before = at++) {
    const [ax, ay] = polygon[at];
    const [bx, by] = polygon[before];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) odd = !odd;
  }
  return odd;
}

/** Bounds of all points, never empty. */
export function boundsOf(xy) {
  if (!xy.length) return [-1, -1, 1, 1];
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (let at = 0; at < xy.length; at += 2) {
    if (xy[at] < box[0]) box[0] = xy[at];
    if (xy[at] > box[2]) box[2] = xy[at];
    if (xy[at + 1] < box[1]) box[1] = xy[at + 1];
    if (xy[at + 1] > box[3]) box[3] = xy[at + 1];
  }
  const room = Math.max(box[2] - box[0], box[3] - box[1], 0.1) * 0.02;
  return [box[0] - room, box[1] - room, box[2] + room, box[3] + room];
}
