// What the parts of one page share: arrays, texts, and the way to ask for more texts.
//
// Streamlit mounts every part as an element of its own, so that each is sent only when it
// changes. They meet here. Knows nothing of drawing.

const HUB = Symbol.for("skillrouter.map");
const POINTS = 1;
const PAINT = 2;
const HEADER_BYTES = 16;
const KEPT_TEXTS = 20000; // rows; the oldest are forgotten first

export function theHub() {
  globalThis[HUB] ??= new Hub();
  return globalThis[HUB];
}

class Hub {
  constructor() {
    this.points = null; // {version, count, xy: Float32Array}
    this.paint = null; // {version, count, codes: Uint16Array, marks: Uint8Array}
    this.texts = new Map(); // row -> [name, description]
    this.textsVersion = "";
    this.query = null; // {x, y, hits: [[row, rank, stage1, expected], ...]}
    this.ask = null; // (rows) => void
    this.camera = null; // the last view, for a map that is mounted again
    this.flown = ""; // the last flight that was made on the server's word
    this.listeners = new Set();
  }

  /** Take an array message; the layout is `pages/common/map_arrays.py`'s. */
  take(bytes) {
    const copy = bytes.slice().buffer; // a message lies unaligned in the socket's buffer
    const head = new DataView(copy);
    const [kind, count] = [head.getUint32(0, true), head.getUint32(4, true)];
    const version = `${head.getUint32(8, true)}.${head.getUint32(12, true)}`;
    if (kind === POINTS && this.points?.version !== version) {
      this.points = { version, count, xy: new Float32Array(copy, HEADER_BYTES, count * 2) };
      this.texts.clear();
    } else if (kind === PAINT && this.paint?.version !== version) {
      const codes = new Uint16Array(copy, HEADER_BYTES, count);
      const marks = new Uint8Array(copy, HEADER_BYTES + count * 2, count);
      this.paint = { version, count, codes, marks };
    } else {
      return;
    }
    this.tell();
  }

  /** Take the answer to `ask`: rows with their names and descriptions. */
  learn(answer) {
    if (answer.version !== this.textsVersion) {
      this.texts.clear();
      this.textsVersion = answer.version;
    }
    for (const [row, name, description] of answer.rows) this.texts.set(row, [name, description]);
    for (const row of this.texts.keys()) {
      if (this.texts.size <= KEPT_TEXTS) break;
      this.texts.delete(row);
    }
    this.tell();
  }

  tell() {
    for (const listener of this.listeners) listener();
  }
}
