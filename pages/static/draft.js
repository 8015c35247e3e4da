// Text in hand goes into the address while it is typed, before it is handed over: a reload, which
// fills a field from the address, then keeps it. The address is all that is written.

const PAUSE = 150; // milliseconds; browsers refuse an address that changes at every keystroke

export default function ({ data }) {
  let timer = 0;
  const write = (text) => {
    const address = new URL(window.location.href);
    if (text) address.searchParams.set(data.parameter, text);
    else address.searchParams.delete(data.parameter);
    window.history.replaceState(window.history.state, "", address);
  };
  const onInput = ({ target }) => {
    if (!(target instanceof Element) || target.getAttribute("aria-label") !== data.label) return;
    clearTimeout(timer);
    timer = setTimeout(() => write(target.value), PAUSE);
  };
  document.addEventListener("input", onInput);
  return () => {
    clearTimeout(timer);
    document.removeEventListener("input", onInput);
  };
}
