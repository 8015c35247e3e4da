// Which key asks for what, and when keys are not meant for the desk.

const ACTS = {
  0: "grade0",
  1: "grade1",
  2: "grade2",
  3: "grade3",
  t: "tell",
  s: "skip",
  u: "undo",
  m: "note",
  n: "next",
  p: "previous",
  b: "body",
  v: "view",
  h: "help",
  "?": "help",
  arrowdown: "down",
  arrowup: "up",
  pagedown: "pagedown",
  pageup: "pageup",
  " ": "pagedown",
};
const SHIFTED = { undo: "list", next: "onwards" };
const FIELDS = "input, textarea, select, [contenteditable=''], [contenteditable='true'], [role='textbox']";
const OVER = "[role='dialog'], [role='listbox'], [role='menu'], [data-testid='stPopoverBody']";
const PRESSABLE = "button, a, [role='button'], [role='tab'], [role='radio'], [role='switch']";

/** Whether a key pressed there writes text. */
export function types(target) {
  return target instanceof Element && target.closest(FIELDS) !== null && !switches(target);
}

function switches(target) {
  return target instanceof HTMLInputElement && ["checkbox", "radio", "button"].includes(target.type);
}

/** Whether a key press leaves a field of the page for the desk: Escape, where nothing else is open. */
export function leavesField(event) {
  return event.key === "Escape" && types(event.composedPath()[0]) && !document.querySelector(OVER);
}

/** The act that a key press asks of the desk, "" where it is none of the desk's. */
export function actOf(event) {
  const target = event.composedPath()[0];
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return "";
  if (event.isComposing || types(target) || document.querySelector(OVER)) return "";
  const act = ACTS[event.key.toLowerCase()] ?? "";
  const pressable = target instanceof Element && target.closest(PRESSABLE);
  if (pressable && (event.key === " " || event.key === "Enter")) return "";
  return event.shiftKey ? (SHIFTED[act] ?? act) : act;
}
