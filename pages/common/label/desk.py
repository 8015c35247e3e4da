"""The desk: what the browser said is recorded, and the next pairs go there.

Responsible for one turn of that exchange, a fragment, so that nothing else of the page runs
meanwhile. Must not know how a pair is drawn or chosen.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.label import component, progress, state
from pages.common.label.empty import nothing_left, waits_for
from pages.common.label.events import events_of, record
from pages.common.label.items import action_data, item_data
from pages.common.verdicts import logged_in
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Judgement, LabelAck
from skillrouter_core.records.queues import LabelItem, QueueSpec, Remaining

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

AHEAD = 5
"""Pairs that wait in the browser behind the one on the screen."""
MOST_AHEAD = 20
"""Pairs handed out to somebody who passes many by without a verdict."""
ACKS_KEPT = 200
"""Answers repeated to the browser: it may have missed some while it was drawing."""
_ACKS, _BATCH, _ELSEWHERE = "label acks", "label batch", "label elsewhere"


@dataclass(frozen=True, slots=True)
class Work:
    """What one person labels and how it is shown; `left` is None while nobody counted."""

    spec: QueueSpec
    annotator: str
    listed: bool
    blind: bool

    @property
    def queue(self) -> str:
        """A word that differs between any two queues, people and views."""
        parts = (repr(self.spec), self.annotator, str(self.listed))
        return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:16]


@st.fragment
def desk(ws: Workspace, work: Work) -> None:
    """Draw the desk, once for each message of the browser."""
    message = component.sent()
    error = _keep(ws, message)
    if st.session_state.pop(_ELSEWHERE, False):
        st.rerun(scope="app")
    items, left, empty = (), None, ""
    try:
        items, left = _next(ws, work, message.get("passed"))
        empty = "" if items else nothing_left(work.spec, left)
    except SkillRouterError as fault:
        empty = error = str(fault)
    data = {
        "place": _place(ws),
        "annotator": work.annotator,
        "login": logged_in() is not None,
        "queue": work.queue,
        "listed": work.listed,
        "blind": work.blind,
        "items": _with_others(ws, items, work.annotator),
        "recent": _recent(ws, work.annotator),
        "today": progress.day().done.verdicts,
        "pace": progress.day().per_hour,
        "left": None if left is None else left.pairs,
        "again": _again(ws, work, message),
        "acks": [[each.token, each.ok, each.reason] for each in _acks().values()],
        "batch": st.session_state.get(_BATCH, ""),
        "empty": empty,
        "error": error,
    }
    component.draw(data, on_sent=lambda: _heard(ws, work))


def _heard(ws: Workspace, work: Work) -> None:
    """Take from a message what changes the page around the desk, before anything is drawn."""
    message = component.sent()
    view, query = message.get("view"), message.get("onwards")
    if view in state.VIEWS:
        state.show(view)
        st.session_state[_ELSEWHERE] = True
    if isinstance(query, str) and query:
        state.open_query(query_after(ws, work.spec.suite, work.annotator, query))
        st.session_state[_ELSEWHERE] = True


def _keep(ws: Workspace, message: dict[str, Any]) -> str:
    """Record what the message says, once however often it comes; return what went wrong."""
    said, refused = events_of(message)
    name = logged_in()
    if name is not None:
        said = [each for each in said if each.annotator == name]
    known = _acks()
    try:
        acks = [*refused, *record(ws, said)]
    except SkillRouterError as error:
        return f"Not saved yet: {error}"
    progress.add(said, {ack.token: ack.ok and ack.token not in known for ack in acks})
    known.update((ack.token, ack) for ack in acks)
    while len(known) > ACKS_KEPT:
        known.popitem(last=False)
    if isinstance(message.get("batch"), str):
        st.session_state[_BATCH] = message["batch"]
    return ""


def _acks() -> OrderedDict[str, LabelAck]:
    return st.session_state.setdefault(_ACKS, OrderedDict())


def _next(
    ws: Workspace, work: Work, passed: object
) -> tuple[tuple[LabelItem, ...], Remaining | None]:
    if waits_for(work.spec):
        return (), None
    if work.listed:
        items = ws.queue.of_query(work.spec.query, work.annotator) if work.spec.query else ()
        return (tuple(sorted(items, key=_shuffled)) if work.blind else items), None
    more = passed if isinstance(passed, int) and not isinstance(passed, bool) else 0
    count = min(AHEAD + 1 + max(more, 0), MOST_AHEAD)
    items = ws.queue.next(work.spec, work.annotator, count)
    return items, ws.queue.remaining(work.spec, work.annotator)


def _shuffled(item: LabelItem) -> str:
    """Return what a blind list is sorted by: an order that tells nothing and stays."""
    return hashlib.sha256(item.skill.skill_id.encode("utf-8", "surrogatepass")).hexdigest()


def query_after(ws: Workspace, suite: str | None, annotator: str, query: str = "") -> str:
    """Return the request to be listed after another: one the queue asks of, else the set's next."""
    for item in ws.queue.next(QueueSpec(suite=suite), annotator, MOST_AHEAD):
        if item.query_text != query:
            return item.query_text
    texts = list(dict.fromkeys(each.text for each in ws.labels.queries(suite)))
    if query not in texts:
        return texts[0] if texts else ""
    return texts[(texts.index(query) + 1) % len(texts)]


def _again(ws: Workspace, work: Work, message: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pair of a verdict that was taken back, if the message asks for one."""
    asked = message.get("again")
    if not isinstance(asked, dict):
        return None
    query, skill_id = str(asked.get("query") or ""), str(asked.get("skill") or "")
    found = ws.queue.of_query(query, work.annotator) if query and skill_id else ()
    items = tuple(item for item in found if item.skill.skill_id == skill_id)
    data = _with_others(ws, items, work.annotator)
    return {"batch": message.get("batch"), "item": data[0] if data else None}


def _with_others(
    ws: Workspace, items: tuple[LabelItem, ...], annotator: str
) -> list[dict[str, Any]]:
    said: dict[str, dict[str, list[Judgement]]] = {}
    for query in {item.query_text for item in items}:
        said[query] = defaultdict(list)
        for each in ws.labels.judgements(query):
            if each.annotator != annotator:
                said[query][each.skill_id].append(each)
    return [item_data(item, said[item.query_text][item.skill.skill_id]) for item in items]


def _recent(ws: Workspace, annotator: str) -> list[dict[str, Any]]:
    """Return a person's last actions, each skill called by the last part of its id."""
    actions = ws.labels.recent(annotator)
    return [action_data(each, each.skill_id.rpartition("/")[2]) for each in actions]


def _place(ws: Workspace) -> str:
    """Return a word for the workspace, so that the browser keeps two of them apart."""
    text = f"{ws.home}\x1f{ws.database_url}"
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
