// The line above the pair: how far, how quick, what was said last, and whether it is safe.

import { make, words } from "./dom.js";

export class Head {
  constructor(parent) {
    this.root = make("div", "head", parent);
    this.progress = make("span", "progress", this.root);
    this.last = make("span", "last", this.root);
    this.asleep = make("span", "asleep", this.root, "Keys wait while you type there; Esc wakes them");
    this.asleep.hidden = true;
    this.state = make("span", "state", this.root);
    this.state.setAttribute("role", "status");
  }

  draw({ today, pace, left }, waiting) {
    const parts = [`${(today + waiting).toLocaleString("en")} today`];
    if (pace) parts.push(`${pace.toLocaleString("en")} an hour`);
    if (left !== null) parts.push(`${words(Math.max(left - waiting, 0), "pair")} left`);
    this.progress.textContent = parts.join(" · ");
  }

  said(text, name, facts) {
    this.last.replaceChildren();
    if (!text) return;
    make("b", "", this.last, text);
    this.last.append(" ");
    make("span", "", this.last, name);
    if (facts) make("span", "quiet", this.last, ` · ${facts}`);
  }

  /** Say what is not kept by the server yet; quiet while all is. */
  saved(waiting, { late, unsafe }) {
    const trouble = waiting > 0 && (late || unsafe);
    this.state.classList.toggle("trouble", trouble);
    if (!waiting) this.state.textContent = "All saved";
    else if (unsafe) this.state.textContent = `${waiting} not saved, and this browser keeps nothing: stay here`;
    else if (late) this.state.textContent = `${waiting} kept in this browser until the server answers`;
    else this.state.textContent = "Saving…";
  }
}
