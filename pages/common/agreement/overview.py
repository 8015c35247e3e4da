"""How far people agree: alpha over all, over every two people, and which grades met which.

Responsible for drawing the figures and how to read them. Must not know how they are computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.words import (
    RELIABLE,
    TENTATIVE,
    grade_word,
    number,
    people,
)
from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.agreement import GRADES, AgreementReport, Alpha, TwoPeople

FEW_PAIRS = 30
"""Below so many pairs an interval made from the pairs themselves is not to be relied on."""
NAME_CHARS = 40
READING = (
    "1 is full agreement, 0 what chance alone would give, below 0 is worse than chance. By custom "
    "data from 0.80 up can be relied on, and from 0.67 up for tentative conclusions. Grades are "
    "taken as an order: 3 against 0 weighs more than 3 against 2. “Can't tell” counts as nothing "
    "said. Only verdicts on the same text of a skill are held against each other. The interval "
    "draws pairs at random; where few queries have many pairs each, it is somewhat too narrow."
)
TWOS = (
    Figure("Person"),
    Figure("And"),
    Figure("Pairs", "4rem", number=True, help="Query-skill pairs that both graded"),
    Figure(
        "Alpha with its 95% interval, 0 to 1",
        "39%",
        text="9.6rem",
        ticks=(TENTATIVE, RELIABLE),
        help="The lines are at 0.67 and 0.80",
    ),
    Figure("Equal", "4rem", number=True, help="Share of pairs with the same grade"),
    Figure(
        "Difference",
        "5.6rem",
        number=True,
        help="Mean grade of the second less the first; above 0 the second is milder",
    ),
)


def overview(report: AgreementReport) -> None:
    """Draw alpha of everybody and of every two people, and how often each grade met each other."""
    left, right = st.columns([7, 4], gap="large")
    with left:
        _agreement(report)
    with right:
        _meetings(report)
        with st.expander("How to read alpha", icon=":material/help:"):
            st.markdown(READING)


def _agreement(report: AgreementReport) -> None:
    alpha, everybody = report.alpha, people(len(report.annotators))
    st.markdown(
        f"**{everybody}** :small[:gray[{count(alpha.grades, 'grade')} on {alpha.pairs:,} pairs "
        f"with two grades or more; {report.unsure:,} of {count(report.verdicts, 'verdict')} are "
        "“can't tell”]]"
    )
    met = sum(map(sum, report.meetings))
    same = sum(report.meetings[grade][grade] for grade in GRADES)
    share = f"{same / met:.0%}" if met else "–"
    rows: list[Sequence[str | Bar]] = [
        ("everybody", "", f"{alpha.pairs:,}", _interval(alpha), share, "")
    ]
    rows += [_two(each) for each in report.people if len(report.annotators) > 2]
    label = "Agreement of everybody and of every two people"
    figure_table(TWOS, rows, "twos", label=label)
    notes = []
    if alpha.value is not None and alpha.pairs < FEW_PAIRS:
        notes.append(
            f":orange[{count(alpha.pairs, 'pair')} are few: below {FEW_PAIRS} the interval itself "
            "is unsure.]"
        )
    if report.people_left_out:
        notes.append(f"{report.people_left_out:,} twos with fewer pairs in common are not listed.")
    if notes:
        st.caption("  \n".join(notes))


def _two(each: TwoPeople) -> Sequence[str | Bar]:
    return (
        one_line(each.one, NAME_CHARS),
        one_line(each.other, NAME_CHARS),
        f"{each.alpha.pairs:,}",
        _interval(each.alpha),
        f"{each.equal:.0%}",
        number(each.difference, sign=True),
    )


def _interval(alpha: Alpha) -> Bar | str:
    if alpha.value is None or alpha.low is None or alpha.high is None:
        return alpha.reason
    text = f"{number(alpha.value)} ({number(alpha.low)} to {number(alpha.high)})"
    return Bar(text, end=max(alpha.high, 0), start=max(alpha.low, 0), at=max(alpha.value, 0))


def _meetings(report: AgreementReport) -> None:
    total = sum(map(sum, report.meetings))
    if not total:
        return
    same = sum(report.meetings[grade][grade] for grade in GRADES)
    st.markdown(
        f"**Which grades met** :small[:gray[{count(total, 'meeting')} of two grades, "
        f"{same / total:.0%} the same]]"
    )
    columns = (Figure("", "6.5rem"), *(Figure(grade_word(g), number=True) for g in GRADES))
    rows = [(grade_word(row), *(_met(report, row, column) for column in GRADES)) for row in GRADES]
    figure_table(columns, rows, "meetings", label="How often each grade met each other one")


def _met(report: AgreementReport, row: int, column: int) -> str:
    return f"{report.meetings[row][column]:,}" if column >= row else ""
