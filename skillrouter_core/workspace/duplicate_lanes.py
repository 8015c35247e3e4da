"""What stands beside the groups: namesakes, discounted likeness, two skills side by side.

Responsible for picking these from a view of the groups. Must not know how any is drawn.
"""

from __future__ import annotations

from bisect import bisect_left

import numpy as np

from skillrouter_core.dedup.diff import DiffLine, TextDiff, word_diff
from skillrouter_core.dedup.evidence import Split, splits
from skillrouter_core.dedup.overview import same_name
from skillrouter_core.records import DuplicatePair, Skill
from skillrouter_core.workspace.duplicate_views import GroupsView

__all__ = [
    "DiffLine",
    "Split",
    "TextDiff",
    "differences",
    "discounted",
    "known_pair",
    "namesakes",
    "split_steps",
]


def namesakes(view: GroupsView) -> tuple[tuple[str, ...], ...]:
    """Return ids of skills with one name and different content, one tuple a name."""
    lanes = same_name(view.scan, view.thresholds)
    return tuple(tuple(view.scan.ids[row] for row in lane) for lane in lanes)


def discounted(view: GroupsView) -> tuple[DuplicatePair, ...]:
    """Return pairs that would be near-copies had nothing been discounted, the likest first.

    Their raw text or their cosine is above its threshold, yet boilerplate or a negation
    explains the likeness.
    """
    pairs, limits = view.scan.pairs, view.thresholds
    raw = (pairs.raw_jaccard > limits.jaccard) | (pairs.cosine > limits.cosine)
    found = np.flatnonzero(raw & ~pairs.duplicates(limits))
    strength = np.fmax(
        (pairs.raw_jaccard[found] - limits.jaccard) / max(1 - limits.jaccard, 1e-9),
        (pairs.cosine[found] - limits.cosine) / max(1 - limits.cosine, 1e-9),
    )
    order = found[np.argsort(-strength, kind="stable")]
    return tuple(pairs.pair(position, view.scan.ids) for position in order.tolist())


def known_pair(view: GroupsView, one: str, other: str) -> DuplicatePair | None:
    """Return two skills' values where the scan holds them, else None."""
    rows = sorted(_row(view, skill_id) for skill_id in (one, other))
    if rows[0] < 0 or rows[0] == rows[1]:
        return None
    pairs = view.scan.pairs
    at = np.flatnonzero((pairs.a == rows[0]) & (pairs.b == rows[1]))
    return pairs.pair(int(at[0]), view.scan.ids) if len(at) else None


def split_steps(view: GroupsView, keeper: str) -> tuple[Split, ...]:
    """Return how a keeper's group falls apart at higher thresholds; empty for no group."""
    row = _row(view, keeper)
    group = view.grouping.find(row) if row >= 0 else None
    return splits(view.scan, group, view.thresholds, view.quality) if group else ()


def _row(view: GroupsView, skill_id: str) -> int:
    place = bisect_left(view.scan.ids, skill_id)
    found = place < len(view.scan.ids) and view.scan.ids[place] == skill_id
    return place if found else -1


def differences(one: Skill, other: Skill) -> dict[str, TextDiff]:
    """Return what differs between two skills, by the part of the skill it is in."""
    return {
        "name": word_diff(one.name, other.name),
        "description": word_diff(one.description, other.description),
        "body": word_diff(one.body, other.body),
    }
