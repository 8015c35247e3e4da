"""How far the labelling has come: today, by the hour, by grade, and the tables below.

Responsible for drawing the figures and putting the view together. Must not know how they are
counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement.coverage import coverage_view
from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.tables import RATE, people_table, suite_table
from pages.common.agreement.words import grade_word, people, rate, span
from pages.common.scores import count
from skillrouter_core.records.agreement import (
    GRADES,
    HourTally,
    LabelProgress,
    Pace,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

HOURS = (
    Figure("Hour", "3.9rem"),
    Figure("Verdicts", text="2.2rem"),
    RATE,
    Figure("People", "4.2rem", number=True),
)
BALANCE = (Figure("Grade", "6.2rem"), Figure("Pairs", text="5.8rem"))


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
    people_table(found.people)
    suite_table(found.suites)
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
