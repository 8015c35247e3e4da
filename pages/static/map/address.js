// The view in the page's address, so that a copied link shows the same place.
//
// Written with replaceState: a rerun of the page for every move would be slow, and an entry in
// the browser's history for every move would make Back useless.

const NAME = "view";
const SETTLED_MS = 250;

export class Address {
  constructor() {
    this.path = location.pathname;
    this.timer = 0;
    this.text = "";
  }

  read() {
    const parts = (new URLSearchParams(location.search).get(NAME) ?? "").split("_").map(Number);
    if (parts.length !== 3 || !parts.every(Number.isFinite) || parts[2] <= 0) return null;
    const [x, y, zoom] = parts;
    return { x, y, zoom };
  }

  /** Write the view once it has been still for a moment. */
  keep({ x, y, zoom }) {
    this.text = [x.toFixed(5), y.toFixed(5), zoom.toPrecision(4)].map(Number).join("_");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.write(), SETTLED_MS);
  }

  write() {
    // The page may have been left meanwhile; another page's address is not ours.
    if (!this.text || location.pathname !== this.path) return;
    const address = new URL(location.href);
    if (address.searchParams.get(NAME) === this.text) return;
    address.searchParams.set(NAME, this.text);
    history.replaceState(history.state, "", address);
  }

  stop() {
    clearTimeout(this.timer);
  }
}
