// A short table with one row in focus; a click, Enter or Space on a row asks for another.
// Draws with text nodes only: whatever a skill says stays text.

function cell(tag, text, number, title) {
  const made = document.createElement(tag);
  made.textContent = text;
  if (number) made.className = "number";
  if (title) made.title = title;
  return made;
}

function head(columns) {
  const row = document.createElement("tr");
  for (const { name, number, help } of columns) {
    const made = cell("th", name, number, help);
    made.scope = "col";
    row.append(made);
  }
  const made = document.createElement("thead");
  made.append(row);
  return made;
}

function line(values, columns, focused, pick) {
  const row = document.createElement("tr");
  row.tabIndex = 0;
  if (focused) row.setAttribute("aria-current", "true");
  values.forEach((value, at) => row.append(cell("td", value, columns[at].number, value)));
  row.addEventListener("click", pick);
  row.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    pick();
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
    const pick = () => setTriggerValue("picked", at);
    body.append(line(values, data.columns, at === data.focus, pick));
  });
  table.append(group, head(data.columns), body);
  parentElement.querySelector(".rows").replaceChildren(table);
}
