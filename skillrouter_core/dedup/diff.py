"""Where two texts differ, line by line and word by word.

Responsible for laying two texts side by side. Must not know how the result is drawn, or what
is near enough to be a duplicate.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from skillrouter_core.dedup.sequences import stretches
from skillrouter_core.records import Span

MAX_CHARS = 60_000
"""Of longer texts only so many characters are compared; `TextDiff.cut` says so."""

MAX_CELLS = 4_000
"""A stretch of n changed lines against m others is laid out by likeness up to n * m cells;
beyond, first goes with first."""

ALIKE = 0.3
"""Two changed lines stand side by side when they share at least this part of their words."""

_WORD = re.compile(r"\w+|[^\w\s]")


class LineKind(StrEnum):
    """What one row of the comparison holds."""

    SAME = "same"
    CHANGED = "changed"
    LEFT = "left only"
    RIGHT = "right only"


@dataclass(frozen=True, slots=True)
class DiffLine:
    """One row: a line of each text, or of one, with the words that the other does not have.

    Numbers count from 1, None where that side has no line; spans are characters of the line.
    """

    kind: LineKind
    left_number: int | None
    left: str
    left_spans: tuple[Span, ...]
    right_number: int | None
    right: str
    right_spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class TextDiff:
    """Two texts in rows, top to bottom; `cut` says what was left out of the comparison, or ""."""

    lines: tuple[DiffLine, ...]
    cut: str

    @property
    def identical(self) -> bool:
        """Whether no row differs and nothing was left out."""
        return not self.cut and all(line.kind is LineKind.SAME for line in self.lines)


def word_diff(
    left: str, right: str, *, max_chars: int = MAX_CHARS, max_cells: int = MAX_CELLS
) -> TextDiff:
    """Return `left` and `right` side by side; of each at most `max_chars` characters.

    Equal lines are found first; what lies between them is laid out so that lines with common
    words meet (up to `max_cells`), and those are compared word by word. White space at the ends
    of lines counts for nothing. Joining the left (or right) lines that have a number gives that
    text back.
    """
    cut = _cut(left, right, max_chars)
    one, other = left[:max_chars].split("\n"), right[:max_chars].split("\n")
    keys = [line.rstrip() for line in one], [line.rstrip() for line in other]
    rows: list[DiffLine] = []
    for equal, left_rows, right_rows in stretches(*keys):
        if equal:
            pairs = zip(left_rows, right_rows, strict=True)
            rows += (_same(at, one[at], to, other[to]) for at, to in pairs)
        else:
            rows += _between(one, left_rows, other, right_rows, max_cells)
    return TextDiff(tuple(rows), cut)


def _cut(left: str, right: str, max_chars: int) -> str:
    said = [
        f"only the first {max_chars:,} of {len(text):,} characters of the {side} text are compared"
        for side, text in (("left", left), ("right", right))
        if len(text) > max_chars
    ]
    return "; ".join(said)


def _same(left: int, one: str, right: int, other: str) -> DiffLine:
    return DiffLine(LineKind.SAME, left + 1, one, (), right + 1, other, ())


def _between(
    one: Sequence[str], left: range, other: Sequence[str], right: range, max_cells: int
) -> Iterator[DiffLine]:
    """Yield the rows of a stretch without equal lines."""
    changed = [one[row] for row in left], [other[row] for row in right]
    for at, to in _paired(*changed, max_cells):
        if at is None and to is not None:
            text = other[right[to]]
            yield DiffLine(LineKind.RIGHT, None, "", (), right[to] + 1, text, _whole(text))
        elif at is not None and to is None:
            text = one[left[at]]
            yield DiffLine(LineKind.LEFT, left[at] + 1, text, _whole(text), None, "", ())
        elif at is not None and to is not None:
            first, second = one[left[at]], other[right[to]]
            spans = _word_spans(first, second)
            yield DiffLine(
                LineKind.CHANGED, left[at] + 1, first, spans[0], right[to] + 1, second, spans[1]
            )


def _whole(text: str) -> tuple[Span, ...]:
    return (Span(0, len(text)),) if text.strip() else ()


def _paired(
    one: Sequence[str], other: Sequence[str], max_cells: int
) -> list[tuple[int | None, int | None]]:
    """Return the rows of a stretch as positions, in the order that keeps both texts' own."""
    if len(one) * len(other) > max_cells:
        meeting = [(at, at) for at in range(min(len(one), len(other)))]
    else:
        meeting = _alignment(one, other)
    rows: list[tuple[int | None, int | None]] = []
    at = to = 0
    for left, right in [*meeting, (len(one), len(other))]:
        rows += ((row, None) for row in range(at, left))
        rows += ((None, row) for row in range(to, right))
        if left < len(one):
            rows.append((left, right))
        at, to = left + 1, right + 1
    return rows


def _alignment(one: Sequence[str], other: Sequence[str]) -> list[tuple[int, int]]:
    """Return which lines meet: increasing in both, of the greatest likeness in sum."""
    bags = [_bag(line) for line in one], [_bag(line) for line in other]
    likeness = [[_alike(left, right) for right in bags[1]] for left in bags[0]]
    best = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    for at in range(len(one) - 1, -1, -1):
        for to in range(len(other) - 1, -1, -1):
            met = best[at + 1][to + 1] + likeness[at][to]
            best[at][to] = max(met, best[at + 1][to], best[at][to + 1])
    meeting, at, to = [], 0, 0
    while at < len(one) and to < len(other):
        if best[at][to] == best[at + 1][to]:
            at += 1
        elif best[at][to] == best[at][to + 1]:
            to += 1
        else:
            meeting.append((at, to))
            at, to = at + 1, to + 1
    return meeting


def _bag(line: str) -> Counter[str]:
    return Counter(_WORD.findall(line))


def _alike(left: Counter[str], right: Counter[str]) -> float:
    """Return the share of words in common, 0 below `ALIKE`."""
    total = left.total() + right.total()
    share = 2 * (left & right).total() / total if total else 0.0
    return share if share >= ALIKE else 0.0


def _word_spans(left: str, right: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return the characters of each line that the other does not have.

    White space is no word. Where it alone differs, the whole lines do.
    """
    words = list(_WORD.finditer(left)), list(_WORD.finditer(right))
    texts = [word[0] for word in words[0]], [word[0] for word in words[1]]
    if texts[0] == texts[1]:
        return _whole(left), _whole(right)
    spans: tuple[list[Span], list[Span]] = [], []
    for equal, *sides in stretches(*texts):
        if not equal:
            for side, changed in enumerate(sides):
                if changed:
                    first, last = words[side][changed[0]], words[side][changed[-1]]
                    spans[side].append(Span(first.start(), last.end()))
    return tuple(spans[0]), tuple(spans[1])
