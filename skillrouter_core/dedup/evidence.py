"""What there is to say about one group: all its pairs, its weakest one, how it would split.

Responsible for looking inside a group that is already made. Must not know how groups are
made, nor how the values of a pair that no layer proposed are computed: that is handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.groups import Grouping, RowGroup, build_groups
from skillrouter_core.dedup.pairs import FloatVector, PairTable, Scan
from skillrouter_core.records import DuplicateGroup, DuplicatePair, Thresholds

RowPairs = NDArray[np.int32]
PairValues = Callable[[RowPairs], PairTable]
"""Computes pairs exactly: rows [n, 2] with the smaller row first -> a table in that order."""

SPLIT_STEPS = 4
"""At so many steps towards identity a big group is tried again."""


@dataclass(frozen=True, slots=True)
class Split:
    """What becomes of a group at higher thresholds: sizes of its parts, and skills left alone."""

    thresholds: Thresholds
    sizes: tuple[int, ...]
    alone: int


def group_pairs(scan: Scan, rows: Sequence[int], values: PairValues | None = None) -> PairTable:
    """Return all pairs of `rows` that are known, ordered by both rows.

    Pairs that lie below the scan's floors are not in its table: `values` computes them.
    Without it they are left out.
    """
    member = np.zeros(len(scan.ids), dtype=np.bool_)
    member[list(rows)] = True
    known = scan.pairs.take(member[scan.pairs.a] & member[scan.pairs.b])
    if values is not None:
        missing = _absent(known, _all_pairs(sorted(rows)))
        if len(missing):
            known = concatenate(known, values(missing))
    return known.take(np.lexsort((known.b, known.a)))


def _all_pairs(rows: Sequence[int]) -> RowPairs:
    """Return every pair of `rows` (sorted), [n, 2]."""
    first, second = np.triu_indices(len(rows), 1)
    ordered = np.asarray(rows, dtype=np.int32)
    return np.stack([ordered[first], ordered[second]], axis=1)


def _absent(known: PairTable, wanted: RowPairs) -> RowPairs:
    """Return the pairs of `wanted` that `known` does not have."""
    base = np.int64(1 << 31)
    keys = wanted[:, 0] * base + wanted[:, 1]
    return wanted[~np.isin(keys, known.a * base + known.b)]


def concatenate(one: PairTable, other: PairTable) -> PairTable:
    """Return the pairs of both tables, those of `one` first."""
    return PairTable(
        *(
            np.concatenate([getattr(one, column.name), getattr(other, column.name)])
            for column in fields(PairTable)
        )
    )


def describe_group(
    scan: Scan,
    grouping: Grouping,
    group: RowGroup,
    thresholds: Thresholds,
    reasons: tuple[str, ...],
    values: PairValues | None = None,
) -> DuplicateGroup:
    """Return a group as a record, its weakest pair chosen among all pairs of members.

    Without `values`, pairs below the scan's floors are unknown, and the weakest known one is
    named. Ties go to the first pair by rows.
    """
    pairs = group_pairs(scan, group.members, values)
    weakest = pairs.pair(int(np.argmin(pairs.strength(thresholds))), scan.ids)
    return _record(scan, grouping, group, weakest, reasons)


def describe_groups(
    scan: Scan,
    grouping: Grouping,
    thresholds: Thresholds,
    reasons: Callable[[RowGroup], tuple[str, ...]],
    values: PairValues | None = None,
) -> tuple[DuplicateGroup, ...]:
    """Return all groups as `describe_group` would, with one look at the table for all of them.

    `values` is asked once, and not for oversize groups, whose pairs are too many: of those the
    weakest known pair is named.
    """
    labels = grouping.labels
    together = (labels[scan.pairs.a] == labels[scan.pairs.b]) & (labels[scan.pairs.a] >= 0)
    pairs = scan.pairs.take(together)
    if values is not None:
        small = (group for group in grouping.groups if not grouping.is_oversize(group))
        wanted = [_all_pairs(sorted(group.members)) for group in small]
        missing = _absent(pairs, np.concatenate(wanted)) if wanted else np.empty((0, 2), np.int32)
        if len(missing):
            pairs = concatenate(pairs, values(missing))
    # From the strongest to the weakest: the last write of each group is its weakest pair.
    order = np.lexsort((-pairs.b, -pairs.a, -pairs.strength(thresholds)))
    weakest = np.zeros(len(grouping.groups), dtype=np.intp)
    weakest[labels[pairs.a[order]]] = order
    return tuple(
        _record(scan, grouping, group, pair, reasons(group))
        for group, pair in zip(grouping.groups, pairs.take(weakest).records(scan.ids), strict=True)
    )


def _record(
    scan: Scan,
    grouping: Grouping,
    group: RowGroup,
    weakest: DuplicatePair,
    reasons: tuple[str, ...],
) -> DuplicateGroup:
    return DuplicateGroup(
        keeper=scan.ids[group.keeper],
        members=tuple(scan.ids[row] for row in group.members),
        weakest=weakest,
        reasons=reasons,
        oversize=grouping.is_oversize(group),
    )


def splits(
    scan: Scan,
    group: RowGroup,
    thresholds: Thresholds,
    quality: FloatVector,
    *,
    steps: int = SPLIT_STEPS,
) -> tuple[Split, ...]:
    """Return how a group would fall apart at `steps` thresholds, evenly spaced below identity.

    Both thresholds move by the same share of their way to 1. Sizes are biggest first.
    """
    rows = np.sort(np.asarray(group.members))
    inside = _only(scan, rows)
    found = []
    for step in range(1, steps + 1):
        share = step / (steps + 1)
        higher = Thresholds(
            thresholds.jaccard + (1 - thresholds.jaccard) * share,
            thresholds.cosine + (1 - thresholds.cosine) * share,
        )
        parts = build_groups(inside, higher, quality[rows]).groups
        sizes = tuple(len(part.members) for part in parts)
        found.append(Split(higher, sizes, len(rows) - sum(sizes)))
    return tuple(found)


def _only(scan: Scan, rows: NDArray[np.integer]) -> Scan:
    """Return the scan of some rows alone (sorted), renumbered from 0."""
    position = np.full(len(scan.ids), -1, dtype=np.int32)
    position[rows] = np.arange(len(rows))
    kept = scan.pairs.take((position[scan.pairs.a] >= 0) & (position[scan.pairs.b] >= 0))
    pairs = PairTable(
        position[kept.a],
        position[kept.b],
        *(getattr(kept, column.name) for column in fields(PairTable)[2:]),
    )
    chosen = rows.tolist()
    return Scan(
        ids=tuple(scan.ids[row] for row in chosen),
        hashes=tuple(scan.hashes[row] for row in chosen),
        names=tuple(scan.names[row] for row in chosen),
        sources=tuple(scan.sources[row] for row in chosen),
        chars=scan.chars[rows],
        pairs=pairs,
        floors=scan.floors,
        seconds={},
    )
