"""The figures of an evaluation, whole and in parts, beside those of another.

Responsible for the tables. Must not know how a figure is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate.answer import query_detail
from pages.common.evaluate.chosen import how
from pages.common.evaluate.parts import HELP, cut, interval, parted
from pages.common.evaluate.queries import query_list
from pages.common.safe_text import escape
from skillrouter_core.records.evaluations import Evaluation
from skillrouter_core.workspace.evaluation_views import (
    FIGURES,
    Comparison,
    PairedDifference,
    Part,
    compare,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def figures(ws: Workspace, after: Evaluation, before: Evaluation | None) -> None:
    """Draw the figures of an evaluation and, if there is one to hold it against, the change."""
    left, right = st.columns([5, 6] if before is None else [6, 6], gap="medium")
    with left:
        _whole(after, before)
    with right:
        cut(ws, after)
    if before is not None:
        _changes(before, after)


def _whole(after: Evaluation, before: Evaluation | None) -> None:
    st.markdown(f"**All queries** :small[:gray[{after.info.tasks:,} asked]]")
    now = parted(after, "")[0]
    columns = [Column("Figure"), Column("Value [95%]", "11rem", True)]
    change: Comparison | None = None
    then: Part | None = None
    if before is not None:
        change, then = _compared(before, after), parted(before, "")[0]
        columns += [Column("Before", "4.5rem", True), Column("Change [95%]", "12.5rem", True)]
    rows = []
    for name in FIGURES:
        row = [name, interval(now.figures[name])]
        if change is not None and then is not None:
            row += [f"{then.figures[name].mean:.3f}", difference(change.differences[name])]
        rows.append(row)
    focus_table(columns, rows, None, "figures", label="Figures of all queries")
    st.caption("  \n".join(f"{name}: {HELP[name]}" for name in FIGURES if name in HELP))


def _changes(before: Evaluation, after: Evaluation) -> None:
    change = _compared(before, after)
    st.markdown(
        f"**Changed against {escape(how(before.info))}**: {len(change.fixed)} fixed, "
        f"{len(change.spoiled)} spoiled"
    )
    fixed, spoiled = st.columns(2, gap="large")
    with fixed:
        st.markdown(":green[Fixed]: right now, wrong before")
        query_list([pair[1] for pair in change.fixed], "fixed since")
    with spoiled:
        st.markdown(":red[Spoiled]: wrong now, right before")
        query_list([pair[1] for pair in change.spoiled], "spoiled since")
    query_detail([pair[1] for pair in (*change.fixed, *change.spoiled)])


def difference(change: PairedDifference) -> str:
    """Return a change with its interval."""
    return f"{change.difference:+.3f} [{change.low:+.3f}, {change.high:+.3f}]"


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Evaluation: lambda one: one.info})
def _compared(before: Evaluation, after: Evaluation) -> Comparison:
    return compare(before, after)
