"""What was decided about near-copies, by whom and when, and where two people disagree.

Responsible for the list of decisions. Must not know which of them counts: the workspace says.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common import dup_state
from pages.common.dup_table import Column, focus_table
from pages.common.dup_words import said
from pages.common.safe_text import escape, one_line
from pages.common.scores import count, when
from skillrouter_core.records import Decision

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 50
COLUMNS = (
    Column("When", "9.5rem"),
    Column("Who", "7rem"),
    Column("Verdict", "5.5rem"),
    Column("Skill", tail=True),
    Column("Other skill", tail=True),
    Column("Note", "24%"),
    Column("Taken back", "13rem"),
)


def history(ws: Workspace) -> None:
    """Draw every decision, newest first; a click opens its group."""
    undone = st.toggle("With decisions taken back", key="undone", bind="query-params")
    decisions = ws.duplicates.decisions(undone=undone)[::-1]
    contested = conflicts(decisions)
    if contested:
        _contested(contested)
    if not decisions:
        st.info("Nothing is decided yet. Open a group and decide by key.", icon=":material/info:")
        return
    pages = -(-len(decisions) // ROWS)
    page = 1
    with st.container(horizontal=True, vertical_alignment="center"):
        authors = count(len({one.author for one in decisions}), "person")
        st.caption(
            f"{count(len(decisions), 'decision')} by {authors.replace('persons', 'people')}",
            width="stretch",
        )
        if pages > 1:
            page = st.pagination(pages, key=dup_state.SHEET, bind="query-params")
    shown = decisions[(page - 1) * ROWS : page * ROWS]
    columns = COLUMNS if undone else COLUMNS[:-1]
    rows = [_row(one)[: len(columns)] for one in shown]
    label = "Decisions, newest first"
    focus_table(columns, rows, None, "history", label=label, on_pick=lambda at: _open(shown[at]))


def _open(decision: Decision) -> None:
    dup_state.open_group(decision.other_id or decision.skill_id, decision.skill_id)
    st.session_state[dup_state.TAB] = "groups"


def conflicts(decisions: Sequence[Decision]) -> dict[str, tuple[Decision, ...]]:
    """Return by skill the last words of people who disagree about it, newest first.

    `decisions` come newest first; those taken back do not count.
    """
    words: dict[str, dict[str, Decision]] = {}
    for one in decisions:
        if one.undone_at is None:
            words.setdefault(one.skill_id, {}).setdefault(one.author, one)
    return {
        skill_id: tuple(said.values())
        for skill_id, said in words.items()
        if len({(one.verdict, one.other_id) for one in said.values()}) > 1
    }


def _contested(contested: dict[str, tuple[Decision, ...]]) -> None:
    title = f"{count(len(contested), 'skill')} on which people disagree; the newest word counts"
    with st.expander(title, expanded=len(contested) <= 3, icon=":material/warning:"):
        for skill_id, decisions in list(contested.items())[:ROWS]:
            lines = "".join(f"\n- {said(one)}" for one in decisions)
            st.markdown(f"{escape(skill_id)}{lines}")
        if len(contested) > ROWS:
            st.caption(f"The first {ROWS} of {len(contested):,}.")


def _row(decision: Decision) -> tuple[str, ...]:
    taken_back = ""
    if decision.undone_at is not None:
        taken_back = f"by {decision.undone_by}, {when(decision.undone_at)}"
    return (
        when(decision.created_at),
        decision.author,
        decision.verdict.value,
        decision.skill_id,
        decision.other_id or "–",
        one_line(decision.note, 160),
        taken_back,
    )
