"""What the queue needs to know of every group at once: layers, sources, texts to search.

Responsible for columns with one entry a group, so that filters and orders of thousands of
groups take milliseconds. Must not know streamlit, nor which filters are drawn.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import Layer, Verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupsView

BITS = {Layer.NAME: 1, Layer.TEXT: 2, Layer.EMBEDDING: 4}


@dataclass(frozen=True, slots=True)
class Facts:
    """Columns in the grouping's order.

    `layers` holds the bits (`BITS`) of all pairs inside a group; `weakest` is the strength of
    the least alike member with its keeper; `redundant` the characters of all members but the
    keeper; `sources` the groups that have a member from a source, by source; `words` each
    group's names and ids in lower case.
    """

    statuses: tuple[str, ...]
    sizes: NDArray[np.int64]
    layers: NDArray[np.int64]
    weakest: NDArray[np.float32]
    redundant: NDArray[np.int64]
    sources: dict[str, NDArray[np.int64]]
    words: tuple[str, ...]

    def by_size(self) -> list[str]:
        """Return the sources, the one with most groups first."""
        found = Counter({source: len(groups) for source, groups in self.sources.items()})
        return [source for source, _ in found.most_common()]


def facts(view: GroupsView) -> Facts:
    """Return the columns of a view of the groups."""
    groups = view.grouping.groups
    sizes = np.array([len(group.members) for group in groups], dtype=np.int64)
    return Facts(
        tuple(status.value for status in view.statuses),
        sizes,
        _layers(view),
        np.array([group.weakest_strength for group in groups], dtype=np.float32),
        _redundant(view),
        _sources(view),
        tuple(_words(view)),
    )


def _layers(view: GroupsView) -> NDArray[np.int64]:
    pairs, labels = view.scan.pairs, view.grouping.labels
    inside = (labels[pairs.a] >= 0) & (labels[pairs.a] == labels[pairs.b])
    found = pairs.take(inside)
    bits = (
        BITS[Layer.NAME] * found.same_name
        + BITS[Layer.TEXT] * found.text(view.thresholds)
        + BITS[Layer.EMBEDDING] * found.embedding(view.thresholds)
    )
    layers = np.zeros(len(view.grouping.groups), dtype=np.int64)
    np.bitwise_or.at(layers, labels[found.a], bits.astype(np.int64))
    return layers


def _redundant(view: GroupsView) -> NDArray[np.int64]:
    labels, count = view.grouping.labels, len(view.grouping.groups)
    grouped = np.flatnonzero(labels >= 0)
    chars = np.bincount(labels[grouped], view.scan.chars[grouped], minlength=count)
    keepers = np.array([group.keeper for group in view.grouping.groups], dtype=np.int64)
    return (chars - view.scan.chars[keepers]).astype(np.int64)


def _sources(view: GroupsView) -> dict[str, NDArray[np.int64]]:
    found: dict[str, set[int]] = {}
    labels = view.grouping.labels
    for row in np.flatnonzero(labels >= 0).tolist():
        found.setdefault(view.scan.sources[row], set()).add(int(labels[row]))
    return {source: np.array(sorted(each), dtype=np.int64) for source, each in found.items()}


def _words(view: GroupsView) -> list[str]:
    names, ids = view.scan.names, view.scan.ids
    return [
        "\n".join(f"{names[row]} {ids[row]}" for row in group.members).lower()
        for group in view.grouping.groups
    ]


def open_members(view: GroupsView, skill_ids: Iterable[str]) -> tuple[str, ...]:
    """Return which of some skills wait for a decision in a group; a keeper never does."""
    return tuple(skill_id for skill_id in skill_ids if _is_open(view, skill_id))


def _is_open(view: GroupsView, skill_id: str) -> bool:
    row = bisect_left(view.scan.ids, skill_id)
    if row == len(view.scan.ids) or view.scan.ids[row] != skill_id or row in view.settled.gone:
        return False
    group, standing = view.grouping.find(row), view.settled.standings.get(row)
    decision = standing.decision if standing else None
    kept = decision is not None and decision.verdict is Verdict.KEEP
    return group is not None and row != group.keeper and not kept
