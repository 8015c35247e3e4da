"""What is labelled, by source and side of the split, and what a run would use of it.

Responsible for drawing both, and for what to do where something is missing. Must not know how
labels are collected.
"""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import escape
from skillrouter_core.records.training import LabelCount, TrainingPlan, TrainKind

LABELS = (
    Column("From", "8rem", help="judged on the page Label, imported, or expected of a query"),
    Column("Side", help="Held-out queries are never trained on: they measure."),
    Column("Queries", "5rem", True),
    Column("Right", "5rem", True, "Graded 3; useful (2) where a query has no 3; or expected"),
    Column("Related", "5rem", True, "Graded 1: hard negatives"),
    Column("Wrong", "5rem", True, "Graded 0: negatives"),
)
USE = (Column("A run would use"), Column("", "6rem", True))
LEFT = (Column("Left out, and why"), Column("Queries", "6rem", True))


def labelled(plan: TrainingPlan) -> None:
    """Draw the labels there are, what a run would take of them and what it leaves out."""
    st.markdown("**Labelled**")
    if plan.labels:
        rows = [
            (one.source, one.split, *(f"{number:,}" for number in _numbers(one)))
            for one in plan.labels
        ]
        focus_table(LABELS, rows, None, "labelled", label="Labels by source and side")
    else:
        st.info(
            "Nothing is labelled yet. Save some requests on the page Queries, say there which "
            "skills they expect, or grade skills for them on the page Label.",
            icon=":material/lightbulb:",
        )
        ways_on()
    _use(plan)


def _numbers(one: LabelCount) -> tuple[int, ...]:
    return (one.queries, one.right, one.related, one.wrong)


def _use(plan: TrainingPlan) -> None:
    rows = [
        ("queries with a right answer", f"{plan.queries:,}"),
        ("queries written from skills", f"{plan.generated:,}"),
        *_examples(plan),
        *((f"steps of the {part}", f"{steps:,}") for part, steps in plan.steps.items()),
    ]
    focus_table(USE, rows, None, "use", label="What a run would use")
    if plan.left_out:
        left = [(why, f"{queries:,}") for why, queries in plan.left_out.items()]
        focus_table(LEFT, left, None, "left out", label="Queries left out")
    for note in plan.notes:
        st.caption(escape(note))


def _examples(plan: TrainingPlan) -> Iterator[tuple[str, str]]:
    if TrainKind.ENCODER in plan.options.parts:
        yield "pairs of a query and a right skill, for the encoder", f"{plan.pairs:,}"
    if TrainKind.RERANKER in plan.options.parts:
        yield "lists of candidates, for the reranker, at most", f"{plan.lists:,}"


def missing(plan: TrainingPlan) -> None:
    """Say what keeps a run from starting, and where to go."""
    with st.container(border=True):
        st.markdown("**Before it can start:**")
        for reason in plan.missing:
            st.markdown(f"- {escape(reason)}")
        if plan.labels:
            ways_on()


def ways_on() -> None:
    """Draw the ways to more labels."""
    with st.container(horizontal=True):
        st.page_link("queries.py", label="Queries", icon=":material/list:")
        st.page_link("label.py", label="Label", icon=":material/label:")
