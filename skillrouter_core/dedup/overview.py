"""What a scan found, in figures.

Responsible for counting pairs by layer and by source, groups by size, what could go, and
skills that share only a name. Must not know how any of it is drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.groups import Grouping
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.records import Layer, Thresholds, normalised_name

CHARS_PER_TOKEN = 4
"""Rule of thumb for English text and code; no tokeniser is asked."""

SOURCE_PAIRS = 20
"""Of pairs of sources so many are listed, those with most near-copies first."""

COMBINATIONS = (
    (Layer.NAME,),
    (Layer.TEXT,),
    (Layer.EMBEDDING,),
    (Layer.NAME, Layer.TEXT),
    (Layer.NAME, Layer.EMBEDDING),
    (Layer.TEXT, Layer.EMBEDDING),
    (Layer.NAME, Layer.TEXT, Layer.EMBEDDING),
)
"""Every way in which layers can find a pair; the name alone makes no duplicate."""


@dataclass(frozen=True, slots=True)
class SourcePair:
    """How many near-copies two sources share; `one` and `other` are equal within a source."""

    one: str
    other: str
    pairs: int


@dataclass(frozen=True, slots=True)
class Overview:
    """A catalog's redundancy at some thresholds.

    `layers` counts pairs by exactly the layers that find them, in the order of `COMBINATIONS`;
    `pairs` are the near-copies among them (a name alone is none). `sizes` gives (members,
    groups), biggest first. `redundant` skills are group members other than keepers, with the
    characters of their bodies; `chars` are those of all skills. `sources` has the pairs of
    sources with most near-copies, `source_pairs` counts all of them.
    """

    skills: int
    chars: int
    pairs: int
    layers: dict[tuple[Layer, ...], int]
    groups: int
    sizes: tuple[tuple[int, int], ...]
    oversize: int
    strays: int
    redundant: int
    redundant_chars: int
    sources: tuple[SourcePair, ...]
    source_pairs: int

    @property
    def redundant_tokens(self) -> int:
        """About how many tokens the redundant bodies have, at four characters a token."""
        return self.redundant_chars // CHARS_PER_TOKEN

    @property
    def redundant_share(self) -> float:
        """The share of skills that are redundant, 0 to 1."""
        return self.redundant / self.skills if self.skills else 0.0


def overview(
    scan: Scan, thresholds: Thresholds, grouping: Grouping, *, limit: int = SOURCE_PAIRS
) -> Overview:
    """Return the figures of a scan at `thresholds`; at most `limit` pairs of sources are listed."""
    duplicates = scan.pairs.duplicates(thresholds)
    sources, total = _by_source(scan, scan.pairs.take(duplicates), limit)
    sizes = Counter(len(group.members) for group in grouping.groups)
    redundant = [row for group in grouping.groups for row in group.members[1:]]
    return Overview(
        skills=len(scan.ids),
        chars=int(scan.chars.sum()),
        pairs=int(duplicates.sum()),
        layers=_by_layer(scan.pairs, thresholds),
        groups=len(grouping.groups),
        sizes=tuple(sorted(sizes.items(), reverse=True)),
        oversize=sum(map(grouping.is_oversize, grouping.groups)),
        strays=len(grouping.strays),
        redundant=len(redundant),
        redundant_chars=int(scan.chars[redundant].sum()),
        sources=sources,
        source_pairs=total,
    )


def _by_layer(pairs: PairTable, thresholds: Thresholds) -> dict[tuple[Layer, ...], int]:
    text, embedding = pairs.text(thresholds), pairs.embedding(thresholds)
    code = pairs.same_name * 1 + text * 2 + embedding * 4
    counts = np.bincount(code, minlength=8).tolist()
    weight = {Layer.NAME: 1, Layer.TEXT: 2, Layer.EMBEDDING: 4}
    return {layers: counts[sum(map(weight.__getitem__, layers))] for layers in COMBINATIONS}


def _by_source(scan: Scan, pairs: PairTable, limit: int) -> tuple[tuple[SourcePair, ...], int]:
    names, codes = _codes(scan.sources)
    one, other = codes[pairs.a], codes[pairs.b]
    keys = np.minimum(one, other) * len(names) + np.maximum(one, other)
    found, counts = np.unique(keys, return_counts=True)
    best = np.lexsort((found, -counts))[:limit].tolist()
    listed = tuple(
        SourcePair(
            names[int(found[at]) // len(names)], names[int(found[at]) % len(names)], int(counts[at])
        )
        for at in best
    )
    return listed, len(found)


@lru_cache(maxsize=4)
def _codes(values: tuple[str, ...]) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Return the distinct values, sorted, and each row's place among them."""
    names = tuple(sorted(set(values)))
    place = {name: code for code, name in enumerate(names)}
    return names, np.array([place[value] for value in values], dtype=np.int64)


def same_name(scan: Scan, thresholds: Thresholds) -> tuple[tuple[int, ...], ...]:
    """Return rows that share a normalised name and are near-copies of none of the others named.

    One tuple a name, in order of the first row. Of namesakes that are near-copies of each other
    the first stands for all, so that a group of copies alone is no entry here.
    """
    duplicates = scan.pairs.take(scan.pairs.duplicates(thresholds))
    namesakes = _namesakes(scan.names)
    label = np.full(len(scan.ids), -1, dtype=np.int64)
    for number, rows in enumerate(namesakes):
        label[list(rows)] = number
    inside = (label[duplicates.a] == label[duplicates.b]) & (label[duplicates.a] >= 0)
    later: dict[int, list[int]] = defaultdict(list)
    for row, other in zip(
        duplicates.a[inside].tolist(), duplicates.b[inside].tolist(), strict=True
    ):
        later[row].append(other)
    lanes = (_unlike(rows, later) for rows in namesakes)
    return tuple(lane for lane in lanes if len(lane) > 1)


def _unlike(rows: Sequence[int], later: Mapping[int, Sequence[int]]) -> tuple[int, ...]:
    """Return the rows (ascending) that are no near-copy of one returned before them."""
    lane: list[int] = []
    covered: set[int] = set()
    for row in rows:
        if row not in covered:
            lane.append(row)
            covered.update(later.get(row, ()))
    return tuple(lane)


@lru_cache(maxsize=4)
def _namesakes(names: tuple[str, ...]) -> tuple[tuple[int, ...], ...]:
    found: dict[str, list[int]] = {}
    for row, name in enumerate(names):
        found.setdefault(normalised_name(name), []).append(row)
    return tuple(tuple(rows) for name, rows in found.items() if name and len(rows) > 1)
