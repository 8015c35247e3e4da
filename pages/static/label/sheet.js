// What lies over the desk for a moment: the keys, or the last verdicts to take one back.

import { make } from "./dom.js";

const KEYS = [
  ["3", "right: the skill to load for this request"],
  ["2", "useful: would help with it"],
  ["1", "related: same subject, does not help"],
  ["0", "wrong: has nothing to do with it"],
  ["T", "can't tell: the texts do not say enough"],
  ["S", "skip: it comes once more, at the end"],
  ["U", "take the last verdict back"],
  ["Shift+U", "choose among your last 50"],
  ["M", "write a note; Esc returns to the keys"],
  ["N, P", "next, previous, without a verdict"],
  ["Shift+N", "in a list: the next request"],
  ["B", "open or close the body"],
  ["↑ ↓ Space", "scroll the skill; in a list ↑ ↓ move"],
  ["V", "one pair a screen, or a request with its candidates"],
  ["H or ?", "these keys"],
];

export class Sheet {
  constructor(parent, closed) {
    this.closed = closed;
    this.root = make("div", "sheet", parent);
    this.root.setAttribute("role", "dialog");
    this.root.hidden = true;
    this.root.addEventListener("keydown", (event) => this.key(event));
  }

  get open() {
    return !this.root.hidden;
  }

  close() {
    this.root.hidden = true;
    this.closed();
  }

  begin(title) {
    this.root.replaceChildren();
    this.root.hidden = false;
    this.root.setAttribute("aria-label", title);
    const head = make("div", "head", this.root);
    make("h3", "", head, title);
    const button = make("button", "fold", head, "Close (Esc)");
    button.type = "button";
    button.addEventListener("click", () => this.close());
    return button;
  }

  keys() {
    const button = this.begin("Keys");
    const list = make("dl", "keys", this.root);
    for (const [key, meaning] of KEYS) {
      make("dt", "", list, key);
      make("dd", "", list, meaning);
    }
    make("p", "quiet", this.root, "Keys do nothing while you type in a field.");
    button.focus();
  }

  /** Offer events to take back; `lines` are {token, said, name, query, at, undone}. */
  recent(lines, undo) {
    const button = this.begin("Take back one of your last verdicts");
    const list = make("ol", "recent", this.root);
    for (const line of lines) {
      const row = make("button", line.undone ? "undone" : "", make("li", "", list));
      row.type = "button";
      row.disabled = line.undone;
      make("span", "when", row, line.at);
      make("span", "grade", row, line.said);
      make("span", "name", row, line.name);
      make("span", "quiet asked", row, line.query);
      row.addEventListener("click", () => {
        this.close();
        undo(line.token);
      });
    }
    if (!lines.length) make("p", "quiet", this.root, "You have said nothing yet.");
    (list.querySelector("button:enabled") ?? button).focus();
  }

  key(event) {
    event.stopPropagation(); // the desk's keys sleep while a sheet is open
    if (event.key === "Escape") {
      event.preventDefault();
      this.close();
      return;
    }
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const rows = [...this.root.querySelectorAll("button:enabled")];
    const at = rows.indexOf(event.composedPath()[0]);
    rows[Math.min(Math.max(at + step, 0), rows.length - 1)]?.focus();
  }
}
