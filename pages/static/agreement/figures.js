// A table of figures in which a cell may carry a bar, an interval with its value, and ticks.
// Draws with text nodes only: whatever a name or a text says stays text.

const percent = (value) => `${Math.min(Math.max(value, 0), 1) * 100}%`;

function mark(kind, left, width) {
  const made = document.createElement("i");
  made.className = kind;
  made.style.left = percent(left);
  if (width !== undefined) made.style.width = percent(width);
  return made;
}

function track({ start, end, at }, ticks) {
  const made = document.createElement("span");
  made.className = "track";
  made.setAttribute("aria-hidden", "true");
  if (end !== null && end > start) made.append(mark("fill", start, end - start));
  for (const tick of ticks) made.append(mark("tick", tick));
  if (at !== null) made.append(mark("at", at));
  return made;
}

function cell(value, column) {
  const made = document.createElement("td");
  if (typeof value === "string") {
    made.textContent = value;
    made.title = value;
    made.classList.toggle("number", column.number);
    return made;
  }
  const held = document.createElement("div");
  const text = document.createElement("span");
  held.className = "bar";
  text.className = "text";
  text.textContent = value.text;
  text.style.minWidth = column.text;
  made.title = value.text;
  held.append(track(value, column.ticks), text);
  made.append(held);
  return made;
}

function head(columns) {
  const row = document.createElement("tr");
  for (const column of columns) {
    const made = document.createElement("th");
    made.scope = "col";
    made.textContent = column.name;
    made.classList.toggle("number", column.number);
    if (column.help) made.title = column.help;
    row.append(made);
  }
  const made = document.createElement("thead");
  made.append(row);
  return made;
}

export default function ({ data, parentElement }) {
  const table = document.createElement("table");
  table.setAttribute("aria-label", data.label);
  const group = document.createElement("colgroup");
  for (const { width } of data.columns) {
    const made = document.createElement("col");
    if (width) made.style.width = width;
    group.append(made);
  }
  const body = document.createElement("tbody");
  for (const values of data.rows) {
    const row = document.createElement("tr");
    row.append(...values.map((value, at) => cell(value, data.columns[at])));
    body.append(row);
  }
  table.append(group, head(data.columns), body);
  parentElement.querySelector(".figures").replaceChildren(table);
}
