// What must outlive this page: verdicts the server has not confirmed, and notes in hand.
//
// One entry of localStorage for each event, so that two tabs never overwrite each other. What a
// dead tab left behind is found by the next one. Where the browser keeps nothing, memory does,
// and `unsafe` says so.

const PREFIX = "skillrouter.label";
const NOTE_DAYS = 30; // a note nobody finished is forgotten after that
const DAY_MS = 86_400_000;

let made = 0;

/** A name for an event that nothing else has: 128 random bits as hex. */
export function freshToken() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export class Store {
  /** `place` names the workspace: another one's verdicts are not this one's. */
  constructor(place) {
    this.root = `${PREFIX}:${place}:`;
    this.memory = new Map();
    this.unsafe = false;
    this.forgetOldNotes();
  }

  keep(event) {
    made += 1;
    const order = `${String(Date.now()).padStart(15, "0")}.${String(made).padStart(9, "0")}`;
    this.write(`${this.root}event:${order}:${event.token}`, JSON.stringify(event));
  }

  drop(token) {
    for (const key of this.keys("event:")) if (key.endsWith(`:${token}`)) this.remove(key);
  }

  /** Events not confirmed yet, oldest first. */
  waiting() {
    return this.keys("event:").sort().map((key) => parsed(this.read(key))).filter(Boolean);
  }

  note(token) {
    return parsed(this.read(`${this.root}note:${token}`))?.text ?? "";
  }

  setNote(token, text) {
    const key = `${this.root}note:${token}`;
    if (text) this.write(key, JSON.stringify({ text, at: Date.now() }));
    else this.remove(key);
  }

  forgetOldNotes() {
    for (const key of this.keys("note:")) {
      if (!(parsed(this.read(key))?.at > Date.now() - NOTE_DAYS * DAY_MS)) this.remove(key);
    }
  }

  // ------------------------------------------------------------------ localStorage, or memory

  keys(kind) {
    const start = this.root + kind;
    const found = [...this.memory.keys()];
    try {
      for (let at = 0; at < localStorage.length; at++) found.push(localStorage.key(at));
    } catch {
      this.unsafe = true;
    }
    return [...new Set(found)].filter((key) => key.startsWith(start));
  }

  read(key) {
    if (this.memory.has(key)) return this.memory.get(key);
    try {
      return localStorage.getItem(key);
    } catch {
      this.unsafe = true;
      return null;
    }
  }

  write(key, text) {
    try {
      localStorage.setItem(key, text);
    } catch {
      this.unsafe = true;
      this.memory.set(key, text);
    }
  }

  remove(key) {
    this.memory.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      this.unsafe = true;
    }
  }
}

/** What a text says, null where it is no JSON: other programs may write here too. */
function parsed(text) {
  try {
    return text ? JSON.parse(text) : null;
  } catch {
    return null;
  }
}
