"""The desk: what the browser said is recorded, and the next pairs go there.

Responsible for one turn of that exchange, a fragment, so that nothing else of the page runs
meanwhile. Must not know how a pair is drawn or chosen.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.label import component, inbox, progress
from pages.common.label.empty import nothing_left, waits_for
from pages.common.label.items import action_data, item_data
from pages.common.verdicts import logged_in
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Judgement
from skillrouter_core.records.queues import LabelItem, QueueSpec, Remaining

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

AHEAD = 5
"""Pairs that wait in the browser behind the one on the screen."""
MOST_AHEAD = 20
"""Pairs handed out to somebody who passes many by without a verdict."""
_LAST = "queue labelled last"


@dataclass(frozen=True, slots=True)
class Work:
    """What one person labels and how it is shown."""

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
    error = inbox.keep(ws, message)
    if inbox.elsewhere():
        st.rerun(scope="app")
    items: tuple[LabelItem, ...] = ()
    left, empty = None, ""
    try:
        _give_back(ws, work)
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
        "acks": [[each.token, each.ok, each.reason] for each in inbox.acks().values()],
        "batch": inbox.batch(),
        "empty": empty,
        "error": error,
    }
    component.draw(data, on_sent=lambda: inbox.heard(ws, work.spec, work.annotator))


def _give_back(ws: Workspace, work: Work) -> None:
    """Give back what was in hand in another queue of this session; others may grade it."""
    last: Work | None = st.session_state.get(_LAST)
    if last is not None and last.queue != work.queue:
        ws.queue.release(last.annotator)
    st.session_state[_LAST] = work


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


def _again(ws: Workspace, work: Work, message: dict[str, Any]) -> dict[str, Any] | None:
    """Return the pair of a verdict that was taken back, if the message asks for one."""
    asked = message.get("again")
    if not isinstance(asked, dict):
        return None
    query, skill_id = str(asked.get("query") or ""), str(asked.get("skill") or "")
    found = None
    if query and skill_id:
        found = ws.queue.pair(work.spec, query, skill_id, work.annotator)
    data = _with_others(ws, (found,) if found else (), work.annotator)
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
