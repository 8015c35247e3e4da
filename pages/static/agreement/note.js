// One key that puts the cursor into the field for the note; letters typed anywhere stay letters.

function typing(target) {
  return target instanceof Element && target.closest("input, textarea, select, [contenteditable]");
}

export default function ({ data }) {
  const onKey = (event) => {
    const held = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
    if (held || event.repeat || event.isComposing || event.key.toLowerCase() !== data.key) return;
    if (typing(event.target) || document.querySelector("[role=dialog]")) return;
    const field = document.querySelector(`input[aria-label="${data.label}"]`);
    if (!field) return;
    event.preventDefault();
    field.focus();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}
