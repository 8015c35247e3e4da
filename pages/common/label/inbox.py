"""What the browser says, taken in: verdicts are recorded, another view or request is opened.

Responsible for doing it once and for the answers the browser waits for. Must not know what the
desk shows.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.label import component, progress, state
from pages.common.label.events import events_of, record
from pages.common.verdicts import logged_in
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import LabelAck
from skillrouter_core.records.queues import QueueSpec

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ACKS_KEPT = 200
"""Answers repeated to the browser: it may have missed some while it was drawing."""
_ACKS, _BATCH, _ELSEWHERE = "label acks", "label batch", "label elsewhere"


def heard(ws: Workspace, spec: QueueSpec, annotator: str) -> None:
    """Take from a message what changes the page around the desk, before anything is drawn."""
    message = component.sent()
    view, query = message.get("view"), message.get("onwards")
    if view in state.VIEWS:
        state.show(view)
        st.session_state[_ELSEWHERE] = True
    if isinstance(query, str) and query:
        state.open_query(query_after(ws, spec.suite, annotator, query))
        st.session_state[_ELSEWHERE] = True


def elsewhere() -> bool:
    """Whether the message asked for another view or request; the page must be drawn again."""
    return bool(st.session_state.pop(_ELSEWHERE, False))


def keep(ws: Workspace, message: dict[str, Any]) -> str:
    """Record what a message says, once however often it comes; return what went wrong."""
    said, refused = events_of(message)
    name = logged_in()
    if name is not None:
        said = [each for each in said if each.annotator == name]
    known = acks()
    try:
        answers = [*refused, *record(ws, said)]
    except SkillRouterError as error:
        return f"Not saved yet: {error}"
    progress.add(said, {each.token: each.ok and each.token not in known for each in answers})
    known.update((each.token, each) for each in answers)
    while len(known) > ACKS_KEPT:
        known.popitem(last=False)
    if isinstance(message.get("batch"), str):
        st.session_state[_BATCH] = message["batch"]
    return ""


def acks() -> OrderedDict[str, LabelAck]:
    """Return the last answers of this session by token, oldest first."""
    kept: OrderedDict[str, LabelAck] = st.session_state.setdefault(_ACKS, OrderedDict())
    return kept


def batch() -> str:
    """Return the name of the last message that was taken in, empty before one was."""
    return str(st.session_state.get(_BATCH, ""))


def query_after(ws: Workspace, suite: str | None, annotator: str, query: str = "") -> str:
    """Return the request to be listed after another: one the queue asks of, else the set's next."""
    asked = ws.queue.next_query(QueueSpec(suite=suite), annotator, after=query)
    if asked is not None:
        return asked
    texts = list(dict.fromkeys(each.text for each in ws.labels.queries(suite)))
    if query not in texts:
        return texts[0] if texts else ""
    return texts[(texts.index(query) + 1) % len(texts)]
