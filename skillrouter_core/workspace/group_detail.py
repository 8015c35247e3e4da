"""One group in full: its members as they are now, every pair of them, what each answers.

Responsible for gathering these from the scan, the catalog and the stored answers. Must not
know how a group was formed.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from skillrouter_core.dedup.evidence import PairValues, RowPairs, describe_group, group_pairs
from skillrouter_core.dedup.keeper import reasons
from skillrouter_core.dedup.pairs import PairTable
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import QueryAnswer, Skill
from skillrouter_core.workspace.duplicate_views import GroupDetail, GroupsView, Member
from skillrouter_core.workspace.merging import answers_of

if TYPE_CHECKING:
    from skillrouter_core.dedup.groups import RowGroup
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.scans import Scans

EXACT_MEMBERS = 100
"""In a bigger group, pairs of members below the scan's floors are left out: their number grows
with the square of the group."""


def detail(
    ws: Workspace, scans: Scans, view: GroupsView, skill_id: str, profile: str
) -> GroupDetail:
    """Return the group that `skill_id` is in; raise NotFoundError where it is in none."""
    group = _group_of(view, skill_id)
    ids = [view.scan.ids[row] for row in group.members]
    now = ws.catalogs.skills_by_id(ids)
    notes: list[str] = []
    values = None
    if len(ids) <= EXACT_MEMBERS:
        values = _remembered(scans.exact(view.scan, profile))
    else:
        notes.append(
            f"{len(ids)} skills, over {EXACT_MEMBERS}: only pairs above the scan's floors are shown"
        )
    skills = _texts(ws, view, group, now, notes)
    why = reasons(
        skills[0],
        skills[1:],
        scans.uses(profile),
        kept=group.keeper in view.settled.kept,
        only_hub=group.hubs == 1,
    )
    pairs = group_pairs(view.scan, group.members, values)
    answers = answers_of(ids, ws.labels.queries(), scans.answers(profile).rankings)
    return GroupDetail(
        group=describe_group(view.scan, view.grouping, group, view.thresholds, why, values),
        status=view.settled.status(group),
        members=_members(view, group, skills, now.keys(), answers),
        pairs=tuple(pairs.pair(position, view.scan.ids) for position in range(len(pairs))),
        notes=tuple(notes),
    )


def _remembered(values: PairValues) -> PairValues:
    """Return `values` that computes the same pairs once."""
    known: dict[bytes, PairTable] = {}

    def remembered(pairs: RowPairs) -> PairTable:
        key = pairs.tobytes()
        if key not in known:
            known[key] = values(pairs)
        return known[key]

    return remembered


def _group_of(view: GroupsView, skill_id: str) -> RowGroup:
    place = bisect_left(view.scan.ids, skill_id)
    found = place < len(view.scan.ids) and view.scan.ids[place] == skill_id
    group = view.grouping.find(place) if found else None
    if group is None:
        limits = view.thresholds
        raise NotFoundError(
            f"{skill_id!r} is in no group at Jaccard {limits.jaccard:g} and cosine "
            f"{limits.cosine:g}; lower the thresholds, or scan again if it is new"
        )
    return group


def _texts(
    ws: Workspace, view: GroupsView, group: RowGroup, now: Mapping[str, Skill], notes: list[str]
) -> list[Skill]:
    """Return the members as they are now; of one that left the catalog, the text scanned."""
    skills, left = [], 0
    for row in group.members:
        skill = now.get(view.scan.ids[row])
        if skill is None:
            left += 1
            old = ws.catalogs.version(view.scan.hashes[row])
            skill = replace(old, skill_id=view.scan.ids[row])
        skills.append(skill)
    if left:
        notes.append(f"{left} of these skills left the catalog after the scan: scan again")
    return skills


def _members(
    view: GroupsView,
    group: RowGroup,
    skills: Sequence[Skill],
    present: Collection[str],
    answers: Mapping[str, tuple[QueryAnswer, ...]],
) -> tuple[Member, ...]:
    return tuple(
        Member(
            skill=skill,
            standing=view.settled.standings.get(row),
            answers=answers[skill.skill_id],
            present=skill.skill_id in present,
            rescan=skill.content_hash != view.scan.hashes[row],
        )
        for row, skill in zip(group.members, skills, strict=True)
    )
