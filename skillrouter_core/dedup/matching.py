"""Which skills of today a decision of some time ago speaks of.

Responsible for following a decision over renames and re-imports by the text it was made on.
Must not know what the decision says, only whom it names.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from skillrouter_core.records import Decision


@dataclass(frozen=True, slots=True)
class Match:
    """Rows that a decision is about (`own`) and rows that are its other skill.

    `inherited`: the decision's skill is not in the catalog and `own` was found by its text.
    `text_changed`: the text of one side is not the one that was decided on.
    """

    own: tuple[int, ...]
    others: tuple[int, ...]
    inherited: bool
    text_changed: bool


class Rows:
    """The skills of a scan, found by id or, where the id is gone, by text."""

    def __init__(
        self, ids: Sequence[str], hashes: Sequence[str], first_seen: Mapping[str, datetime]
    ) -> None:
        """Take one id and content hash a row; `first_seen` is when each id was first imported."""
        self._ids, self._hashes, self._first_seen = ids, hashes, first_seen

    @cached_property
    def _by_id(self) -> dict[str, int]:
        return {skill_id: row for row, skill_id in enumerate(self._ids)}

    @cached_property
    def _by_hash(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = defaultdict(list)
        for row, digest in enumerate(self._hashes):
            found[digest].append(row)
        return found

    def match(self, decision: Decision) -> Match:
        """Return whom `decision` speaks of today.

        A side whose id is live is that skill, whatever its text has become. A side whose id is
        not live is each skill with the very text that was decided on, first imported after the
        decision: a rename or a re-import. Exact copies share their text, so of several such
        skills those at the old place in their catalog are taken alone where there are any, and
        a skill that is the decision's other side is never its own side as well: in doubt,
        nothing is removed.
        """
        others = self._find(decision.other_id, decision.other_hash, decision.created_at)
        own = self._find(decision.skill_id, decision.content_hash, decision.created_at)
        own = tuple(row for row in own if row not in others)
        changed = self._changed(decision.skill_id, decision.content_hash)
        changed |= self._changed(decision.other_id, decision.other_hash)
        return Match(own, others, decision.skill_id not in self._by_id, changed)

    def _find(self, skill_id: str, digest: str, decided: datetime) -> tuple[int, ...]:
        if not skill_id:
            return ()
        if skill_id in self._by_id:
            return (self._by_id[skill_id],)
        rows = [row for row in self._by_hash.get(digest, ()) if self._seen_after(row, decided)]
        for place in (_below_catalog, _folder):
            same = [row for row in rows if place(self._ids[row]) == place(skill_id)]
            if same:
                return tuple(same)
        return tuple(rows)

    def _seen_after(self, row: int, decided: datetime) -> bool:
        seen = self._first_seen.get(self._ids[row])
        return seen is not None and seen > decided

    def _changed(self, skill_id: str, digest: str) -> bool:
        row = self._by_id.get(skill_id)
        return row is not None and self._hashes[row] != digest


def _below_catalog(skill_id: str) -> str:
    return skill_id.partition("/")[2]


def _folder(skill_id: str) -> str:
    return skill_id.rpartition("/")[2]
