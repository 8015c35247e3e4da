// What is said of a pair, taken back, or noted; and the words for it. `label.js` draws it.

import { GRADES, TELL } from "./bar.js";
import { freshToken } from "./store.js";

const TOO_SOON_MS = 80; // a key this soon after a pair came is the last one's bounce, no verdict
const KEPT = 50; // verdicts that can be taken back
const DONE = "Every candidate has its verdict; N opens the next request.";
const CLOCK = { hour: "2-digit", minute: "2-digit" };

export class Verdicts {
  /** Write a verdict down, show the next pair, then tell the server. */
  say(kind, grade, act) {
    const entry = this.line.current;
    if (!entry || performance.now() - this.arrivedAt < TOO_SOON_MS) return;
    const { item } = entry;
    const event = {
      token: kind === "grade" && !entry.fresh ? item.token : freshToken(),
      kind,
      query_text: item.query,
      skill_id: item.skill,
      content_hash: item.hash,
      grade,
      seconds: this.clock.seconds,
      note: this.request.note.value.trim(),
      origin: item.origin,
      annotator: this.data.annotator,
      at: Date.now(),
    };
    this.post.store.keep(event);
    this.post.store.setNote(item.token, "");
    Object.assign(entry, { event, fresh: true, seconds: 0 });
    this.bar.flash(act);
    this.tell("");
    this.head.said(`${wordOf(event)}:`, plain(item.name), kind === "grade" && this.data.blind ? brief(item) : "");
    this.line.open();
    if (this.data.listed && this.line.done) this.tell(DONE);
    this.draw();
    this.post.flush();
  }

  /** Take back an event, the last one if none is named, and show its pair again. */
  undo(token = this.actions().find((action) => !action.undone)?.token) {
    const action = this.actions().find((each) => each.token === token);
    if (!action) {
      this.tell("There is nothing to take back.");
      return;
    }
    const { annotator } = this.data;
    this.leaveEntry();
    this.post.store.keep({ token: freshToken(), kind: "undo", undoes: token, annotator, at: Date.now() });
    const entry = this.line.reopen(action);
    if (entry) this.post.store.setNote(entry.item.token, action.note);
    else if (!this.data.listed) Object.assign(this.post.wishes, { again: { query: action.query, skill: action.skill } });
    this.shown = null;
    this.head.said("Taken back:", `${wordOf(action)}, ${action.name}`, "");
    this.draw();
    this.post.flush();
  }

  /** Ask for the next request of a list. */
  onwards() {
    const query = this.line.current?.item.query;
    if (query && this.data.listed) this.post.ask({ onwards: query });
  }

  /** Remember the time spent on the pair that is left. */
  leaveEntry() {
    const entry = this.line.current;
    if (entry) entry.seconds = this.clock.seconds;
    this.tell("");
  }

  keepNote(text) {
    const entry = this.line.current;
    if (entry) this.post.store.setNote(entry.item.token, text);
  }

  noteOf({ item, event }) {
    return this.post.store.note(item.token) || event?.note || "";
  }

  // ------------------------------------------------------------------ what was said so far

  /** This person's last verdicts and skips, newest first, those on their way among them. */
  actions() {
    const mine = this.post.store.waiting().filter((each) => each.annotator === this.data.annotator);
    const undone = new Set(mine.filter(({ kind }) => kind === "undo").map(({ undoes }) => undoes));
    const known = new Set(this.data.recent.map(({ token }) => token));
    const fresh = mine
      .filter(({ kind, token }) => kind !== "undo" && !known.has(token))
      .map(({ query_text: query, skill_id: skill, ...rest }) => ({ ...rest, query, skill, name: skill }))
      .reverse();
    return [...fresh, ...this.data.recent]
      .slice(0, KEPT)
      .map((action) => ({ ...action, undone: action.undone || undone.has(action.token) }));
  }

  /** The last verdicts by token, as the server has them. */
  known() {
    return new Map(this.data.recent.map((action) => [action.token, action]));
  }

  lines() {
    return this.actions().map((action) => ({
      ...action,
      said: wordOf(action),
      at: new Date(action.at).toLocaleTimeString([], CLOCK),
    }));
  }

  saidTokens() {
    return new Set(this.post.store.waiting().map(({ token }) => token));
  }

  /** How many verdicts of this person the server has not counted yet. */
  waitingCount() {
    const mine = this.post.store.waiting().filter((each) => each.annotator === this.data.annotator);
    const undos = mine.filter(({ kind }) => kind === "undo").length;
    return mine.filter(({ kind }) => kind === "grade").length - undos;
  }

  // ------------------------------------------------------------------ words

  rows() {
    return this.line.trail.map(({ item, event }) => ({
      name: plain(item.name),
      said: event?.kind === "grade" ? (event.grade ?? "t") : "",
      open: item.open || Boolean(event),
      words: event ? [markOf(event), wordOf(event)] : ["", item.open ? "no verdict yet" : "in other hands, or graded often enough"],
    }));
  }

  saidWords({ event }) {
    if (!event) return "";
    return event.kind === "skip" ? "You skipped this one." : `You said: ${wordOf(event)}.`;
  }

  announce(item) {
    const same = this.heard === item.query;
    this.heard = item.query;
    const request = same ? "" : `Request: ${item.query}. `;
    this.live.textContent = `${request}Skill: ${plain(item.name)}. ${plain(item.description)}`.slice(0, 600);
  }

  tell(text) {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  refused(acks) {
    const reasons = acks.map(([, , reason]) => reason);
    if (reasons.length) this.tell(`Not kept: ${reasons.join("; ")}`);
  }
}

function wordOf({ kind, grade }) {
  return kind === "skip" ? "skipped" : (GRADES[grade] ?? TELL);
}

function markOf({ kind, grade }) {
  return kind === "skip" ? "S" : String(grade ?? "T");
}

function plain(parts) {
  return parts.map(([text]) => text).join("");
}

/** The stages' word on a pair that was just graded blind. */
function brief(item) {
  return item.facts.map(([name, value]) => `${name} ${value}`).join(" · ");
}
