// Asking the server for names and descriptions: a few rows at a time, one request at a time.

const WAIT_MS = 40;
const LOST_MS = 4000; // an answer that has not come by then is asked for again
const MOST = 64;

export class Texts {
  constructor(hub) {
    this.hub = hub;
    this.wanted = new Set();
    this.asked = 0;
    this.timer = 0;
  }

  get(row) {
    return this.hub.texts.get(row);
  }

  /** Want the texts of rows, the most urgent first; what is known is not asked for. */
  want(rows) {
    const missing = rows.filter((row) => !this.hub.texts.has(row));
    if (!missing.length) return;
    this.wanted = new Set([...missing, ...this.wanted].slice(0, MOST));
    this.later();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), WAIT_MS);
  }

  send() {
    for (const row of this.wanted) if (this.hub.texts.has(row)) this.wanted.delete(row);
    if (!this.wanted.size) return;
    const now = performance.now();
    if (!this.hub.ask || (this.asked && now - this.asked < LOST_MS)) {
      this.later();
      return;
    }
    this.asked = now;
    this.hub.ask([...this.wanted]);
  }

  /** An answer has come; the next request may go out. */
  answered() {
    this.asked = 0;
    if (this.wanted.size) this.later();
  }

  stop() {
    clearTimeout(this.timer);
  }
}
