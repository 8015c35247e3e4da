"""The workbench for conflicts: the list on one side, the open conflict on the other.

Responsible for which conflict is open and for putting the parts together. Must not know how any
part is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement import state
from pages.common.agreement.filters import conflict_filters, filtered
from pages.common.agreement.keys import grade_buttons, note_field
from pages.common.agreement.pair import pair_head, two_texts
from pages.common.agreement.settle import Place
from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.agreement import Conflict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 18
MAX_DIGITS = 9
COLUMNS = (Column("Query"), Column("Skill", "42%", tail=True), Column("Grades", "4.4rem"))
_OPEN = "conflict open beside the list"


def conflicts_view(ws: Workspace) -> None:
    """Draw the list of conflicts and the open one."""
    every = ws.agreement.conflicts()
    if not every:
        st.success("No two people graded a pair differently.", icon=":material/check_circle:")
        return
    left, right = st.columns([4, 7], gap="medium")
    with left:
        conflict_filters(every)
    found = filtered(every)
    names = [state.pair_name(one.query_text, one.skill_id) for one in found]
    one = _opened(every, found, names)
    with left:
        _list(found, names)
    with right:
        if one is None:
            _nothing_open(every)
        else:
            _conflict(ws, Place(one, names))


def _opened(
    every: Sequence[Conflict], found: Sequence[Conflict], names: Sequence[str]
) -> Conflict | None:
    """Return the conflict of the address, whether listed or not, else the first of the list."""
    asked = state.opened()
    known = {state.pair_name(one.query_text, one.skill_id): one for one in every}
    if asked in known:
        state.open_pair(asked)
        return known[asked]
    state.open_pair(names[0] if names else "")
    return found[0] if found else None


def _nothing_open(every: Sequence[Conflict]) -> None:
    if any(one.serious and one.settlement is None for one in every):
        st.info("No conflict passes these filters. Lift one of them.", icon=":material/filter_alt:")
    else:
        st.success(
            "Every conflict is settled. Mild differences and settled ones are under State.",
            icon=":material/check_circle:",
        )


def _conflict(ws: Workspace, place: Place) -> None:
    text = ws.agreement.judged_text(place.conflict)
    pair_head(place.conflict, text, listed=place.name in place.line)
    grade_buttons(ws, place)
    note_field()
    two_texts(ws, place.conflict, text)


def _list(found: Sequence[Conflict], names: Sequence[str]) -> None:
    if not found:
        return
    pages = -(-len(found) // ROWS)
    page = min(max(_asked_page(names), 1), pages)
    first = (page - 1) * ROWS
    shown = names[first : first + ROWS]
    focus = shown.index(state.opened()) if state.opened() in shown else None
    focus_table(
        COLUMNS,
        [_row(one) for one in found[first : first + ROWS]],
        focus,
        "conflicts",
        label="Conflicts: query, skill, the grades people gave",
        on_pick=lambda row: state.open_pair(shown[row]),
    )
    at = f"; number {first + focus + 1:,} is open" if focus is not None else ""
    total = count(len(found), "conflict")
    st.caption(f"{first + 1:,} to {first + len(shown):,} of {total}{at}")
    if pages > 1:
        st.pagination(pages, key=state.PAGE, bind="query-params", max_visible_pages=5)


def _asked_page(names: Sequence[str]) -> int:
    """Return the page asked for; once another conflict is open, the page that it is on."""
    now, before = state.opened(), st.session_state.get(_OPEN)
    st.session_state[_OPEN] = now
    asked = st.session_state.get(state.PAGE) or st.query_params.get(state.PAGE)
    if now in names and (before not in {None, now} or not asked):
        st.session_state[state.PAGE] = asked = names.index(now) // ROWS + 1
    return int(asked) if str(asked).isdecimal() and len(str(asked)) < MAX_DIGITS else 1


def _row(one: Conflict) -> tuple[str, str, str]:
    grades = " ".join("?" if each.grade is None else str(each.grade) for each in one.verdicts)
    return one_line(one.query_text, 120), one.skill_id, grades
