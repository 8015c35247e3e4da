// The row of verdicts and moves; every one is a button that shows its key.

import { keyButton, make } from "./dom.js";

export const GRADES = { 3: "right", 2: "useful", 1: "related", 0: "wrong" };
export const TELL = "can't tell";
const MEANINGS = {
  3: "The skill to load for this request",
  2: "Would help with it",
  1: "Same subject, does not help",
  0: "Has nothing to do with it",
};
const MOVES = [
  ["skip", "Skip", "S", "Comes once more, at the end"],
  ["undo", "Undo", "U", "Takes the last verdict back; Shift+U lists the last 50"],
  ["note", "Note", "M", "Write a note for the next verdict"],
  ["previous", "Previous", "P", "The pair before"],
  ["next", "Next", "N", "Pass by without a verdict"],
  ["body", "Body", "B", "Open or close the whole body"],
  ["view", "List", "V", "One pair a screen, or a request with its candidates"],
  ["help", "Keys", "?", "Show all keys"],
];
const FLASH_MS = 140;

export class Bar {
  constructor(parent, act) {
    this.root = make("div", "bar", parent);
    this.root.setAttribute("role", "toolbar");
    this.root.setAttribute("aria-label", "Verdict");
    this.buttons = new Map();
    const verdicts = make("div", "verdicts", this.root);
    for (const grade of [3, 2, 1, 0]) {
      const look = { label: GRADES[grade], key: String(grade), title: MEANINGS[grade], name: `g${grade}` };
      this.add(verdicts, `grade${grade}`, look, act);
    }
    const unsure = { label: TELL, key: "T", title: "Neither: the texts do not say enough", name: "gt" };
    this.add(verdicts, "tell", unsure, act);
    const moves = make("div", "moves", this.root);
    for (const [name, label, key, title] of MOVES) this.add(moves, name, { label, key, title }, act);
  }

  add(parent, name, look, act) {
    this.buttons.set(name, keyButton(parent, look, () => act(name, true)));
  }

  flash(name) {
    const button = this.buttons.get(name);
    if (!button) return;
    button.classList.add("hit");
    setTimeout(() => button.classList.remove("hit"), FLASH_MS);
  }

  /** Mark the verdict given, and switch off what has nothing to act on. */
  draw({ verdict, open, listed }) {
    for (const [name, button] of this.buttons) {
      const judges = name.startsWith("grade") || name === "tell";
      if (judges) button.setAttribute("aria-pressed", String(name === verdict));
      if (judges || ["skip", "note", "body"].includes(name)) button.disabled = !open;
    }
    this.buttons.get("view").lastChild.textContent = listed ? "One pair" : "List";
  }
}
