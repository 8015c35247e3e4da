"""Where two sequences of words or lines agree.

Responsible for a comparison whose time does not run away on texts that strangers wrote. Must
not know what the items are, or how a difference is shown.
"""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

MAX_EXACT = 40_000
"""Two stretches of n and m items are compared item by item up to n * m of these."""

MAX_ROUGH = 4_000_000
"""Up to here common items are left out as beginnings of a match (difflib's "junk"); a longer
stretch, without one item that both have exactly once, counts as wholly different."""

Stretch = tuple[bool, range, range]


def stretches(
    one: Sequence[str], other: Sequence[str], *, exact: int = MAX_EXACT, rough: int = MAX_ROUGH
) -> list[Stretch]:
    """Return both sequences cut into stretches: (equal or not, positions in one, in other).

    Stretches are in order, cover both sequences, and alternate between equal and not. Items
    that occur once on both sides hold the texts together first; what lies between is compared
    closely where it is short enough (`MAX_EXACT`, `MAX_ROUGH`).
    """
    comparison = _Comparison(one, other, exact, rough)
    ends = range(len(one), len(one)), range(len(other), len(other))
    found: list[Stretch] = []
    at = to = 0
    for left, right in [*_blocks(comparison.matches(range(len(one)), range(len(other)))), ends]:
        if left.start > at or right.start > to:
            found.append((False, range(at, left.start), range(to, right.start)))
        if left:
            found.append((True, left, right))
        at, to = left.stop, right.stop
    return found


def _blocks(matches: Iterator[tuple[int, int]]) -> Iterator[tuple[range, range]]:
    """Join matching positions that follow each other on both sides."""
    start: tuple[int, int] | None = None
    length = 0
    for at, to in matches:
        if start and (at, to) == (start[0] + length, start[1] + length):
            length += 1
            continue
        if start:
            yield range(start[0], start[0] + length), range(start[1], start[1] + length)
        start, length = (at, to), 1
    if start:
        yield range(start[0], start[0] + length), range(start[1], start[1] + length)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """Two sequences, and how long a stretch of them may be for each way of comparing."""

    one: Sequence[str]
    other: Sequence[str]
    exact: int
    rough: int

    def matches(self, left: range, right: range) -> Iterator[tuple[int, int]]:
        """Yield matching positions, increasing on both sides."""
        one, other = self.one, self.other
        while left and right and one[left[0]] == other[right[0]]:
            yield left[0], right[0]
            left, right = left[1:], right[1:]
        tail, shorter = 0, min(len(left), len(right))
        while tail < shorter and one[left[-1 - tail]] == other[right[-1 - tail]]:
            tail += 1
        ends = zip(left[len(left) - tail :], right[len(right) - tail :], strict=True)
        yield from self._inside(left[: len(left) - tail], right[: len(right) - tail])
        yield from ends

    def _inside(self, left: range, right: range) -> Iterator[tuple[int, int]]:
        """Yield the matches of two stretches that differ at both ends."""
        cells = len(left) * len(right)
        anchors = self._anchors(left, right) if cells > self.exact else []
        if not anchors:
            if 0 < cells <= self.rough:
                yield from self._closely(left, right, junk=cells > self.exact)
            return
        at, to = left.start, right.start
        for row, match in anchors:
            yield from self.matches(range(at, row), range(to, match))
            yield row, match
            at, to = row + 1, match + 1
        yield from self.matches(range(at, left.stop), range(to, right.stop))

    def _closely(self, left: range, right: range, *, junk: bool) -> Iterator[tuple[int, int]]:
        one, other = self.one[left.start : left.stop], self.other[right.start : right.stop]
        matcher = SequenceMatcher(None, one, other, autojunk=junk)
        for block in matcher.get_matching_blocks():
            for step in range(block.size):
                yield left.start + block.a + step, right.start + block.b + step

    def _anchors(self, left: range, right: range) -> list[tuple[int, int]]:
        """Return items that both have exactly once: the longest run increasing on both sides."""
        one, other = self.one, self.other
        place = {other[to]: to for to in right}
        here, there = Counter(one[at] for at in left), Counter(other[to] for to in right)
        once = (at for at in left if here[one[at]] == 1 and there[one[at]] == 1)
        return _longest_run([(at, place[one[at]]) for at in once])


def _longest_run(pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the longest run of `pairs` (increasing on the left) that increases on the right.

    Patience sorting: `ends[k]` is the least right end of a run of k + 1 pairs, `tops[k]` the
    pair it belongs to, and `before` each pair's predecessor.
    """
    ends: list[int] = []
    tops: list[int] = []
    before: list[int] = []
    for number, (_, to) in enumerate(pairs):
        length = bisect.bisect_left(ends, to)
        before.append(tops[length - 1] if length else -1)
        ends[length : length + 1] = [to]
        tops[length : length + 1] = [number]
    run, number = [], tops[-1] if tops else -1
    while number >= 0:
        run.append(pairs[number])
        number = before[number]
    return run[::-1]
