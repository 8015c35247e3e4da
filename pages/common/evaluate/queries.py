"""Lists of an evaluation's queries: what went wrong, what stage 2 changed.

Responsible for the lists and for which query is open. Must not know how one query is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate.answer import TASK, query_detail
from pages.common.safe_text import one_line
from skillrouter_core.records.evaluations import EvaluatedTask, Evaluation
from skillrouter_core.workspace.evaluation_views import misses, stage2_effect

SHEET = "sheet"
ROWS = 12
QUERIES = (Column("Query"), Column("First answer", "12rem"), Column("Right", "12rem"))


def misses_of(made: Evaluation) -> None:
    """Draw the queries whose first answer is wrong, and the route of the one in focus."""
    wrong = misses(made.tasks)
    lost = sum(not task.retrieved for task in wrong)
    copies = sum(bool(task.copy_of) for task in wrong)
    st.markdown(
        f"**{len(wrong):,} of {len(made.tasks):,}** queries got a wrong first answer: {lost:,} "
        f"were never retrieved, {copies:,} got a near-copy of the right skill. The most "
        "confident come first."
    )
    if wrong:
        _browse(wrong, "misses")


def stage2_of(made: Evaluation) -> None:
    """Draw what stage 2 fixed and what it spoiled."""
    fixed, spoiled = stage2_effect(made.tasks)
    st.markdown(
        f"Stage 2 put **{len(fixed):,}** queries right that stage 1 had wrong, and "
        f"**{len(spoiled):,}** wrong that stage 1 had right."
    )
    if fixed:
        st.markdown(":green[Fixed]")
        query_list(fixed, "fixed by stage 2")
    if spoiled:
        st.markdown(":red[Spoiled]")
        query_list(spoiled, "spoiled by stage 2")
    query_detail([*fixed, *spoiled])


def query_list(tasks: Sequence[EvaluatedTask], name: str) -> None:
    """Draw a list of queries; one asked for is put into the address."""
    shown = tasks[:ROWS]
    ids = [task.task_id for task in shown]
    asked = st.query_params.get(TASK)
    focus_table(
        QUERIES,
        [_row(task) for task in shown],
        ids.index(asked) if asked in ids else None,
        name,
        label=f"Queries: {name}",
        on_pick=lambda at: _open(ids[at]),
    )
    if len(tasks) > ROWS:
        st.caption(f"The first {ROWS} of {len(tasks):,}.")


def _browse(tasks: Sequence[EvaluatedTask], name: str) -> None:
    pages = -(-len(tasks) // ROWS)
    page = st.pagination(pages, key=SHEET, bind="query-params") if pages > 1 else 1
    page = min(page, pages)
    query_list(tasks[(page - 1) * ROWS : page * ROWS], name)
    query_detail(tasks)


def _row(task: EvaluatedTask) -> tuple[str, ...]:
    first = task.candidates[0].name if task.candidates else "no answer"
    return (one_line(task.query, 140), one_line(first, 40), one_line(task.right_names[0], 40))


def _open(task_id: str) -> None:
    st.query_params[TASK] = task_id
