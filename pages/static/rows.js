// A short table with one row in focus; a click, Enter or Space on a row asks for another.
// Draws with text nodes only: whatever a skill says stays text.

function cell(tag, text, { number, tail }, title) {
  const made = document.createElement(tag);
  // What tells ids apart stands at their end: such a column is cut at its beginning.
  const held = tail ? made.appendChild(document.createElement("bdi")) : made;
  held.textContent = text;
  made.classList.toggle("number", number);
  made.classList.toggle("tail", tail);
  if (title) made.title = title;
  return made;
}

function head(columns) {
  const row = document.createElement("tr");
  for (const column of columns) {
    const made = cell("th", column.name, column, column.help);
    made.scope = "col";
    row.append(made);
  }
  const made = document.createElement("thead");
  made.append(row);
  return made;
}

function line(values, columns, focused, pick) {
  const row = document.createElement("tr");
  if (focused) row.setAttribute("aria-current", "true");
  values.forEach((value, at) => row.append(cell("td", value, columns[at], value)));
  if (!pick) return row;
  row.className = "asks";
  row.addEventListener("click", pick);
  row.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling };
    if (event.key === "Enter" || event.key === " ") pick();
    else if (event.key in steps) steps[event.key]?.focus();
    else return;
    event.preventDefault();
  });
  return row;
}

export default function ({ data, parentElement, setTriggerValue }) {
  const table = document.createElement("table");
  table.setAttribute("aria-label", data.label);
  const group = document.createElement("colgroup");
  for (const { width } of data.columns) {
    const made = document.createElement("col");
    if (width) made.style.width = width;
    group.append(made);
  }
  const body = document.createElement("tbody");
  data.rows.forEach((values, at) => {
    const pick = data.asks ? () => setTriggerValue("picked", at) : null;
    const row = line(values, data.columns, at === data.focus, pick);
    // One stop for Tab, the arrows go on from there.
    if (pick) row.tabIndex = at === (data.focus ?? 0) ? 0 : -1;
    body.append(row);
  });
  table.append(group, head(data.columns), body);
  const held = parentElement.activeElement?.tagName === "TR";
  parentElement.querySelector(".rows").replaceChildren(table);
  if (held) body.querySelector("[tabindex='0']")?.focus();
}
