// The desk: joins what is shown, the keys, the clock, and the way to the server.
//
// `default` is called by Streamlit at the first drawing and at every answer of the server. A
// verdict is written down here, the next pair shown, and only then is the server told.

import { Bar } from "./bar.js";
import { Clock } from "./clock.js";
import { make } from "./dom.js";
import { Head } from "./head.js";
import { actOf, leavesField, types } from "./keys.js";
import { Line } from "./line.js";
import { Listing } from "./listing.js";
import { Post } from "./post.js";
import { RequestPane } from "./request.js";
import { Sheet } from "./sheet.js";
import { SkillPane } from "./skill.js";
import { Store } from "./store.js";
import { Verdicts } from "./verdicts.js";

const BELOW = 36; // pixels left free under the desk
const LOWEST = 430; // pixels it keeps on a low screen
const SCROLLS = { down: 0.25, up: -0.25, pagedown: 0.85, pageup: -0.85 };
const FETCHING = "Fetching the next pairs…";

const desks = new WeakMap();

export default function label({ data, parentElement, setTriggerValue }) {
  let desk = desks.get(parentElement);
  if (!desk) {
    desk = new Desk(parentElement);
    desks.set(parentElement, desk);
  }
  desk.update(data, setTriggerValue);
  return () => {
    desks.get(parentElement)?.stop();
    desks.delete(parentElement);
  };
}

class Desk extends Verdicts {
  constructor(parent) {
    super();
    this.clean = new AbortController();
    const { signal } = this.clean;
    this.clock = new Clock(signal);
    this.post = new Post(() => this.drawHead());
    this.post.passed = () => this.line.passed;
    this.line = new Line();
    this.build(parent);
    window.addEventListener("keydown", (event) => this.key(event), { signal });
    for (const sign of ["focusin", "focusout"]) {
      document.addEventListener(sign, () => setTimeout(() => this.listenToFocus()), { signal });
    }
    window.addEventListener("resize", () => this.fit(), { signal });
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(document.body);
  }

  build(parent) {
    this.frame = make("div", "desk", parent);
    this.frame.setAttribute("role", "region");
    this.frame.setAttribute("aria-label", "Labelling");
    this.head = new Head(this.frame);
    this.message = make("p", "message", this.frame);
    this.message.setAttribute("role", "alert");
    this.message.hidden = true;
    this.panes = make("div", "panes", this.frame);
    this.request = new RequestPane(this.panes, {
      noted: (text) => this.keepNote(text),
      leave: () => this.title(),
      pick: (place) => this.pick(place),
    });
    this.skill = new SkillPane(this.panes, () => this.act("body"));
    this.nothing = make("p", "nothing", this.frame);
    this.bar = new Bar(this.frame, (name, pressed) => this.act(name, pressed));
    this.sheet = new Sheet(this.frame, () => this.title());
    this.live = make("p", "unseen", this.frame);
    this.live.setAttribute("aria-live", "polite");
  }

  stop() {
    this.clean.abort();
    this.watch.disconnect();
    this.post.stop();
    this.frame.remove();
  }

  // ------------------------------------------------------------------ what the server says

  update(data, send) {
    this.post.send = send;
    this.adopt(data);
    const waited = this.saidTokens();
    this.post.answered(data);
    this.line.take(data.items, this.saidTokens(), this.known());
    if (data.again && data.again.batch !== this.reopened) this.takeAgain(data.again);
    this.refused(data.acks.filter(([token, ok]) => !ok && waited.has(token)));
    if (data.error) this.tell(data.error);
    this.draw();
    this.fit();
    this.post.flush();
  }

  /** Take on who labels what; another queue begins another line. */
  adopt(data) {
    this.data = data;
    if (this.post.store?.place !== data.place) this.post.store = new Store(data.place);
    Object.assign(this.post, { annotator: data.annotator, login: data.login });
    if (this.queue === data.queue) return;
    this.queue = data.queue;
    this.line = data.listed ? new Listing() : new Line();
    this.shown = null;
  }

  takeAgain({ batch, item }) {
    this.reopened = batch;
    if (item && !this.data.listed) this.line.push(item, true);
  }

  // ------------------------------------------------------------------ what a person does

  key(event) {
    if (this.sheet.open) return;
    if (leavesField(event)) {
      event.composedPath()[0].blur();
      this.title();
      return;
    }
    const act = actOf(event);
    if (!act) return;
    const moves = act in SCROLLS;
    if (moves && !this.line.current) return;
    event.preventDefault();
    if (!event.repeat || moves) this.act(act);
  }

  /** Do what a key or a button asks; `pressed` tells that it was a button. */
  act(name, pressed = false) {
    if (name in SCROLLS) this.scroll(name);
    else if (name.startsWith("grade")) this.say("grade", Number(name.slice(5)), name);
    else if (name === "tell") this.say("grade", null, name);
    else if (name === "skip") this.say("skip", null, name);
    else if (name === "undo") this.undo();
    else if (name === "list") this.sheet.recent(this.lines(), (token) => this.undo(token));
    else if (name === "note") this.request.note.focus();
    else if (name === "next" || name === "previous") this.move(name);
    else if (name === "onwards") this.onwards();
    else if (name === "body") this.toggleBody();
    else if (name === "view") this.post.ask({ view: this.data.listed ? "pair" : "list" });
    else if (name === "help") this.sheet.keys();
    if (pressed && !["note", "help", "list"].includes(name)) this.title();
  }

  scroll(name) {
    const steps = { down: "next", up: "previous" };
    if (this.data.listed && name in steps) this.move(steps[name]);
    else this.skill.scroll(SCROLLS[name]);
  }

  move(name) {
    if (this.data.listed && name === "next" && this.line.done) {
      this.onwards();
      return;
    }
    this.leaveEntry();
    const entry = name === "next" ? this.line.forward() : this.line.back();
    if (!entry && name === "previous") this.tell("Nothing before this one; Shift+U lists your last 50.");
    this.draw();
    if (name === "next") this.post.flush();
  }

  pick(place) {
    this.leaveEntry();
    this.line.pick(place);
    this.draw();
    this.title();
  }

  toggleBody() {
    this.open = !this.open;
    this.drawSkill();
    if (this.open) this.skill.seeBody();
  }

  /** Put the focus on the skill's name, where keys are the desk's again. */
  title() {
    if (this.line.current) this.skill.title?.focus({ preventScroll: true });
    else this.bar.buttons.get("undo").focus({ preventScroll: true });
  }

  /** Say that keys sleep while a field elsewhere on the page has the focus. */
  listenToFocus() {
    const focused = document.activeElement;
    this.head.asleep.hidden = !types(focused) || focused.contains(this.frame.getRootNode().host);
  }

  // ------------------------------------------------------------------ drawing

  draw() {
    const entry = this.line.current;
    if (entry !== this.shown) this.arrive(entry);
    this.frame.dataset.pair = entry?.item.token ?? "";
    this.nothing.hidden = Boolean(entry);
    this.panes.hidden = !entry;
    if (entry) this.drawPair(entry);
    else this.nothing.textContent = this.waitingCount() ? FETCHING : this.data.empty;
    this.bar.draw({ verdict: actFor(entry?.event), open: Boolean(entry), listed: this.data.listed });
    this.drawHead();
  }

  /** Another pair is on the screen: its time starts, its body is closed. */
  arrive(entry) {
    this.shown = entry;
    this.drawn = "";
    this.open = false;
    this.arrivedAt = performance.now();
    if (!entry) return;
    this.clock.start(entry.seconds);
    this.announce(entry.item);
  }

  drawPair(entry) {
    const { item } = entry;
    this.request.draw(item, { said: this.saidWords(entry), note: this.noteOf(entry) });
    this.request.list(this.data.listed ? this.rows() : [], this.line.at);
    this.drawSkill();
  }

  /** Draw the skill again only where something of it changed: it keeps its place while read. */
  drawSkill() {
    const entry = this.line.current;
    if (!entry) return;
    const revealed = !this.data.blind || entry.event?.kind === "grade";
    const drawn = JSON.stringify([entry.item, revealed, this.open]);
    if (drawn !== this.drawn) this.skill.draw(entry.item, { revealed, body: this.open });
    this.drawn = drawn;
  }

  drawHead() {
    if (!this.data) return;
    const waiting = this.waitingCount();
    this.head.draw(this.data, waiting);
    this.head.saved(this.post.waiting().length, { late: this.post.late, unsafe: this.post.store.unsafe });
  }

  fit() {
    const scrolled = this.frame.getRootNode().host?.closest("[data-testid='stMain']")?.scrollTop ?? 0;
    const top = this.frame.getBoundingClientRect().top + scrolled;
    const height = `${Math.max(window.innerHeight - top - BELOW, LOWEST)}px`;
    if (this.frame.style.height !== height) this.frame.style.height = height;
  }
}

function actFor(event) {
  if (!event) return "";
  if (event.kind === "skip") return "skip";
  return event.grade === null ? "tell" : `grade${event.grade}`;
}
