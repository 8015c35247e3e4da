"""How far the labelling has come: today, by the hour, by grade, by person, by query set.

Responsible for drawing the figures. Must not know how they are counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement.coverage import coverage_view
from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.words import grade_word, people, rate, span
from pages.common.safe_text import one_line
from pages.common.scores import count, when
from skillrouter_core.records.agreement import (
    GRADES,
    HourTally,
    LabelProgress,
    Pace,
    PersonTally,
    SuiteTally,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NAME_CHARS = 60
RATE = Figure(
    "Per hour",
    "5rem",
    number=True,
    help="Verdicts an active hour: time without a key or a movement is not counted",
)
HOURS = (
    Figure("Hour", "3.9rem"),
    Figure("Verdicts", text="2.2rem"),
    RATE,
    Figure("People", "4.2rem", number=True),
)
BALANCE = (Figure("Grade", "6.2rem"), Figure("Pairs", text="5.8rem"))
PEOPLE = (
    Figure("Person"),
    Figure("Today", "4rem", number=True, help="Verdicts since midnight"),
    Figure("All", "4.2rem", number=True, help="Verdicts not taken back, repeats among them"),
    RATE,
    Figure("Median", "4.2rem", number=True, help="Active time for one verdict"),
    Figure("3 / 2 / 1 / 0", "10rem", help="Pairs by grade: right, useful, related, wrong"),
    Figure("Can't tell", "4.9rem", number=True),
    Figure("Undone", "4.2rem", number=True, help="Verdicts that were taken back"),
    Figure("Last", "8.6rem"),
)
SUITES = (
    Figure("Query set"),
    Figure("Queries", "4.6rem", number=True),
    Figure("Held out", "4.8rem", number=True, help="Queries that only measure, never train"),
    Figure("With a verdict", "34%", text="6.4rem"),
    Figure("Pairs", "4.6rem", number=True, help="Query-skill pairs with a verdict"),
    Figure("Verdicts", "4.8rem", number=True),
)


def progress_view(ws: Workspace) -> None:
    """Draw all figures."""
    found = ws.agreement.progress()
    _totals(found)
    hours, grades = st.columns([3, 2], gap="large")
    with hours:
        st.markdown("**Last hours**")
        figure_table(HOURS, _hours(found.hours), "hours", label="Verdicts by the hour")
    with grades:
        st.markdown("**Consensus** :small[:gray[pairs by the grade that counts]]")
        figure_table(BALANCE, _balance(found), "balance", label="Pairs by grade")
    st.markdown("**People**")
    figure_table(PEOPLE, [_person(one) for one in found.people], "people", label="By person")
    if found.suites:
        st.markdown("**Query sets**")
        rows = [_suite(one) for one in found.suites]
        figure_table(SUITES, rows, "suites", label="Query sets and what is judged of them")
    coverage_view(ws)


def _totals(found: LabelProgress) -> None:
    st.markdown(
        f"**Today {_pace(found.today)}.** In all {_pace(found.all)} by {people(len(found.people))} "
        f"on {count(found.pairs, 'pair')}, {found.doubled:,} of them by two people or more; "
        f"{found.contested:,} to settle, {found.settled:,} settled."
    )


def _pace(pace: Pace) -> str:
    if pace.per_hour is None:
        return count(pace.verdicts, "verdict")
    return (
        f"{count(pace.verdicts, 'verdict')} in {span(pace.seconds)} of active time "
        f"({pace.per_hour:,.0f} an hour)"
    )


def _hours(hours: Sequence[HourTally]) -> list[Sequence[str | Bar]]:
    most = max((one.pace.verdicts for one in hours), default=0) or 1
    return [
        (
            one.start.strftime("%H:%M"),
            Bar(f"{one.pace.verdicts:,}", one.pace.verdicts / most),
            rate(one.pace),
            f"{one.annotators:,}" if one.annotators else "–",
        )
        for one in hours
    ]


def _balance(found: LabelProgress) -> list[Sequence[str | Bar]]:
    total = sum(found.balance) or 1
    grades: tuple[int | None, ...] = (*GRADES, None)
    pairs = dict(zip(grades, found.balance, strict=True))
    return [
        (
            grade_word(grade),
            Bar(f"{pairs[grade]:,} ({pairs[grade] / total:.0%})", pairs[grade] / total),
        )
        for grade in (3, 2, 1, 0, None)
    ]


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
