"""Saving verdicts and moving on: what the keys of an open group do.

Responsible for saving a verdict with its note and author, for undo, and for the focus
afterwards. Must not know how a group or a key is drawn, nor what a decision does to a catalog.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common import dup_state
from pages.common.dup_moves import following
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import annotator
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Choice, Decision, Verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DONE = {
    Verdict.MERGE: "merged",
    Verdict.KEEP: "kept",
    Verdict.DISTINCT: "told apart",
    Verdict.RETIRE: "retired",
    Verdict.SKIP: "skipped",
}
ABOUT_TWO = (Verdict.MERGE, Verdict.DISTINCT)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a decision is made: the open group, its open members, the one in focus.

    `line` are the keepers of the queue in order. After a decision `open_now` tells which of
    some skills still wait for one, in whichever group they are by then, and `line_now` the
    queue.
    """

    keeper: str
    members: tuple[str, ...]
    open_members: tuple[str, ...]
    focus: str
    line: Sequence[str]
    open_now: Callable[[Sequence[str]], Collection[str]]
    line_now: Callable[[], Sequence[str]]


def decide(ws: Workspace, place: Place, verdict: Verdict) -> None:
    """Save a verdict on the member in focus and go on to the next open one."""
    if _outrun(place):
        return
    other = place.keeper if verdict in ABOUT_TWO else ""
    choice = Choice(verdict, place.focus, other, dup_state.note())
    if _save(ws, [choice]):
        _go_on(place, leave=verdict is Verdict.SKIP)


def merge_all(ws: Workspace, place: Place, members: Sequence[str]) -> None:
    """Merge members into the keeper in one go, and go on to the next group."""
    if _outrun(place):
        return
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


def _outrun(place: Place) -> bool:
    """Say that a key was pressed before the next member was drawn, if so: nobody saw it."""
    if dup_state.last_opened() == (place.keeper, place.focus):
        return False
    st.toast("Not saved: the next skill was not drawn yet. Press again.")
    return True


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
    member = "" if leave else following(place.members, place.focus, place.open_now(place.members))
    if member:
        # Telling two apart may have put the others under another keeper.
        dup_state.open_group(member, member)
        return
    line = [each for each in place.line_now() if each != place.keeper]
    dup_state.open_group(following(place.line, place.keeper, set(line)))


def _told(decisions: Sequence[Decision]) -> str:
    """Return in few words what was decided about what."""
    verdict = DONE[decisions[0].verdict]
    if len(decisions) > 1:
        return f"{verdict} {count(len(decisions), 'skill')}"
    return f"{verdict} {escape(one_line(decisions[0].skill_id.rpartition('/')[2], 40))}"
