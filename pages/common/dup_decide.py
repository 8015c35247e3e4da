"""Saving verdicts and moving on: what the keys of an open group do.

Responsible for saving a verdict with its note and author, for undo, and for the focus
afterwards. Must not know how a group or a key is drawn, nor what a decision does to a catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common import dup_state
from pages.common.dup_moves import following
from pages.common.safe_text import escape
from pages.common.scores import count
from pages.common.verdicts import annotator
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Choice, Decision, Verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ABOUT_TWO = (Verdict.MERGE, Verdict.DISTINCT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a decision is made: the open group, its open members, the one in focus.

    `line` are the keepers of the queue in order; `open_now` asks for the open members of a
    group after a change, `line_now` for the queue after one.
    """

    keeper: str
    members: tuple[str, ...]
    open_members: tuple[str, ...]
    focus: str
    line: Sequence[str]
    open_now: Callable[[str], Sequence[str]]
    line_now: Callable[[], Sequence[str]]


def decide(ws: Workspace, place: Place, verdict: Verdict) -> None:
    """Save a verdict on the member in focus and go on to the next open one."""
    other = place.keeper if verdict in ABOUT_TWO else ""
    choice = Choice(verdict, place.focus, other, dup_state.note())
    if _save(ws, [choice]):
        _go_on(place, leave=verdict is Verdict.SKIP)


def merge_all(ws: Workspace, place: Place, members: Sequence[str]) -> None:
    """Merge members into the keeper in one go, and go on to the next group."""
    note = dup_state.note()
    if _save(ws, [Choice(Verdict.MERGE, each, place.keeper, note) for each in members]):
        _go_on(place)


def undo(ws: Workspace) -> None:
    """Take this person's last decision back, or the last "merge all", and show its group."""
    name = annotator()
    try:
        taken = _take_back(ws, name)
    except SkillRouterError as error:
        st.toast(f"Not undone: {escape(str(error))}")
        return
    if not taken:
        st.toast(f"{escape(name)} has decided nothing that could be undone.")
        return
    first = taken[0]
    dup_state.open_group(first.other_id or first.skill_id, first.skill_id)
    dup_state.set_note(first.note)
    st.toast(f"Undone: {_told(taken)}.", icon=":material/undo:")


def _take_back(ws: Workspace, name: str) -> tuple[Decision, ...]:
    """Undo the newest decision of a person with all that were made in the same go."""
    last = ws.duplicates.last(name)
    if last is None:
        return ()
    about = ws.duplicates.decisions([last.other_id or last.skill_id])
    same_go = [
        one.decision_id
        for one in about
        if (one.author, one.created_at) == (last.author, last.created_at)
    ]
    return ws.duplicates.undo_all(same_go, name)


def _save(ws: Workspace, choices: Sequence[Choice]) -> bool:
    try:
        made = ws.duplicates.decide_all(choices, author=annotator())
    except SkillRouterError as error:
        st.toast(f"Not saved: {escape(str(error))}")
        return False
    dup_state.set_note("")
    st.toast(f"Saved: {_told(made)}. U takes it back.", icon=":material/check:")
    return True


def _go_on(place: Place, *, leave: bool = False) -> None:
    """Focus the next open member; where none is left, the next group of the queue."""
    still = () if leave else place.open_now(place.keeper)
    member = following(place.members, place.focus, set(still) - {place.keeper})
    if member:
        dup_state.open_group(place.keeper, member)
        return
    line = [each for each in place.line_now() if each != place.keeper]
    dup_state.open_group(following(place.line, place.keeper, set(line)) or place.keeper)


def _told(decisions: Sequence[Decision]) -> str:
    if len(decisions) > 1:
        return f"{count(len(decisions), 'skill')}: {decisions[0].verdict.value}"
    return f"{decisions[0].verdict.value} {escape(decisions[0].skill_id)}"
