// How long somebody really looked at a pair: not while the page is hidden, nor while nobody
// touches anything.

const IDLE_MS = 60_000; // after this long without a key or a move of the mouse time stands still
const MOST_SECONDS = 600; // nobody reads one pair longer; the rest was something else
const SIGNS = ["keydown", "pointermove", "pointerdown", "wheel"];

export class Clock {
  constructor(signal) {
    this.start();
    for (const sign of SIGNS) {
      window.addEventListener(sign, () => this.touch(), { signal, capture: true, passive: true });
    }
    document.addEventListener("visibilitychange", () => this.turn(), { signal });
  }

  /** Begin at a number of seconds, for a pair that was looked at before. */
  start(seconds = 0) {
    this.spent = seconds * 1000;
    this.at = performance.now();
    this.runs = !document.hidden;
  }

  touch() {
    const now = performance.now();
    if (this.runs) this.spent += Math.min(now - this.at, IDLE_MS);
    this.at = now;
  }

  turn() {
    this.touch();
    this.runs = !document.hidden;
  }

  get seconds() {
    this.touch();
    return Math.min(Math.round(this.spent / 100) / 10, MOST_SECONDS);
  }
}
