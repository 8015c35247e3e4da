// The way to the server and back: what was said goes out until it is confirmed.
//
// Everything not confirmed is sent again with each message; the server keeps an event once,
// however often it comes. One message is under way at a time.

import { freshToken } from "./store.js";

const ANSWER_MS = 4000; // without an answer by then the message goes out again
const MOST_EVENTS = 100; // in one message; the rest follows

export class Post {
  /** `changed` is called when something was given up on or is sent anew. */
  constructor(changed) {
    this.changed = changed;
    this.store = null;
    this.annotator = "";
    this.login = false;
    this.wishes = {};
    this.sent = {}; // the wishes in the message under way
    this.batch = "";
    this.timer = 0;
    this.late = false;
  }

  /** Events that may be sent now: with a login another person's stay where they are. */
  waiting() {
    const all = this.store.waiting();
    return this.login ? all.filter(({ annotator }) => annotator === this.annotator) : all;
  }

  /** Ask for something beside the verdicts; asked again until it is answered. */
  ask(wish) {
    Object.assign(this.wishes, wish);
    this.flush();
  }

  flush() {
    if (this.timer || !this.send) return;
    const events = this.waiting().slice(0, MOST_EVENTS);
    if (!events.length && !Object.keys(this.wishes).length) return;
    this.batch = freshToken();
    this.sent = { ...this.wishes };
    this.timer = setTimeout(() => this.again(), ANSWER_MS);
    this.send("sent", { batch: this.batch, passed: this.passed?.() ?? 0, events, ...this.wishes });
  }

  again() {
    this.timer = 0;
    this.late = true;
    this.flush();
    this.changed();
  }

  /** Take the server's word: which events it has, and which it refused. */
  answered({ batch, acks }) {
    for (const [token] of acks) this.store.drop(token);
    if (batch !== this.batch) return;
    clearTimeout(this.timer);
    this.timer = 0;
    this.late = false;
    // A wish that came up meanwhile is not answered: it goes out with the next message.
    for (const [name, wish] of Object.entries(this.sent)) {
      if (this.wishes[name] === wish) delete this.wishes[name];
    }
    this.sent = {};
  }

  stop() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.send = null;
  }
}
