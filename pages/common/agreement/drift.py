"""Whether people still judge as before: repeats of the same pair by the same person.

Responsible for drawing the figures. Must not know how repeats are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.words import number
from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.agreement import Drift, DriftPoint

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NAME_CHARS = 40
WIDEST = 3
"""The largest change that grades allow."""
STRETCHES = 14
"""So many days or weeks are listed for each person; earlier ones are in the totals."""
FEW = 30
"""Below so many repeats an interval made from the repeats themselves is not to be relied on."""
STEADY = (
    "A repeat counts where the same text was judged at least three minutes after the first time."
)
EQUAL = Figure("Same grade again, 95% interval", "30%", text="10rem")
CHANGE = Figure(
    "Mean change in grades, 95% interval",
    "32%",
    text="10.6rem",
    ticks=(0.5,),
    help=f"From {WIDEST} grades stricter to {WIDEST} milder; the line is no change",
)
PERSON = (
    Figure("Person"),
    Figure("Repeats", "5rem", number=True),
    EQUAL,
    CHANGE,
    Figure("", "7.2rem"),
)
STRETCH = (
    Figure("Person"),
    Figure("From", "6.4rem"),
    Figure("Repeats", "5rem", number=True),
    Figure("Same grade again", "30%", text="2.8rem"),
    Figure("Mean change in grades", "32%", text="3rem", ticks=(0.5,)),
)


def drift_view(ws: Workspace) -> None:
    """Draw each person's steadiness, and how it went over time."""
    found = ws.agreement.drift()
    if not found:
        st.info(
            "Nobody has judged a pair twice yet. The Label page brings a few pairs back to the "
            "same person after fifty others, to see whether their grades stay the same.",
            icon=":material/repeat:",
        )
        return
    repeats = sum(one.repeats for one in found)
    st.markdown(f"**{count(repeats, 'repeat')}** :small[:gray[{STEADY}]]")
    figure_table(PERSON, [_person(one) for one in found], "drift", label="Repeats by person")
    _notes(found)
    stretches = [(one, point) for one in found for point in one.points[-STRETCHES:]]
    st.markdown("**Over time**")
    figure_table(STRETCH, [_stretch(*each) for each in stretches], "stretches", label="Over time")


def _notes(found: Sequence[Drift]) -> None:
    notes = []
    unsure = sum(one.unsure for one in found)
    if unsure:
        notes.append(f"{count(unsure, 'repeat')} with a “can't tell” left out.")
    if any(one.repeats < FEW for one in found):
        notes.append(
            f"Below {FEW} repeats the interval itself is unsure; where all are alike it has no "
            "width and proves little."
        )
    if notes:
        st.caption(" ".join(notes))


def _person(one: Drift) -> Sequence[str | Bar]:
    low, high = one.equal_interval
    least, most = one.change_interval
    changed = (
        f"{number(one.change, sign=True)} ({number(least, sign=True)} to {number(most, sign=True)})"
    )
    return (
        one_line(one.annotator, NAME_CHARS),
        f"{one.repeats:,}",
        Bar(f"{one.equal:.0%} ({low:.0%} to {high:.0%})", high, low, one.equal),
        Bar(changed, _place(most), _place(least), _place(one.change)),
        _direction(least, most),
    )


def _direction(least: float, most: float) -> str:
    if least > 0:
        return "milder"
    return "stricter" if most < 0 else "no drift seen"


def _stretch(one: Drift, point: DriftPoint) -> Sequence[str | Bar]:
    middle, at = 0.5, _place(point.change)
    return (
        one_line(one.annotator, NAME_CHARS),
        point.start.strftime("%Y-%m-%d"),
        f"{point.repeats:,}",
        Bar(f"{point.equal:.0%}", point.equal),
        Bar(number(point.change, sign=True), max(at, middle), min(at, middle), at),
    )


def _place(change: float) -> float:
    """Return where a change lies on a track from `WIDEST` stricter to `WIDEST` milder."""
    return (change + WIDEST) / (2 * WIDEST)
