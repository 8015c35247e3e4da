// Making elements. Every text is set with textContent; no string ever becomes markup.

export function make(tag, name, parent, text) {
  const element = document.createElement(tag);
  if (name) element.className = name;
  if (text !== undefined) element.textContent = text;
  parent?.append(element);
  return element;
}

/** A button that shows its key; `act` is called with the event of the click. */
export function keyButton(parent, { label, key, title, name = "" }, act) {
  const button = make("button", `key ${name}`, parent);
  button.type = "button";
  const cap = make("kbd", "", button, key);
  cap.setAttribute("aria-hidden", "true");
  make("span", "", button, label);
  button.title = title;
  button.setAttribute("aria-keyshortcuts", key === "?" ? "Shift+?" : key);
  button.addEventListener("click", act);
  return button;
}

const MARKS = { 1: "near", 2: "mark" };

/** Append pieces of a text, [text, kind]: 0 plain, 1 inside a passage, 2 a word of the request. */
export function pieces(parent, parts) {
  for (const [text, kind] of parts) {
    if (kind) make(kind === 2 ? "mark" : "span", MARKS[kind] === "near" ? "near" : "", parent, text);
    else parent.append(text);
  }
  return parent;
}

export function words(number, unit) {
  return `${number.toLocaleString("en")} ${unit}${number === 1 ? "" : "s"}`;
}
