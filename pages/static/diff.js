// Two texts side by side, word by word. Draws with text nodes only: whatever a skill says
// stays text. Long runs of equal lines are folded until they are opened.

const SHOWN_AROUND = 2; // equal lines left open beside a change
const FOLDED_FROM = 4; // a run shorter than this is not worth folding

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function cell(pieces, changedTag) {
  const made = element("div", "cell");
  if (pieces === null) {
    made.classList.add("none");
    return made;
  }
  for (const [text, changed] of pieces) {
    if (changed) made.append(element(changedTag, "", text));
    else made.append(document.createTextNode(text));
  }
  return made;
}

function row(line) {
  const made = element("div", line.same ? "row same" : "row");
  made.append(cell(line.left, "del"), cell(line.right, "ins"));
  return made;
}

function fold(lines) {
  const made = element("details");
  const unit = lines.length === 1 ? "equal line" : "equal lines";
  made.append(element("summary", "", `${lines.length.toLocaleString("en")} ${unit}`));
  made.addEventListener(
    "toggle",
    () => made.append(...lines.map(row)),
    { once: true },
  );
  return made;
}

function section({ title, lines }) {
  const made = element("section");
  made.append(element("h4", "", title));
  let run = [];
  const flush = (last) => {
    const first = made.childElementCount === 1;
    const head = first ? 0 : SHOWN_AROUND;
    const tail = last ? 0 : SHOWN_AROUND;
    if (run.length < head + tail + FOLDED_FROM) made.append(...run.map(row));
    else {
      made.append(...run.slice(0, head).map(row));
      made.append(fold(run.slice(head, run.length - tail)));
      made.append(...run.slice(run.length - tail).map(row));
    }
    run = [];
  };
  for (const line of lines) {
    if (line.same) run.push(line);
    else {
      flush(false);
      made.append(row(line));
    }
  }
  flush(true);
  return made;
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".diff");
  const heads = element("div", "row heads");
  heads.append(element("div", "cell", data.left), element("div", "cell", data.right));
  root.replaceChildren(heads, ...data.sections.map(section));
}
