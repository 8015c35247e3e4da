// One request's candidates as a list: the same moves as `Line` has, over a fixed set.

export class Listing {
  constructor() {
    this.trail = []; // {item, event, fresh, seconds}: every candidate, in the order shown
    this.at = -1;
  }

  get current() {
    return this.trail[this.at] ?? null;
  }

  get passed() {
    return 0;
  }

  /** Take the candidates; `said` holds the tokens of verdicts still on their way. */
  take(items, said) {
    const before = new Map(this.trail.map((entry) => [entry.item.skill, entry]));
    const focus = this.current?.item.skill;
    this.trail = items.map((item) => {
      const entry = before.get(item.skill) ?? { event: null, seconds: 0, fresh: false };
      const local = said.has(entry.event?.token) || entry.event?.kind === "skip";
      // What the server has counts, but for what it has not heard yet.
      if (!local && !entry.reopened) entry.event = item.judged && { kind: "grade", ...item.judged };
      entry.reopened = entry.reopened && Boolean(item.judged);
      return Object.assign(entry, { item, fresh: entry.fresh || Boolean(item.judged) });
    });
    this.at = this.trail.findIndex((entry) => entry.item.skill === focus);
    if (this.at < 0) this.open();
  }

  open() {
    const after = this.trail.findIndex((entry, place) => place > this.at && !entry.event);
    const any = after >= 0 ? after : this.trail.findIndex((entry) => !entry.event);
    this.at = any >= 0 ? any : Math.max(this.at, 0);
    return this.current;
  }

  forward() {
    this.at = Math.min(this.at + 1, this.trail.length - 1);
    return this.current;
  }

  back() {
    this.at = Math.max(this.at - 1, 0);
    return this.current;
  }

  pick(place) {
    this.at = place;
  }

  reopen({ token, query, skill }) {
    const place = this.trail.findIndex(
      ({ item, event }) => event?.token === token || (item.skill === skill && item.query === query),
    );
    if (place < 0) return null;
    this.at = place;
    return Object.assign(this.current, { event: null, fresh: true, reopened: true });
  }

  /** Whether every candidate has its verdict. */
  get done() {
    return this.trail.every((entry) => entry.event);
  }
}
