"""Words and short numbers for agreement, grades and rates.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

from pages.common.safe_text import escape
from pages.common.scores import count, when
from pages.common.verdicts import GRADE_WORDS
from skillrouter_core.records import Judgement
from skillrouter_core.records.agreement import Alpha, Pace

RELIABLE, TENTATIVE = 0.8, 2 / 3
"""Krippendorff's customary limits: from the first, data can be relied on; from the second, only
for tentative conclusions."""
MINUS = "\u2212"


def grade_word(grade: int | None) -> str:
    """Return a grade as people read it: its number and its word."""
    return GRADE_WORDS[None] if grade is None else f"{grade} {GRADE_WORDS[grade]}"


def trust(alpha: Alpha) -> str:
    """Return one sentence (Markdown of our own) that answers whether labels can be trusted."""
    if alpha.value is None or alpha.low is None or alpha.high is None:
        return "**Nobody can tell yet:** " + alpha.reason + "."
    if alpha.low >= RELIABLE:
        return "**Yes.** People agree well enough to rely on the labels."
    if alpha.low >= TENTATIVE:
        return "**With care.** People agree enough for tentative conclusions."
    if alpha.high < TENTATIVE:
        return (
            "**No.** People disagree too much; settle conflicts and write down what a grade means."
        )
    return "**Not proven.** The interval reaches below 0.67; more pairs graded by two would tell."


def alpha_words(alpha: Alpha) -> str:
    """Return alpha with its interval and on how many pairs."""
    pairs = count(alpha.pairs, "pair")
    if alpha.value is None or alpha.low is None or alpha.high is None:
        return f"no alpha ({pairs} graded by two people or more)"
    between = f"{number(alpha.low)} to {number(alpha.high)}"
    return f"alpha {number(alpha.value)}, 95% interval {between}, on {pairs}"


def number(value: float, *, sign: bool = False) -> str:
    """Return a number with two decimals and a real minus; `sign` shows a plus too."""
    if round(value, 2) == 0:
        return "0.00"
    return f"{value:{'+' if sign else ''}.2f}".replace("-", MINUS)


def people(number_of: int) -> str:
    """Return how many people, in words."""
    return "1 person" if number_of == 1 else f"{number_of:,} people"


def rate(pace: Pace) -> str:
    """Return verdicts an active hour, or a dash."""
    return "–" if pace.per_hour is None else f"{pace.per_hour:,.0f}"


def span(seconds: float) -> str:
    """Return a duration, coarse: 48 s, 12 min, 3.5 h."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 3600 else f"{seconds / 3600:.1f} h"


def said(one: Judgement) -> str:
    """Return Markdown for one verdict: what, by whom, when, how long it took, and the note."""
    took = "" if one.seconds is None else f", {span(one.seconds)}"
    note = f" “{escape(one.note)}”" if one.note else ""
    by = f"{escape(one.annotator)}, {when(one.created_at)}{took}"
    return f"**{grade_word(one.grade)}** :small[:gray[{by}]]{note}"
