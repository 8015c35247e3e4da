"""Values to colours: codes with a legend, scales, and one line of the cluster table.

Responsible for how any set of values becomes a channel. Must not know where values come from.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import SavedQuery
from skillrouter_core.records.maps import (
    NOISE,
    CatalogMap,
    Channel,
    ChannelName,
    Cluster,
    ClusterRow,
    LegendEntry,
    Level,
)

Codes = NDArray[np.uint16]

MOST_KINDS = 40
"""A legend names so many kinds, the most frequent; the rest share one entry, "other"."""


def cluster_channel(made: CatalogMap, level: Level) -> Channel:
    """Codes are positions in the legend: the clusters, largest first, then noise."""
    clusters = made.at(level)
    size = max((one.number for one in clusters), default=NOISE) + 1
    code_of = np.full(size + 1, len(clusters), dtype=np.uint16)  # the last is noise, as is -1
    for code, one in enumerate(clusters):
        code_of[one.number] = code
    codes = code_of[made.numbers(level)]
    noise = int((codes == len(clusters)).sum())
    legend = tuple(LegendEntry(one.name, code, one.size) for code, one in enumerate(clusters))
    name = ChannelName.COARSE if level is Level.COARSE else ChannelName.FINE
    title = "Cluster" if level is Level.COARSE else "Fine cluster"
    if not noise:
        return Channel(name, title, False, codes, legend)
    noisy = LegendEntry("noise", len(clusters), noise)
    return Channel(name, title, False, codes, (*legend, noisy), len(clusters))


def kinds(values: Sequence[str], absent: str) -> tuple[Codes, tuple[LegendEntry, ...], int | None]:
    """Return codes and a legend of kinds, most frequent first, "other" and `absent` last."""
    counts = Counter(values)
    missing = counts.pop("", 0)
    kinds = sorted(counts, key=lambda kind: (-counts[kind], kind))
    named, rest = kinds[:MOST_KINDS], kinds[MOST_KINDS:]
    code_of = {kind: code for code, kind in enumerate(named)}
    legend = [LegendEntry(kind, code, counts[kind]) for kind, code in code_of.items()]
    if rest:
        code_of |= dict.fromkeys(rest, len(legend))
        label = f"{len(rest)} others"
        legend.append(LegendEntry(label, len(legend), sum(counts[kind] for kind in rest)))
    muted = None
    if missing:
        muted = code_of[""] = len(legend)
        legend.append(LegendEntry(absent, muted, missing))
    codes = np.array([code_of[value] for value in values], dtype=np.uint16)
    return codes, tuple(legend), muted


def counted(labels: Iterable[str], codes: Codes) -> tuple[LegendEntry, ...]:
    """Return a legend entry for each label, its code being its position."""
    return tuple(
        LegendEntry(label, code, int((codes == code).sum())) for code, label in enumerate(labels)
    )


def scale(name: ChannelName, title: str, values: NDArray[np.float32], least: str) -> Channel:
    """Return a channel of numbers from 0; its legend has `least`, the middle and the end.

    The title names the unit; the middle is left out where it would be no whole number of it.
    """
    known = values[np.isfinite(values)]
    top = float(known.max()) if len(known) else 0.0
    marks = [top / 2, top] if top >= 4 else [top] if top > 0 else []
    legend = [LegendEntry(least, 0.0), *(LegendEntry(f"{one:,.3g}", one) for one in marks)]
    return Channel(name, title, True, values, tuple(legend))


def hit(query: SavedQuery, rankings: Mapping[str, Sequence[str]]) -> bool | None:
    """Return whether an expected skill answers a query first; None without a stored answer."""
    ranking = rankings.get(query.text)
    return None if not ranking else ranking[0] in query.expected


def per_cluster(numbers: NDArray[np.int16], values: NDArray[Any]) -> NDArray[np.float64]:
    """Return the sum of one value a row over each cluster, by its number; noise is left out."""
    members = numbers != NOISE
    summed = np.bincount(numbers[members], weights=values[members])
    return np.asarray(summed, dtype=np.float64)


def cluster_row(
    cluster: Cluster, near_copies: float | None, labels: float, asked: Sequence[bool | None]
) -> ClusterRow:
    """Return a cluster's line from its numbers of near-copies (None: not known) and labels.

    `asked` has one entry for each saved query that expects a member: whether it hits.
    """
    answered = [hit for hit in asked if hit is not None]
    share = None if near_copies is None else float(near_copies) / cluster.size
    hit_at_1 = sum(answered) / len(answered) if answered else None
    return ClusterRow(cluster, share, int(labels), len(asked), hit_at_1)
