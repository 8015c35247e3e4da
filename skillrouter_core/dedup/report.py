"""A scan, its groups and what was decided, put together for writing out.

Responsible for the report's records. Must not know any format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from skillrouter_core.dedup.evidence import PairValues, describe_groups
from skillrouter_core.dedup.groups import Grouping, RowGroup
from skillrouter_core.dedup.overview import Overview, overview, same_name
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.dedup.plan import GroupStatus, Settled, Standing
from skillrouter_core.records import Decision, DuplicateGroup, DuplicatePair, Thresholds

Reasons = Callable[[RowGroup], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class ReportMember:
    """One skill of a report.

    `pair` is its likeness to its group's keeper (None for the keeper, and outside groups);
    `into` is where it finally goes if merged; `removed` whether the plan takes it away.
    """

    skill_id: str
    name: str
    source: str
    path: str
    chars: int
    pair: DuplicatePair | None
    standing: Standing | None
    removed: bool
    into: str = ""
    into_path: str = ""

    @property
    def decision(self) -> Decision | None:
        """What was decided about it, None where nothing was."""
        return self.standing.decision if self.standing else None


@dataclass(frozen=True, slots=True)
class ReportGroup:
    """A group with its members as the report shows them, the keeper first."""

    group: DuplicateGroup
    status: GroupStatus
    members: tuple[ReportMember, ...]


@dataclass(frozen=True, slots=True)
class DuplicateReport:
    """All that an export needs.

    `pairs` are the near-copies at `thresholds`; `decided_outside` are skills with a decision
    that are in no group now; `same_name` lists skills that share a name and little else.
    """

    thresholds: Thresholds
    figures: Overview
    pairs: tuple[DuplicatePair, ...]
    groups: tuple[ReportGroup, ...]
    decided_outside: tuple[ReportMember, ...]
    same_name: tuple[tuple[str, ...], ...]
    seconds: float
    notes: tuple[str, ...] = ()

    def members(self) -> tuple[ReportMember, ...]:
        """Return every skill of the report once."""
        inside = [member for group in self.groups for member in group.members]
        return (*inside, *self.decided_outside)


def build_report(
    scan: Scan,
    thresholds: Thresholds,
    grouping: Grouping,
    settled: Settled,
    *,
    paths: Mapping[str, str] | None = None,
    names: Mapping[str, str] | None = None,
    reasons: Reasons | None = None,
    values: PairValues | None = None,
) -> DuplicateReport:
    """Return the report of a scan; `paths` are the skills' files by id, relative to their catalog.

    `names` are their names as written (the scan has them folded for comparison), by id.
    `reasons` words why a group's keeper is proposed; `values` computes pairs that no layer
    proposed (`describe_groups`).
    """
    links = _with_keeper(scan.pairs, grouping)
    build = _Builder(scan, settled, paths or {}, names or {}, links)
    records = describe_groups(scan, grouping, thresholds, reasons or _no_reasons, values)
    groups = [
        ReportGroup(record, settled.status(group), tuple(map(build.member, group.members)))
        for record, group in zip(records, grouping.groups, strict=True)
    ]
    found = scan.pairs.take(scan.pairs.duplicates(thresholds))
    outside = [row for row in sorted(settled.standings) if grouping.find(row) is None]
    return DuplicateReport(
        thresholds=thresholds,
        figures=overview(scan, thresholds, grouping),
        pairs=found.records(scan.ids),
        groups=tuple(groups),
        decided_outside=tuple(build.member(row) for row in outside),
        same_name=tuple(
            tuple(scan.ids[row] for row in lane) for lane in same_name(scan, thresholds)
        ),
        seconds=sum(scan.seconds.values()),
        notes=scan.notes,
    )


def _no_reasons(_group: RowGroup) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class _Builder:
    """What every member's record draws on; `links` has each row's pair with its keeper."""

    scan: Scan
    settled: Settled
    paths: Mapping[str, str]
    names: Mapping[str, str]
    links: dict[int, int]

    def member(self, row: int) -> ReportMember:
        scan, into = self.scan, self.settled.into.get(row)
        link = self.links.get(row)
        target = "" if into is None else scan.ids[into]
        return ReportMember(
            skill_id=scan.ids[row],
            name=self.names.get(scan.ids[row], scan.names[row]),
            source=scan.sources[row],
            path=self.paths.get(scan.ids[row], ""),
            chars=int(scan.chars[row]),
            pair=None if link is None else scan.pairs.pair(link, scan.ids),
            standing=self.settled.standings.get(row),
            removed=row in self.settled.gone,
            into=target,
            into_path=self.paths.get(target, ""),
        )


def _with_keeper(pairs: PairTable, grouping: Grouping) -> dict[int, int]:
    """Return, for each member but the keepers, the position of its pair with its keeper."""
    keepers = np.array([group.keeper for group in grouping.groups] or [-1], dtype=np.int32)
    together = (grouping.labels[pairs.a] == grouping.labels[pairs.b]) & (
        grouping.labels[pairs.a] >= 0
    )
    found: dict[int, int] = {}
    for ends, others in ((pairs.a, pairs.b), (pairs.b, pairs.a)):
        position = np.flatnonzero(together & (keepers[grouping.labels[ends]] == ends))
        found.update(zip(others[position].tolist(), position.tolist(), strict=True))
    return found
