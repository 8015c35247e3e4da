"""What people decided, applied to the skills of a scan.

Responsible for which decision counts for each skill, for pairs that must stay apart, and for
which skills may go: never one that another is to be merged into. Must not know how decisions
are stored, or how a plan is written out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skillrouter_core.dedup.groups import Grouping, RowGroup
from skillrouter_core.dedup.matching import Match, Rows
from skillrouter_core.records import Decision, Verdict

REMOVING = frozenset({Verdict.MERGE, Verdict.RETIRE})

TEXT_CHANGED = "the text changed after the decision: decide again"
NO_TARGET = "the skill it was to be merged into is no longer there: decide again"
TARGET_RETIRED = "the skill it was to be merged into is retired: decide again"
CIRCLE = "the skill it was to be merged into goes into this one by a newer decision"
NEEDED = "another skill is merged into it by a newer decision"


class GroupStatus(StrEnum):
    """How far people are with a group."""

    UNDECIDED = "undecided"
    SKIPPED = "skipped"
    DECIDED = "decided"


@dataclass(frozen=True, slots=True)
class Standing:
    """What was decided about one skill.

    `decision` is the newest that is not undone (a skip counts only where there is no other).
    `inherited`: it was made on the same text under another id. `contested`: by people's latest
    verdicts the skill has different fates (kept and distinct are the same). `blocked` says why
    a decision to remove the skill is not followed, "" when nothing stands against it.
    `history` has every decision on it, newest first, undone included.
    """

    decision: Decision | None
    text_changed: bool
    inherited: bool
    contested: bool
    skipped: bool
    blocked: str
    history: tuple[Decision, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """Decisions by row: `apart` pairs (smaller row first), skills to keep, skills that go.

    `kept` holds skills people keep and those others are merged into; `into` gives the final
    target of each merged row, however long the chain.
    """

    standings: dict[int, Standing]
    apart: frozenset[tuple[int, int]]
    kept: frozenset[int]
    gone: frozenset[int]
    into: dict[int, int]

    def status(self, group: RowGroup) -> GroupStatus:
        """Return whether a group is decided, skipped or neither.

        Decided: each member but the keeper is kept, or goes by a decision that can be followed.
        A member that is distinct from a skill outside the group is not settled inside it; from
        one inside it cannot be. Skipped: not decided, and somebody's last word on a member is
        "skip".
        """
        if all(self._settled(row) for row in group.members if row != group.keeper):
            return GroupStatus.DECIDED
        standings = (self.standings.get(row) for row in group.members)
        skipped = any(standing is not None and standing.skipped for standing in standings)
        return GroupStatus.SKIPPED if skipped else GroupStatus.UNDECIDED

    def statuses(self, grouping: Grouping) -> tuple[GroupStatus, ...]:
        """Return the status of every group, in the grouping's order."""
        if not self.standings:
            return (GroupStatus.UNDECIDED,) * len(grouping.groups)
        return tuple(map(self.status, grouping.groups))

    def _settled(self, row: int) -> bool:
        standing = self.standings.get(row)
        if row in self.gone:
            return True
        decision = standing.decision if standing else None
        return decision is not None and decision.verdict is Verdict.KEEP


@dataclass(frozen=True, slots=True)
class _Said:
    """One decision as it concerns one row."""

    decision: Decision
    match: Match


def settle(
    ids: Sequence[str],
    hashes: Sequence[str],
    first_seen: Mapping[str, datetime],
    decisions: Iterable[Decision],
) -> Settled:
    """Return what `decisions` (any order, undone ones too) mean for the rows of a scan.

    `ids` and `hashes` have one entry a row; `first_seen` gives when an id was first imported
    (ids that are missing in it are never taken for a renamed skill). Matching: `Rows.match`.
    """
    rows = Rows(ids, hashes, first_seen)
    newest_first = sorted(decisions, key=_age, reverse=True)
    said = [_Said(decision, rows.match(decision)) for decision in newest_first]
    by_row: dict[int, list[_Said]] = defaultdict(list)
    for each in said:
        for row in each.match.own:
            by_row[row].append(each)
    chosen = {row: _chosen(found) for row, found in by_row.items()}
    into, gone, blocked = _removals(chosen)
    standings = {
        row: _standing(found, chosen[row], blocked.get(row, "")) for row, found in by_row.items()
    }
    kept = {
        row
        for row, each in chosen.items()
        if each is not None and each.decision.verdict is Verdict.KEEP
    }
    kept |= set(into.values())
    return Settled(standings, _apart(said), frozenset(kept - gone), frozenset(gone), into)


def _age(decision: Decision) -> tuple[datetime, int]:
    return decision.created_at, decision.decision_id


def _chosen(found: Sequence[_Said]) -> _Said | None:
    """Return what counts for one row; `found` is newest first."""
    standing = [each for each in found if each.decision.undone_at is None]
    named = [each for each in standing if not each.match.inherited]
    spoken = [each for each in named or standing if each.decision.verdict is not Verdict.SKIP]
    if not spoken:
        return standing[0] if standing else None
    if not named and _disagree(_latest(spoken, by_skill=True)):
        # The text belonged to several skills with several fates: in doubt, it stays.
        staying = [each for each in spoken if each.decision.verdict not in REMOVING]
        return (staying or spoken)[0]
    return spoken[0]


def _latest(found: Sequence[_Said], *, by_skill: bool = False) -> list[Decision]:
    """Return the newest decision of each author (or about each former id)."""
    latest: dict[str, Decision] = {}
    for each in found:
        key = each.decision.skill_id if by_skill else each.decision.author
        latest.setdefault(key, each.decision)
    return list(latest.values())


def _disagree(decisions: Sequence[Decision]) -> bool:
    return len(set(map(_fate, decisions))) > 1


def _fate(decision: Decision) -> tuple[Verdict, str]:
    """Return what becomes of the skill: a distinct one stays, like a kept one."""
    verdict = Verdict.KEEP if decision.verdict is Verdict.DISTINCT else decision.verdict
    return verdict, decision.other_id if verdict is Verdict.MERGE else ""


def _standing(found: Sequence[_Said], chosen: _Said | None, blocked: str) -> Standing:
    standing = [each for each in found if each.decision.undone_at is None]
    spoken = [each for each in standing if each.decision.verdict is not Verdict.SKIP]
    inherited = chosen is not None and chosen.match.inherited
    return Standing(
        decision=chosen.decision if chosen else None,
        text_changed=chosen is not None and chosen.match.text_changed,
        inherited=inherited,
        contested=_disagree(_latest(spoken))
        or (inherited and _disagree(_latest(spoken, by_skill=True))),
        skipped=bool(standing) and standing[0].decision.verdict is Verdict.SKIP,
        blocked=blocked,
        history=tuple(each.decision for each in found),
    )


def _apart(said: Sequence[_Said]) -> frozenset[tuple[int, int]]:
    """Return the pairs whose newest word is "distinct"; a merge of the two takes it back."""
    newest: dict[tuple[int, int], Verdict] = {}
    for each in said:
        verdict = each.decision.verdict
        if each.decision.undone_at is None and verdict in {Verdict.DISTINCT, Verdict.MERGE}:
            for own in each.match.own:
                for other in each.match.others:
                    newest.setdefault((min(own, other), max(own, other)), verdict)
    return frozenset(pair for pair, verdict in newest.items() if verdict is Verdict.DISTINCT)


def _removals(
    chosen: Mapping[int, _Said | None],
) -> tuple[dict[int, int], set[int], dict[int, str]]:
    """Return the merges with their final targets, the rows that go, and why others may not.

    Newer decisions are taken first, so that of two that exclude each other the newer stands.
    """
    wanted = [
        (row, each)
        for row, each in chosen.items()
        if each is not None and each.decision.verdict in REMOVING
    ]
    wanted.sort(key=lambda item: (_age(item[1].decision), item[0]), reverse=True)
    followed = _Followed({}, set(), set())
    blocked: dict[int, str] = {}
    for row, each in wanted:
        reason = followed.reason_against(row, each)
        if reason:
            blocked[row] = reason
        else:
            followed.add(row, each)
    into = {row: followed.end(row) for row in followed.direct}
    return into, followed.retired | followed.direct.keys(), blocked


@dataclass(frozen=True, slots=True)
class _Followed:
    """The removals taken so far: each merged row with its target, the targets, the retired."""

    direct: dict[int, int]
    targets: set[int]
    retired: set[int]

    def add(self, row: int, each: _Said) -> None:
        if each.decision.verdict is Verdict.RETIRE:
            self.retired.add(row)
        else:
            self.direct[row] = each.match.others[0]
            self.targets.add(each.match.others[0])

    def reason_against(self, row: int, each: _Said) -> str:
        if each.match.text_changed:
            return TEXT_CHANGED
        if each.decision.verdict is Verdict.RETIRE:
            return NEEDED if row in self.targets else ""
        if not each.match.others:
            return NO_TARGET
        end = self.end(each.match.others[0])
        if end == row:
            return CIRCLE
        return TARGET_RETIRED if end in self.retired else ""

    def end(self, row: int) -> int:
        """Follow merges to the skill that stays; there is no circle to run into."""
        while row in self.direct:
            row = self.direct[row]
        return row
