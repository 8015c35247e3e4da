"""What the duplicates service hands out: groups at some thresholds, and one group in full.

Responsible for these records. Must not know where any value comes from.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillrouter_core.dedup.groups import Grouping
from skillrouter_core.dedup.overview import Overview
from skillrouter_core.dedup.pairs import FloatVector, Scan
from skillrouter_core.dedup.plan import GroupStatus, Settled, Standing
from skillrouter_core.records import (
    Decision,
    DuplicateGroup,
    DuplicatePair,
    QueryAnswer,
    Skill,
    Thresholds,
)


@dataclass(frozen=True, slots=True)
class GroupsView:
    """All groups of one scan at some thresholds, with what was decided so far.

    Rows are those of `scan`; `statuses` has one entry a group, in the order of
    `grouping.groups`; `quality` one value a row, 0 for skills without any pair.
    """

    version: str
    scan: Scan
    thresholds: Thresholds
    grouping: Grouping
    settled: Settled
    statuses: tuple[GroupStatus, ...]
    quality: FloatVector
    counts: Overview

    @property
    def open_groups(self) -> int:
        """How many groups are neither decided nor skipped."""
        return sum(status is GroupStatus.UNDECIDED for status in self.statuses)


@dataclass(frozen=True, slots=True)
class Member:
    """One skill of a group, as it is now.

    `standing` is what was decided about it, None where nothing was. `present` is False for a
    skill that left the catalog after the scan: `skill` is then the text that was scanned.
    `rescan`: the text changed after the scan, so the group's values are of the older text.
    """

    skill: Skill
    standing: Standing | None
    answers: tuple[QueryAnswer, ...]
    present: bool = True
    rescan: bool = False

    @property
    def decision(self) -> Decision | None:
        """What counts of what was decided; None where nothing does."""
        return self.standing.decision if self.standing else None

    @property
    def text_changed(self) -> bool:
        """Whether the text changed after that decision."""
        return bool(self.standing and self.standing.text_changed)


@dataclass(frozen=True, slots=True)
class GroupDetail:
    """One group with its members, the keeper first, and all pairs of members.

    `notes` say what could not be computed or was left out.
    """

    group: DuplicateGroup
    status: GroupStatus
    members: tuple[Member, ...]
    pairs: tuple[DuplicatePair, ...]
    notes: tuple[str, ...] = ()
