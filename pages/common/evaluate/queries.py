"""Lists of an evaluation's queries: what went wrong, what stage 2 changed.

Responsible for the lists and for which query is open. Must not know how one query is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate import state
from pages.common.evaluate.answer import query_detail
from pages.common.safe_text import one_line
from pages.common.scores import score
from skillrouter_core.records.evaluations import EvaluatedTask, Evaluation
from skillrouter_core.workspace.evaluation_views import misses, stage2_effect

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 12
QUERIES = (
    Column("Query"),
    Column("First answer", "24%"),
    Column("Right", "24%"),
    Column("Sure", "3.6rem", True, "Confidence of the answer, 0 to 1"),
)
ALL = "all"
KINDS: dict[str, Callable[[EvaluatedTask], bool]] = {
    "not retrieved": lambda task: not task.retrieved,
    "ranked lower": lambda task: task.retrieved and not task.copy_of,
    "near-copy first": lambda task: bool(task.copy_of),
}
MEANINGS = {
    ALL: "Every query whose first answer is wrong.",
    "not retrieved": "No right skill is among stage 1's 20 candidates, so stage 2 could not win.",
    "ranked lower": "A right skill is a candidate, but another one came first.",
    "near-copy first": "The first answer is a near-copy of a right skill.",
}


def misses_of(ws: Workspace, made: Evaluation) -> None:
    """Draw the queries whose first answer is wrong, and the route of the one in focus."""
    wrong = misses(made.tasks)
    parts = ", ".join(f"{sum(map(is_one, wrong)):,} {kind}" for kind, is_one in KINDS.items())
    st.markdown(
        f"**{len(wrong):,} of {len(made.tasks):,}** queries got a wrong first answer"
        f"{f': {parts}' if wrong else ''}. The most confident come first."
    )
    if not wrong:
        return
    kind = st.segmented_control(
        "Misses shown",
        (ALL, *KINDS),
        default=ALL,
        required=True,
        key=state.KIND,
        bind="query-params",
        on_change=state.first_pages,
        label_visibility="collapsed",
    )
    st.caption(MEANINGS[kind or ALL])
    shown = [task for task in wrong if kind in (None, ALL) or KINDS[kind](task)]
    if shown:
        query_list(shown, "misses", state.MISSES)
        query_detail(ws, shown)


def stage2_of(ws: Workspace, made: Evaluation) -> None:
    """Draw what stage 2 fixed and what it spoiled."""
    if not made.info.rerank:
        st.info("Stage 2 was switched off here: stage 1's answer is the answer.")
        return
    fixed, spoiled = stage2_effect(made.tasks)
    st.markdown(
        f"Stage 2 put **{len(fixed):,}** queries right that stage 1 had wrong, and "
        f"**{len(spoiled):,}** wrong that stage 1 had right."
    )
    changed_lists(
        ("Fixed: right after stage 2", fixed, "fixed by stage 2", state.FIXED),
        ("Spoiled: right before stage 2", spoiled, "spoiled by stage 2", state.SPOILED),
    )
    query_detail(ws, [*fixed, *spoiled])


def changed_lists(*lists: tuple[str, Sequence[EvaluatedTask], str, str]) -> None:
    """Draw what was fixed and what was spoiled beside each other.

    Each is a heading, its queries, the list's name, and the parameter of its page.
    """
    places = zip(st.columns(2, gap="large"), ("green", "red"), lists, strict=True)
    for place, colour, (heading, tasks, name, sheet) in places:
        with place:
            st.markdown(f":{colour}[{heading}]")
            if tasks:
                query_list(tasks, name, sheet)
            else:
                st.caption("None.")


def query_list(tasks: Sequence[EvaluatedTask], name: str, sheet: str) -> None:
    """Draw one page of a list of queries; one asked for is put into the address."""
    ids = [task.task_id for task in tasks]
    asked, pages = state.read(state.TASK), -(-len(tasks) // ROWS)
    if asked in ids and sheet not in st.session_state and sheet not in st.query_params:
        st.session_state[sheet] = ids.index(asked) // ROWS + 1  # a link to a query finds its page
    page = min(max(int(st.session_state.get(sheet) or st.query_params.get(sheet) or 1), 1), pages)
    first = (page - 1) * ROWS
    part = ids[first : first + ROWS]
    focus_table(
        QUERIES,
        [_row(task) for task in tasks[first : first + ROWS]],
        part.index(asked) if asked in part else None,
        name,
        label=f"Queries: {name}",
        on_pick=lambda at: state.put(state.TASK, part[at]),
    )
    if pages > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{first + 1:,} to {first + len(part):,} of {len(tasks):,}")
            st.pagination(pages, key=sheet, bind="query-params")


def _row(task: EvaluatedTask) -> tuple[str, ...]:
    first, right = "no answer", task.right_names
    if task.candidates:
        top = task.candidates[0]
        first = top.name
        if first in right and top.skill_id not in task.right:  # the name alone would not tell
            first, right = top.skill_id, task.right
    return (
        one_line(task.query, 140),
        one_line(first, 80),
        one_line(", ".join(right), 80),
        score(task.confidence),
    )
