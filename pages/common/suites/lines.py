"""The queries of a suite as lines: what became of each, and those no run has asked.

Responsible for joining a comparison of runs with what is saved today. Must not know how a line
is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pages.common.suites.words import ALONE, NOT_ASKED
from skillrouter_core.records import SavedQuery
from skillrouter_core.records.suites import QueryChange, Standing, SuiteDiff


@dataclass(frozen=True, slots=True)
class Line:
    """One query: what is said of it, its answers if it was asked, its saved copy if there is one.

    `expected` is what is expected today.
    """

    text: str
    word: str
    expected: tuple[str, ...]
    change: QueryChange | None
    saved: SavedQuery | None


def lines(
    found: SuiteDiff | None, queries: Sequence[SavedQuery], *, alone: bool
) -> tuple[Line, ...]:
    """Return a line for each query, in order of concern, those not asked last.

    `alone`: the run was held against itself, as there is no other.
    """
    saved = {query.text: query for query in queries}
    asked = []
    for change in () if found is None else found.changes:
        mine = saved.get(change.query_text)
        if change.standing is Standing.GONE and mine is not None:
            continue  # saved still, so no run has asked it lately
        word = ALONE[change.standing] if alone else change.standing.value
        asked.append(Line(change.query_text, word, change.expected, change, mine))
    known = {line.text for line in asked}
    waiting = [
        Line(
            query.text,
            NOT_ASKED if query.expected else Standing.OPEN.value,
            query.expected,
            None,
            query,
        )
        for query in queries
        if query.text not in known
    ]
    waiting.sort(key=lambda line: line.word == Standing.OPEN.value)
    return (*asked, *waiting)


def counts(found: Sequence[Line]) -> dict[str, int]:
    """Return how many lines have each word, in order of appearance."""
    numbers: dict[str, int] = {}
    for line in found:
        numbers[line.word] = numbers.get(line.word, 0) + 1
    return numbers
