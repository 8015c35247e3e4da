// The request a skill is held against, the note on it, and in a list all its candidates.

import { make } from "./dom.js";

const NOTE_CHARS = 2000;

export class RequestPane {
  /** `noted` is called with the text of the note at every change, `pick` with a row asked for. */
  constructor(parent, { noted, leave, pick }) {
    this.pick = pick;
    this.root = make("section", "request", parent);
    this.root.setAttribute("aria-label", "Request");
    this.where = make("p", "quiet", this.root);
    this.text = make("p", "query", this.root);
    this.rows = make("ol", "rows", this.root);
    this.rows.setAttribute("aria-label", "Candidates");
    this.said = make("p", "said", this.root);
    const label = make("label", "note", this.root);
    make("span", "quiet", label, "Note (M), kept with the next verdict");
    this.note = make("textarea", "", label);
    this.note.rows = 2;
    this.note.maxLength = NOTE_CHARS;
    this.note.placeholder = "Optional; Esc returns to the keys";
    this.note.addEventListener("input", () => noted(this.note.value));
    this.note.addEventListener("keydown", (event) => {
      const done = event.key === "Escape" || (event.key === "Enter" && (event.ctrlKey || event.metaKey));
      if (!done) return;
      event.preventDefault();
      event.stopPropagation();
      leave();
    });
  }

  draw(item, { said, note }) {
    this.where.textContent = [item.suite || "no set", item.split].join(" · ");
    if (this.text.textContent !== item.query) {
      this.text.textContent = item.query;
      this.text.scrollTop = 0;
    }
    this.said.textContent = said;
    this.said.hidden = !said;
    if (this.note.value !== note) this.note.value = note;
  }

  /** Draw the candidates; each is {name, said, words, open}, the one at `focus` is open. */
  list(candidates, focus) {
    this.root.classList.toggle("listed", candidates.length > 0);
    this.rows.hidden = !candidates.length;
    const rows = candidates.map(({ name, said, words, open }, at) => {
      const row = make("li", "");
      const button = make("button", "", row);
      button.type = "button";
      button.tabIndex = at === focus ? 0 : -1;
      if (at === focus) button.setAttribute("aria-current", "true");
      button.classList.toggle("taken", !open);
      const mark = make("span", `grade g${said ?? ""}`, button, words[0]);
      mark.title = words[1];
      make("span", "name", button, name);
      button.addEventListener("click", () => this.pick(at));
      return row;
    });
    this.rows.replaceChildren(...rows);
    rows[focus]?.scrollIntoView({ block: "nearest" });
  }
}
