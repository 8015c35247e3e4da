"""Pairs to groups that never chain.

Responsible for star linkage: every member of a group is directly a near-copy of its keeper,
so that a likes b and b likes c never brings a and c together unless one of them speaks for
the group. Must not know texts, quality measures or the wording of decisions; what people
decided arrives as rows.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.pairs import BoolVector, FloatVector, PairTable, RowVector, Scan
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Thresholds

OVERSIZE = 50
"""A group of more members is flagged: nobody judges so many texts as one question."""


@dataclass(frozen=True, slots=True)
class RowGroup:
    """One group as rows of the scan: the keeper first, then from the likest to the least like.

    `weakest_strength` is the least `PairTable.strength` among the pairs with the keeper (all of
    them are in the table). `hubs` counts the members that are near-copies of every other one:
    any of them could be the keeper.
    """

    keeper: int
    members: tuple[int, ...]
    weakest_strength: float
    hubs: int

    @property
    def tight(self) -> bool:
        """Whether all members are near-copies of one another."""
        return self.hubs == len(self.members)


@dataclass(frozen=True, slots=True)
class Grouping:
    """The groups, biggest first, then by the keeper's row.

    `labels` gives each row its group's position, -1 for none. `strays` are skills that are
    near-copies of a member of some group but not of its keeper, and so stand alone.
    `oversize` is the number of members above which a group is flagged.
    """

    groups: tuple[RowGroup, ...]
    labels: RowVector
    strays: tuple[int, ...]
    oversize: int = OVERSIZE

    def find(self, row: int) -> RowGroup | None:
        """Return the group that `row` is in."""
        label = int(self.labels[row])
        return None if label < 0 else self.groups[label]

    def is_oversize(self, group: RowGroup) -> bool:
        """Return whether a group has too many members to be judged as one."""
        return len(group.members) > self.oversize


@dataclass(slots=True)
class _Graph:
    """The near-copies of each row as slices of one list, and the pairs they came from."""

    rows: int
    links: PairTable
    strength: FloatVector
    starts: list[int]
    neighbours: list[int]
    apart: dict[int, set[int]]

    def of(self, row: int) -> list[int]:
        return self.neighbours[self.starts[row] : self.starts[row + 1]]


def build_groups(
    scan: Scan,
    thresholds: Thresholds,
    quality: FloatVector,
    *,
    apart: Collection[tuple[int, int]] = (),
    kept: Collection[int] = (),
    gone: Collection[int] = (),
    oversize: int = OVERSIZE,
) -> Grouping:
    """Return star groups of at least two skills; each skill is in at most one.

    Stars form around kept skills first, then around the skill with most near-copies; skills
    that are `gone` (merged away or retired) may be members, and keepers only of each other.
    Among the members that are near-copies of all others the keeper is a kept one, then the one
    of highest `quality` (one value a row), then the lowest row. Pairs in `apart` are never in
    one group, whoever else would bring them together. Raises UsageError when `quality` does
    not have one value a skill.
    """
    count = len(scan.ids)
    if len(quality) != count:
        raise UsageError(f"{len(quality)} quality values for {count} skills: give one for each")
    graph = _graph(scan.pairs, thresholds, count, apart)
    standing = np.ones(count, dtype=np.int8)  # 0 kept, 1 undecided, 2 gone
    standing[list(kept)] = 0
    standing[list(gone)] = 2
    labels = _stars(graph, standing)
    return _grouping(graph, labels, standing, quality, oversize)


def _graph(
    pairs: PairTable, thresholds: Thresholds, count: int, apart: Collection[tuple[int, int]]
) -> _Graph:
    links = pairs.take(pairs.duplicates(thresholds))
    forbidden: dict[int, set[int]] = {}
    for one, other in apart:
        forbidden.setdefault(one, set()).add(other)
        forbidden.setdefault(other, set()).add(one)
    if forbidden:
        keys = [min(pair) * count + max(pair) for pair in apart]
        links = links.take(~np.isin(links.a.astype(np.int64) * count + links.b, keys))
    ends = np.concatenate([links.a, links.b]).astype(np.int64)
    others = np.concatenate([links.b, links.a]).astype(np.int64)
    # One integer sort orders by row, then by neighbour.
    ordered = np.sort(ends * count + others)
    starts = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=count))])
    strength = links.strength(thresholds)
    neighbours = (ordered % max(count, 1)).tolist()
    return _Graph(count, links, strength, starts.tolist(), neighbours, forbidden)


def _stars(graph: _Graph, standing: NDArray[np.int8]) -> RowVector:
    """Return each row's star, named by its centre's row; -1 for rows that no star takes."""
    degree = np.diff(graph.starts)
    order = np.lexsort((np.arange(graph.rows), -degree, standing))
    labels = [-1] * graph.rows
    for centre in order.tolist():
        if labels[centre] >= 0:
            continue
        free = [row for row in graph.of(centre) if labels[row] < 0]
        if graph.apart:
            free = _without_apart(graph, centre, free)
        if free:
            labels[centre] = centre
            for row in free:
                labels[row] = centre
    return np.asarray(labels, dtype=np.int32)


def _without_apart(graph: _Graph, centre: int, free: list[int]) -> list[int]:
    """Return the members that may be together, the centre's likest first where two may not."""
    if not any(row in graph.apart for row in free):
        return free
    strength = _strengths_of(graph, centre)
    chosen: list[int] = []
    taken: set[int] = set()
    for row in sorted(free, key=lambda each: (-strength[each], each)):
        if taken.isdisjoint(graph.apart.get(row, ())):
            chosen.append(row)
            taken.add(row)
    return chosen


def _strengths_of(graph: _Graph, centre: int) -> dict[int, float]:
    touching = np.flatnonzero((graph.links.a == centre) | (graph.links.b == centre))
    others = graph.links.a[touching] + graph.links.b[touching] - centre
    return dict(zip(others.tolist(), graph.strength[touching].tolist(), strict=True))


def _grouping(
    graph: _Graph,
    stars: RowVector,
    standing: NDArray[np.int8],
    quality: FloatVector,
    oversize: int,
) -> Grouping:
    grouped = np.flatnonzero(stars >= 0)
    if not len(grouped):
        return Grouping((), stars, (), oversize)
    inside = stars[graph.links.a] == stars[graph.links.b]
    inside &= stars[graph.links.a] >= 0
    a, b = graph.links.a[inside], graph.links.b[inside]
    sizes = np.bincount(stars[grouped], minlength=graph.rows)
    linked = np.bincount(a, minlength=graph.rows) + np.bincount(b, minlength=graph.rows)
    hub = linked == sizes[stars] - 1
    keepers = _keepers(stars, grouped[hub[grouped]], standing, quality)
    hubs = np.bincount(stars[grouped[hub[grouped]]], minlength=graph.rows)
    likeness = _likeness(stars, keepers, a, b, graph.strength[inside])
    return _collect(graph, stars, grouped, keepers, sizes, hubs, likeness, oversize)


def _keepers(
    stars: RowVector, hubs: NDArray[np.intp], standing: NDArray[np.int8], quality: FloatVector
) -> RowVector:
    """Return the keeper of each star, indexed by the centre's row; -1 where there is no star."""
    order = hubs[np.lexsort((hubs, -quality[hubs], standing[hubs]))]
    keepers = np.full(len(stars), -1, dtype=np.int32)
    # Written from the worst to the best: the last write is the one that stays.
    keepers[stars[order[::-1]]] = order[::-1]
    return keepers


def _likeness(
    stars: RowVector, keepers: RowVector, a: RowVector, b: RowVector, strength: FloatVector
) -> FloatVector:
    """Return each member's strength with its keeper; infinite for the keeper itself."""
    likeness = np.full(len(stars), np.inf, dtype=np.float32)
    for ends, others in ((a, b), (b, a)):
        of_keeper = keepers[stars[ends]] == ends
        likeness[others[of_keeper]] = strength[of_keeper]
    return likeness


def _collect(
    graph: _Graph,
    stars: RowVector,
    grouped: NDArray[np.intp],
    keepers: RowVector,
    sizes: NDArray[np.intp],
    hubs: NDArray[np.intp],
    likeness: FloatVector,
    oversize: int,
) -> Grouping:
    """Return the groups as records, biggest first."""
    star = stars[grouped]
    order = grouped[np.lexsort((grouped, -likeness[grouped], keepers[star], -sizes[star]))]
    heads = np.flatnonzero(np.r_[True, stars[order][1:] != stars[order][:-1]])
    rows, bounds = order.tolist(), [*heads.tolist(), len(order)]
    groups = tuple(
        RowGroup(
            rows[start],
            tuple(rows[start:end]),
            float(likeness[rows[end - 1]]),
            int(hubs[stars[rows[start]]]),
        )
        for start, end in itertools.pairwise(bounds)
    )
    labels = np.full(graph.rows, -1, dtype=np.int32)
    labels[order] = np.repeat(np.arange(len(groups)), np.diff(bounds))
    return Grouping(groups, labels, _strays(graph, labels), oversize)


def _strays(graph: _Graph, labels: RowVector) -> tuple[int, ...]:
    touched: BoolVector = np.zeros(graph.rows, dtype=np.bool_)
    touched[graph.links.a] = True
    touched[graph.links.b] = True
    return tuple(np.flatnonzero(touched & (labels < 0)).tolist())
