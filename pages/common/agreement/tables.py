"""What each person said so far, and how far each query set is labelled.

Responsible for the two tables. Must not know how anything is counted.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.words import rate
from pages.common.safe_text import one_line
from pages.common.scores import count, when
from skillrouter_core.records.agreement import PersonTally, SuiteTally

NAME_CHARS = 60
SHOWN = 50
"""Rows of each table; what is beyond is counted."""
RATE = Figure(
    "Per hour",
    "5rem",
    number=True,
    help="Verdicts an active hour: time without a key or a movement is not counted",
)
PEOPLE = (
    Figure("Person"),
    Figure("Today", "4rem", number=True, help="Verdicts since midnight"),
    Figure("All", "4.2rem", number=True, help="Verdicts not taken back, repeats among them"),
    RATE,
    Figure("Median", "4.9rem", number=True, help="Active time for one verdict"),
    Figure("3 / 2 / 1 / 0", "14rem", help="Pairs by grade: right, useful, related, wrong"),
    Figure("Can't tell", "5.6rem", number=True),
    Figure("Undone", "5rem", number=True, help="Verdicts that were taken back"),
    Figure("Last", "9.6rem"),
)
SUITES = (
    Figure("Query set"),
    Figure("Queries", "4.6rem", number=True),
    Figure("Held out", "4.8rem", number=True, help="Queries that only measure, never train"),
    Figure("With a verdict", "34%", text="6.6rem"),
    Figure("Pairs", "4.6rem", number=True, help="Query-skill pairs with a verdict"),
    Figure("Verdicts", "4.8rem", number=True),
)


def people_table(people: Sequence[PersonTally]) -> None:
    """Draw what each person said."""
    st.markdown("**People**")
    rows = [_person(one) for one in people[:SHOWN]]
    figure_table(PEOPLE, rows, "people", label="What each person said")
    _more(len(people))


def suite_table(suites: Sequence[SuiteTally]) -> None:
    """Draw how far each query set is labelled; nothing where no query is saved."""
    if not suites:
        return
    st.markdown("**Query sets**")
    rows = [_suite(one) for one in suites[:SHOWN]]
    figure_table(SUITES, rows, "suites", label="Query sets and what is judged of them")
    _more(len(suites))


def _more(total: int) -> None:
    if total > SHOWN:
        st.caption(f"The first {SHOWN} of {count(total, 'row')}, by name.")


def _person(one: PersonTally) -> Sequence[str]:
    *graded, unsure = one.balance
    median = "–" if one.median_seconds is None else f"{one.median_seconds:.1f} s"
    return (
        one_line(one.annotator, NAME_CHARS),
        f"{one.today.verdicts:,}",
        f"{one.all.verdicts:,}",
        rate(one.all),
        median,
        " / ".join(f"{each:,}" for each in reversed(graded)),
        f"{unsure:,}",
        f"{one.taken_back:,}",
        when(one.last_at),
    )


def _suite(one: SuiteTally) -> Sequence[str | Bar]:
    share = one.judged / one.queries if one.queries else 0.0
    return (
        one_line(one.suite, NAME_CHARS),
        f"{one.queries:,}",
        f"{one.held_out:,}",
        Bar(f"{one.judged:,} ({share:.0%})", share),
        f"{one.pairs:,}",
        f"{one.verdicts:,}",
    )
