// A skill's body: its lines as they are, headings and code told apart by their look alone.

import { make, pieces } from "./dom.js";

const HEADING = /^ {0,3}(#{1,6})\s/;
const FENCE = /^\s*(`{3,}|~{3,})/;
const RULE = /^ {0,3}([-*_])(\s*\1){2,}\s*$/;

/** Cut pieces of a text into lines of pieces. */
function lines(parts) {
  const found = [[]];
  for (const [text, kind] of parts) {
    text.split("\n").forEach((line, at) => {
      if (at) found.push([]);
      if (line) found.at(-1).push([line, kind]);
    });
  }
  return found;
}

export function drawBody(parent, parts) {
  let fence = "";
  for (const line of lines(parts)) {
    const text = line.map(([piece]) => piece).join("");
    const mark = FENCE.exec(text)?.[1];
    const edge = mark && (fence ? mark.startsWith(fence) : true);
    if (edge) fence = fence ? "" : mark;
    const made = make("div", edge ? "fence" : kind(text, fence), parent);
    if (line.length) pieces(made, line);
    else made.textContent = "\u00a0";
  }
}

function kind(text, fence) {
  if (fence) return "code";
  if (!text.trim()) return "blank";
  if (HEADING.test(text)) return "heading";
  return RULE.test(text) ? "fence" : "";
}
