"""Words and figures of suites: standings, estimates, runs.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

from pages.common.scores import when
from skillrouter_core.records.suites import Estimate, Standing, SuiteAnswer, SuiteRun

NOT_ASKED, NO_ANSWER = "not asked yet", "–"
ALONE = {
    Standing.STILL_RIGHT: "right",
    Standing.STILL_WRONG: "wrong",
    Standing.NEVER: Standing.NEVER.value,
    Standing.OPEN: Standing.OPEN.value,
}
"""What the standings of a run are called that is held against no other."""

MEANINGS = {
    Standing.BROKEN.value: "right before, wrong now",
    Standing.FIXED.value: "wrong before, right now",
    Standing.NEVER.value: "no expected skill is among the 20 candidates of stage 1",
    Standing.STILL_WRONG.value: "an expected skill is a candidate, but not the first answer",
    Standing.STILL_RIGHT.value: "the first answer is an expected skill, as before",
    Standing.NEW.value: "only the newer run holds it",
    Standing.GONE.value: "only the older run holds it",
    Standing.OPEN.value: "no skill is named that should answer it, so it is not asked",
    NOT_ASKED: "saved or given an expected skill after the run",
    "right": "the first answer is an expected skill",
    "wrong": "an expected skill is a candidate, but not the first answer",
}
COLOURS = {"broken": "red", "never retrieved": "red", "fixed": "green", "new": "blue"}


def estimate(found: Estimate | None) -> str:
    """Return a mean with its 95% interval: 0.967 [0.917, 1.000]."""
    if found is None:
        return NO_ANSWER
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def difference(found: Estimate | None) -> str:
    """Return a change with its sign and interval: −0.017 [−0.050, 0.000]."""
    if found is None:
        return NO_ANSWER
    low, high = _signed(found.low), _signed(found.high)
    return f"{_signed(found.value)} [{low}, {high}]"


def _signed(value: float) -> str:
    rounded = round(value, 3)
    return f"{rounded:+.3f}".replace("-", "−") if rounded else "0.000"


def queries(number: int) -> str:
    """Return a number of queries with its unit: 1 query, 20 queries."""
    return f"{number:,} {'query' if number == 1 else 'queries'}"


def run_words(run: SuiteRun) -> str:
    """Return a run in a few words: its number, its time, and why it was made."""
    note = f" · {run.note}" if run.note else ""
    held = ", held" if run.held else ""
    return f"{run.run_id} · {when(run.created_at)}{note}{held}"


def index_words(run: SuiteRun) -> str:
    """Return which index answered a run."""
    return run.index_version.split(" ")[0].lstrip("0")


def first_answer(answer: SuiteAnswer | None) -> str:
    """Return the first skill of an answer, or a dash."""
    return answer.ranking[0] if answer is not None and answer.ranking else NO_ANSWER


def place(skill_id: str, ranking: tuple[str, ...]) -> str:
    """Return where a skill stands in a ranking: place 3, or not in the first 20."""
    return f"place {ranking.index(skill_id) + 1}" if skill_id in ranking else "not in the first 20"
