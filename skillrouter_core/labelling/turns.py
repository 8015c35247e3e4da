"""Whose turn it is: which pairs of an order a person may be handed now.

Responsible for the rules: nobody is asked twice, a pair gets as many verdicts as it wants and is
in no more hands than that, what was skipped comes last and once more. Must not know where
verdicts and claims are stored, nor how a pair is shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.labelling.ledger import Ledger
from skillrouter_core.labelling.overlap import Pair
from skillrouter_core.labelling.strategies import FloatVector, Mask, Order, conflicts
from skillrouter_core.records.queues import Strategy

Counts = NDArray[np.int16]

_PAIR, _OVERLAP = attrgetter("pair"), attrgetter("overlap")

SECOND_LOOK = 2
"""So many people grade near-copies that were judged differently, whatever the overlap."""

SKIPS = 2
"""Skipped so often by a person, a pair does not come to them again."""


@dataclass(frozen=True, slots=True, eq=False)
class Turn:
    """What one person's next pairs depend on, a value a row.

    `judges` counts the people with a verdict, `held` those others who have the pair in hand,
    `wanted` how many verdicts it should get; `mine` marks this person's, `skips` how often they
    passed it over, `first` what comes before all else.
    """

    judges: Counts
    held: Counts
    wanted: Counts
    mine: Mask
    skips: Counts
    first: Mask

    @property
    def left(self) -> Mask:
        """The rows this person could still be asked, those in others' hands among them."""
        return np.asarray(~self.mine & (self.skips < SKIPS) & (self.judges < self.wanted))

    @property
    def free(self) -> Mask:
        """The rows this person may be handed now."""
        return np.asarray(self.left & (self.judges + self.held < self.wanted))

    def next_rows(self, count: int, without: Collection[int] = ()) -> list[int]:
        """Return the next free rows in their order; what was skipped once comes after the rest."""
        free = np.flatnonzero(self.free)
        free = free[~np.isin(free, np.array(sorted(without), dtype=np.int64))]
        return self.in_order(free.tolist())[: max(count, 0)]

    def in_order(self, rows: Iterable[int]) -> list[int]:
        """Return rows in the order in which they are asked."""
        chosen = np.array(sorted(rows), dtype=np.int64)
        late = self.skips[chosen].astype(np.int64) * 2 + ~self.first[chosen]
        found: list[int] = chosen[np.argsort(late, kind="stable")].tolist()
        return found

    def places(self, row: int) -> int:
        """Return how many people may have a row in hand at once."""
        return max(int(self.wanted[row]) - int(self.judges[row]), 1)


class Standing:
    """An order with the verdicts given on it, kept up to date from a ledger."""

    def __init__(self, order: Order) -> None:
        """Bind to an order; nothing is counted yet."""
        self.order = order
        pairs, count = order.pairs, len(order)
        self.row_of: dict[Pair, int] = dict(zip(map(_PAIR, pairs), range(count), strict=True))
        self._judges: Counts = np.zeros(count, dtype=np.int16)
        self._draws: FloatVector = np.fromiter(map(_OVERLAP, pairs), np.float64, count)
        self._seen = 0

    def update(self, ledger: Ledger) -> None:
        """Count what the ledger learned since the last call."""
        for pair in dict.fromkeys(ledger.changes[self._seen :]):
            row = self.row_of.get(pair)
            if row is not None:
                self._judges[row] = len(ledger.judges(pair))
        self._seen = len(ledger.changes)

    def turn(
        self,
        ledger: Ledger,
        annotator: str,
        skipped: Sequence[Pair],
        held: Mapping[Pair, Collection[str]],
        share: float,
    ) -> Turn:
        """Return what this person's next pairs depend on.

        `skipped` has a pair as often as they skipped it, `held` says who has which pair in hand,
        `share` how many of all pairs want two people.
        """
        self.update(ledger)
        hands = {pair: len(set(people) - {annotator}) for pair, people in held.items()}
        mine = np.zeros(len(self.order), dtype=np.bool_)
        mine[self._rows(ledger.verdicts(annotator))] = True
        wanted = (1 + (self._draws < share)).astype(np.int16)
        first = np.ones(len(self.order), dtype=np.bool_)
        if self.order.strategy is Strategy.DUPLICATES:
            found = conflicts(self.order, self._grades(ledger), np.asarray(self._judges > 0))
            wanted = np.where(found.differ, np.maximum(wanted, SECOND_LOOK), wanted)
            wanted = np.where(found.wanted, wanted, 0).astype(np.int16)
            first = found.differ
        return Turn(
            judges=self._judges,
            held=self._counted(hands),
            wanted=wanted,
            mine=mine,
            skips=self._counted(Counter(skipped)),
            first=first,
        )

    def grade(self, ledger: Ledger, row: int) -> float:
        """Return the mean of people's grades of a row; NaN where nobody gave one."""
        given = ledger.grades(self.order.pairs[row].pair).values()
        grades = [one for one in given if one is not None]
        return fmean(grades) if grades else float("nan")

    def copies(self, row: int) -> list[int]:
        """Return the rows that are near-copies of a row within its query."""
        if not len(self.order.copies):
            return []
        one, other = self.order.copies[:, 0], self.order.copies[:, 1]
        found: list[int] = np.concatenate([other[one == row], one[other == row]]).tolist()
        return found

    def _grades(self, ledger: Ledger) -> FloatVector:
        grades = np.full(len(self.order), np.nan)
        for row in np.flatnonzero(self._judges).tolist():
            grades[row] = self.grade(ledger, row)
        return grades

    def _rows(self, pairs: Iterable[Pair]) -> list[int]:
        return [self.row_of[pair] for pair in pairs if pair in self.row_of]

    def _counted(self, counts: Mapping[Pair, int]) -> Counts:
        found = np.zeros(len(self.order), dtype=np.int16)
        for pair, count in counts.items():
            row = self.row_of.get(pair)
            if row is not None:
                found[row] = count
        return found
