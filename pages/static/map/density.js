// How dense the points lie: a grid of counts, blurred, as one byte a cell.
//
// Counted once per set of points in the world's coordinates, so that panning and zooming cost
// one textured rectangle whatever the number of points.

export const SIDE = 512;
const BLUR = 7; // cells to either side, run three times: near enough to a Gaussian
const ROUNDS = 3;
const TOP = 0.995; // this share of the cells in use lies below full strength

/** {values: SIDE*SIDE bytes, box: the world's box they cover}. */
export function densityField(xy, bounds) {
  const [left, low, right, high] = bounds;
  const room = 0.06 * Math.max(right - left, high - low);
  const box = [left - room, low - room, right + room, high + room];
  let cells = new Float32Array(SIDE * SIDE);
  const [perX, perY] = [SIDE / (box[2] - box[0]), SIDE / (box[3] - box[1])];
  for (let at = 0; at < xy.length; at += 2) {
    const column = Math.min(((xy[at] - box[0]) * perX) | 0, SIDE - 1);
    const line = Math.min(((xy[at + 1] - box[1]) * perY) | 0, SIDE - 1);
    cells[line * SIDE + column]++;
  }
  for (let round = 0; round < ROUNDS; round++) {
    cells = blurred(blurred(cells, 1, SIDE), SIDE, 1);
  }
  return { values: toBytes(cells), box };
}

/** A running mean along one axis: `step` between cells of a run, `stride` between runs. */
function blurred(cells, step, stride) {
  const out = new Float32Array(cells.length);
  for (let run = 0; run < SIDE; run++) {
    const start = run * stride;
    let sum = 0;
    for (let at = 0; at < BLUR; at++) sum += cells[start + at * step];
    for (let at = 0; at < SIDE; at++) {
      if (at + BLUR < SIDE) sum += cells[start + (at + BLUR) * step];
      if (at - BLUR - 1 >= 0) sum -= cells[start + (at - BLUR - 1) * step];
      out[start + at * step] = Math.max(sum, 0) / (2 * BLUR + 1);
    }
  }
  return out;
}

/** Square roots, so that thin places show beside crowded ones. */
function toBytes(cells) {
  const used = cells.filter((value) => value > 1e-4).sort();
  const top = Math.sqrt(used[Math.floor(used.length * TOP)] ?? 1) || 1;
  const bytes = new Uint8Array(cells.length);
  for (let at = 0; at < cells.length; at++) {
    bytes[at] = Math.min(255, Math.round((255 * Math.sqrt(cells[at])) / top));
  }
  return bytes;
}
