// One skill as the annotator reads it: name, description, what speaks for it, and its body.

import { drawBody } from "./body.js";
import { make, pieces, words } from "./dom.js";

export class SkillPane {
  constructor(parent, toggleBody) {
    this.toggleBody = toggleBody;
    this.root = make("section", "skill", parent);
    this.root.setAttribute("aria-label", "Skill");
  }

  /** Draw an item; `shown` says what may be revealed and whether the body is open. */
  draw(item, { revealed, body }) {
    this.root.replaceChildren();
    this.root.scrollTop = 0;
    this.text = null;
    this.head(item);
    for (const note of item.notes) make("p", "warning", this.root, note);
    if (revealed) this.facts(item);
    const description = make("p", "description", this.root);
    if (item.description.length) pieces(description, item.description);
    else make("span", "quiet", description, "No description.");
    this.evidence(item);
    this.body(item, body);
  }

  head(item) {
    const title = pieces(make("h3", "", this.root), item.name);
    title.tabIndex = -1;
    this.title = title;
    const line = make("p", "quiet where", this.root);
    make("span", "", line, item.skill);
    if (item.category) make("span", "", line, item.category);
    const link = make("a", "", line, "its page");
    link.href = `skill?id=${encodeURIComponent(item.skill)}`;
    link.target = "_blank";
    link.rel = "noopener";
  }

  facts(item) {
    const list = make("dl", "facts", this.root);
    for (const [name, value] of item.facts) {
      const pair = make("div", "", list);
      make("dt", "", pair, name);
      make("dd", "", pair, value);
    }
    if (item.reason) make("p", "quiet reason", this.root, item.reason);
  }

  evidence(item) {
    if (!item.evidence.length) return;
    make("h4", "", this.root, "Passages that speak for it");
    const list = make("ul", "evidence", this.root);
    for (const { text, before, after } of item.evidence) {
      const line = make("li", "", list);
      pieces(line, [[before ? "…" : "", 0], ...text, [after ? "…" : "", 0]]);
    }
  }

  body(item, open) {
    const head = make("h4", "", this.root);
    if (!item.chars) {
      head.textContent = "The body is empty.";
      return;
    }
    const button = make("button", "fold", head, `${open ? "Close" : "Open"} the body`);
    button.type = "button";
    button.setAttribute("aria-expanded", String(open));
    button.addEventListener("click", this.toggleBody);
    const size = `B · ${words(item.chars, "character")}${item.cut ? ", the rest is on its page" : ""}`;
    make("span", "quiet", head, size);
    this.text = make("div", open ? "body" : "body closed", this.root);
    drawBody(this.text, open ? item.body : opening(item.body));
  }

  /** Bring the open body to the top of the pane. */
  seeBody() {
    this.text?.previousElementSibling.scrollIntoView({ block: "start" });
  }

  scroll(part) {
    this.root.scrollBy({ top: this.root.clientHeight * part });
  }
}

const OPENING = 4000; // characters of a closed body that are drawn at all

function opening(parts) {
  const found = [];
  let left = OPENING;
  for (const [text, kind] of parts) {
    if (left <= 0) break;
    found.push([text.slice(0, left), kind]);
    left -= text.length;
  }
  return found;
}
