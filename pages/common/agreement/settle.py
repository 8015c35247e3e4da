"""Settling a conflict and moving on: what the keys of an open conflict do.

Responsible for saving a settlement with its note and author, for undo, and for which conflict
is open afterwards. Must not know how a conflict or a key is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement import state
from pages.common.agreement.filters import filtered
from pages.common.agreement.words import grade_word
from pages.common.dup_moves import following
from pages.common.safe_text import escape, one_line
from pages.common.verdicts import annotator
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Settlement
from skillrouter_core.records.agreement import Conflict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Place:
    """Where a settlement is made: the open conflict, and the names of the list in order."""

    conflict: Conflict
    line: Sequence[str]

    @property
    def name(self) -> str:
        """The open conflict's name in the address."""
        return state.pair_name(self.conflict.query_text, self.conflict.skill_id)


def settle(ws: Workspace, place: Place, grade: int | None) -> None:
    """Save the grade on which the open conflict is settled and go on to the next of the list."""
    if state.last_opened() != place.name:
        st.toast("Not saved: the next conflict was not drawn yet. Press again.")
        return
    one = place.conflict
    try:
        made = ws.labels.settle(
            one.query_text,
            one.skill_id,
            grade,
            annotator(),
            state.note(),
            content_hash=one.content_hash,
        )
    except SkillRouterError as error:
        st.toast(f"Not saved: {escape(str(error))}")
        return
    state.set_note("")
    st.toast(f"Saved: {_told(made)}. U takes it back.", icon=":material/check:")
    left = {state.pair_name(each.query_text, each.skill_id) for each in _listed(ws)}
    state.open_pair(following(place.line, place.name, left - {place.name}))


def undo(ws: Workspace) -> None:
    """Take this person's last settlement back and open its conflict with the note it had."""
    name = annotator()
    own = [one for one in ws.labels.settlements() if one.author == name]
    if not own:
        st.toast(f"{escape(name)} has settled nothing that could be undone.")
        return
    take_back(ws, own[-1])


def take_back(ws: Workspace, settlement: Settlement) -> None:
    """Take one settlement back and open its conflict."""
    try:
        ws.labels.undo_settlement(settlement.settlement_id, annotator())
    except SkillRouterError as error:
        st.toast(f"Not undone: {escape(str(error))}")
        return
    state.open_pair(state.pair_name(settlement.query_text, settlement.skill_id))
    state.set_note(settlement.note)
    st.toast(f"Undone: {_told(settlement)}.", icon=":material/undo:")


def _listed(ws: Workspace) -> Sequence[Conflict]:
    return filtered(ws.agreement.conflicts())


def _told(settlement: Settlement) -> str:
    """Return in few words what was settled."""
    skill = escape(one_line(settlement.skill_id.rpartition("/")[2], 40))
    return f"{skill} is {grade_word(settlement.grade)}"
