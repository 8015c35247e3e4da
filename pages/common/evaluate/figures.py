"""The figures of an evaluation, whole and in parts, beside those of another.

Responsible for the tables. Must not know how a figure is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate import state
from pages.common.evaluate.answer import query_detail
from pages.common.evaluate.chosen import how
from pages.common.evaluate.parts import cut, parted
from pages.common.evaluate.queries import changed_lists
from pages.common.evaluate.words import HELP, P_VALUE, difference, interval, p_value
from pages.common.safe_text import escape
from skillrouter_core.records.evaluations import Evaluation
from skillrouter_core.workspace.evaluation_views import (
    FIGURES,
    Comparison,
    Part,
    compare,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

FEW = 30
"""Queries below which a bootstrap says little of how far figures could be off."""


def figures(ws: Workspace, after: Evaluation, before: Evaluation | None) -> None:
    """Draw the figures of an evaluation and, if there is one to hold it against, the change."""
    left, right = st.columns([5, 6] if before is None else [11, 10], gap="medium")
    with left:
        _whole(after, before)
    with right:
        cut(ws, after, before)
    if before is not None:
        _changes(ws, before, after)


def _whole(after: Evaluation, before: Evaluation | None) -> None:
    st.markdown(f"**All queries** :small[:gray[{after.info.tasks:,} asked]]")
    now = parted(after, "")[0]
    columns = [Column("Figure"), Column("Value [95%]", "10.2rem", True)]
    change: Comparison | None = None
    then: Part | None = None
    if before is not None:
        change, then = _compared(before, after), parted(before, "")[0]
        columns += [Column("Before", "4rem", True), Column("Change [95%]", "12.5rem", True)]
        columns += [Column("p", "3.7rem", True, P_VALUE)]
    rows = []
    for name in FIGURES:
        row = [name, interval(now.figures[name])]
        if change is not None and then is not None:
            found = change.differences[name]
            row += [f"{then.figures[name].mean:.3f}", difference(found), p_value(found)]
        rows.append(row)
    focus_table(columns, rows, None, "figures", label="Figures of all queries")
    st.caption("  \n".join(f"{name}: {HELP[name]}" for name in FIGURES if name in HELP))
    if now.tasks < FEW:
        st.caption(
            f"{now.tasks:,} queries are few: an interval without width, where all have the same "
            "value, proves little."
        )


def _changes(ws: Workspace, before: Evaluation, after: Evaluation) -> None:
    change = _compared(before, after)
    fixed, spoiled = ([pair[1] for pair in pairs] for pairs in (change.fixed, change.spoiled))
    st.markdown(
        f"**Changed against {escape(how(before.info))}**: {len(fixed):,} fixed, "
        f"{len(spoiled):,} spoiled"
    )
    if not fixed and not spoiled:
        return
    changed_lists(
        ("Fixed: right now, wrong before", fixed, "fixed since", state.BETTER),
        ("Spoiled: wrong now, right before", spoiled, "spoiled since", state.WORSE),
    )
    query_detail(ws, [*fixed, *spoiled])


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Evaluation: lambda one: one.info})
def _compared(before: Evaluation, after: Evaluation) -> Comparison:
    return compare(before, after)
