"""In which order pairs come, strategy by strategy.

Responsible for the order and for the near-copies among one query's candidates. Must not know
who is asked, where candidates are kept, nor how a pair is shown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.labelling.candidates import CandidateList, StoredCandidate
from skillrouter_core.labelling.overlap import Pair, draw
from skillrouter_core.labelling.uncertainty import doubts
from skillrouter_core.records.queues import Strategy

Rows = NDArray[np.int64]
Mask = NDArray[np.bool_]
FloatVector = NDArray[np.float64]

_SHUFFLE, _DOUBT = attrgetter("shuffle"), attrgetter("doubt")


@dataclass(frozen=True, slots=True)
class QueuedPair:
    """One pair that may be asked.

    `candidate` is None for a pair that the query's candidates do not hold; `count` is how many
    candidates there are. `doubt` is from `uncertainty`; `shuffle` and `overlap` are draws from
    0 to 1. `note` says why the pair is there where the strategy alone does not.
    """

    query_text: str
    pair: Pair
    candidate: StoredCandidate | None
    count: int
    doubt: float
    shuffle: float
    overlap: float
    note: str = ""

    @property
    def skill_id(self) -> str:
        """The skill of the pair."""
        return self.pair[1]


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Pairs in the order in which they are asked, and the near-copies among them.

    `copies` are rows of `pairs`, two a line, int64 [m, 2]; `contested` marks rows whose skill
    people disagree about elsewhere. Both are empty unless the strategy is about near-copies.
    """

    strategy: Strategy
    pairs: tuple[QueuedPair, ...]
    copies: Rows = field(default_factory=lambda: np.empty((0, 2), dtype=np.int64))
    contested: Mask = field(default_factory=lambda: np.empty(0, dtype=np.bool_))

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.pairs)


def queued_pairs(found: CandidateList, key: str) -> tuple[QueuedPair, ...]:
    """Return a query's candidates as pairs, best first; `key` stands for its text."""
    return tuple(
        queued_pair(found.query_text, (key, one.skill_id), one, len(found.candidates), doubt.value)
        for one, doubt in zip(found.candidates, doubts(found), strict=True)
    )


def queued_pair(
    text: str,
    pair: Pair,
    candidate: StoredCandidate | None = None,
    count: int = 0,
    doubt: float = 0.0,
    note: str = "",
) -> QueuedPair:
    """Return one pair with its draws."""
    shuffle, overlap = draw(pair, "order"), draw(pair, "overlap")
    return QueuedPair(text, pair, candidate, count, doubt, shuffle, overlap, note)


def ordered(pairs: Sequence[QueuedPair], strategy: Strategy) -> tuple[QueuedPair, ...]:
    """Return pairs in a strategy's order: RANDOM by draw, QUERY and SELECTION as they are.

    All others come least certain first, equal doubts by draw.
    """
    if strategy in (Strategy.QUERY, Strategy.SELECTION):
        return tuple(pairs)
    shuffle = np.fromiter(map(_SHUFFLE, pairs), dtype=np.float64, count=len(pairs))
    doubt = np.fromiter(map(_DOUBT, pairs), dtype=np.float64, count=len(pairs))
    rows = np.argsort(shuffle) if strategy is Strategy.RANDOM else np.lexsort((shuffle, -doubt))
    return tuple(map(pairs.__getitem__, rows.tolist()))


def selected(
    wanted: Mapping[str, str],
    holding: Mapping[str, Sequence[QueuedPair]],
    nearest: Mapping[str, Sequence[QueuedPair]],
) -> tuple[QueuedPair, ...]:
    """Return the pairs of skills put aside, in the order of `wanted` (id to note).

    A skill comes with the queries whose candidates hold it, the least certain first, else with
    the queries nearest to it.
    """
    found: list[QueuedPair] = []
    for skill_id in wanted:
        found.extend(ordered(holding.get(skill_id, ()), Strategy.LEAST_CERTAIN))
        if skill_id not in holding:
            found.extend(nearest.get(skill_id, ()))
    return tuple(found)


# ------------------------------------------------------------------ near-copies


def near_copies(queries: Sequence[Sequence[int]], rows: Rows, copies: Rows, size: int) -> Rows:
    """Return which pairs of one query are near-copies of each other, int64 [m, 2].

    `queries` hold, for each query, positions in `rows`; `rows` says which skill a position is, -1
    for one that no scan knows. `copies` are sorted codes `a * size + b` of near-copies, a < b.
    """
    if not len(copies):
        return np.empty((0, 2), dtype=np.int64)
    firsts, seconds = [], []
    for positions in queries:
        first, second = np.triu_indices(len(positions), k=1)
        place = np.asarray(positions, dtype=np.int64)
        firsts.append(place[first])
        seconds.append(place[second])
    one = np.concatenate(firsts) if firsts else np.empty(0, dtype=np.int64)
    other = np.concatenate(seconds) if seconds else np.empty(0, dtype=np.int64)
    low, high = np.minimum(rows[one], rows[other]), np.maximum(rows[one], rows[other])
    codes = low * size + high
    at = np.minimum(np.searchsorted(copies, codes), len(copies) - 1)
    known = (low >= 0) & (low != high) & (copies[at] == codes)
    return np.stack([one[known], other[known]], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Conflicts:
    """What is to be asked among near-copies, by row: `differ` are judged differently already."""

    differ: Mask
    alone: Mask

    @property
    def wanted(self) -> Mask:
        """The rows worth asking."""
        return np.asarray(self.differ | self.alone)


def conflicts(order: Order, grades: FloatVector, judged: Mask) -> Conflicts:
    """Return the rows where near-copies got different grades, and those where one got none.

    `grades` are NaN where nobody gave one, or nobody could tell. A skill that people contest
    counts as one whose copy is judged.
    """
    differ, alone = np.zeros(len(order), dtype=np.bool_), order.contested & ~judged
    if len(order.copies):
        one, other = order.copies[:, 0], order.copies[:, 1]
        apart = grades[one] != grades[other]
        apart &= ~np.isnan(grades[one]) & ~np.isnan(grades[other])
        differ[np.concatenate([one[apart], other[apart]])] = True
        alone[one[~judged[one] & judged[other]]] = True
        alone[other[~judged[other] & judged[one]]] = True
    return Conflicts(differ, np.asarray(alone))
