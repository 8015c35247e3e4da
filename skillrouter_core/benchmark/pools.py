"""The skills of one tier, under the benchmark's own ids.

Responsible for the shards of a tier folder. Must not know of tasks, nor how a catalog reads the
same text when it is imported.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from skillrouter_core.benchmark.files import records, required
from skillrouter_core.benchmark.layout import find_tiers, shards_of
from skillrouter_core.errors import BenchmarkError
from skillrouter_core.parsing import clean_text, one_line
from skillrouter_core.records import ImportIssue, Skill

TEXT_FIELDS = ("name", "description", "body", "category", "source", "path")


@dataclass(frozen=True, slots=True)
class Pool:
    """The skills of one tier in file order, under the benchmark's own ids; issues name the rest."""

    tier: str
    skills: tuple[Skill, ...]
    issues: tuple[ImportIssue, ...] = ()

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the pool's skills."""
        return frozenset(skill.skill_id for skill in self.skills)


def load_pool(folder: Path | str, tier: str) -> tuple[Skill, ...]:
    """Return the skills of one tier under the benchmark's own ids; see `read_pool` for issues."""
    return read_pool(folder, tier).skills


def read_pool(folder: Path | str, tier: str) -> Pool:
    """Read every shard of one tier, in the order of file names.

    An id that comes again is left out (the first one stays); a field that is not a text is read
    as empty. Either becomes an issue with file and line. A missing field is just empty, but a
    missing name is the last part of the id.

    Raises `BenchmarkError` for an unknown tier, an unreadable shard or a record without id.
    """
    root = Path(folder)
    tiers = find_tiers(root) if root.is_dir() else ()
    if tier not in tiers:
        found = ", ".join(tiers) or "none"
        raise BenchmarkError(f"{folder} has no tier {tier!r}. Name one of its tiers: {found}.")
    skills: dict[str, Skill] = {}
    issues: list[ImportIssue] = []
    for shard in shards_of(root / tier):
        for line, record in records(shard):
            skill = _skill(record, shard, line)
            first = skills.setdefault(skill.skill_id, skill)
            reason = _odd_fields(record) if first is skill else _repeated(skill, first)
            if reason:
                issues.append(ImportIssue(str(shard), line, reason, imported=first is skill))
    return Pool(tier, tuple(skills.values()), tuple(issues))


def _skill(record: Mapping[str, Any], path: Path, line: int) -> Skill:
    """Clean the texts as a catalog's import does: equal hashes let both share their vectors."""
    skill_id = required(record, "skill_id", path, line)
    text = {key: value if isinstance(value := record.get(key), str) else "" for key in TEXT_FIELDS}
    return Skill(
        skill_id=skill_id,
        name=one_line(text["name"]) or skill_id.rpartition("/")[2],
        description=clean_text(text["description"]).strip(),
        body=clean_text(text["body"]),
        category=one_line(text["category"]),
        source=one_line(text["source"]),
        path=one_line(text["path"]),
    )


def _odd_fields(record: Mapping[str, Any]) -> str:
    odd = [key for key in TEXT_FIELDS if not isinstance(record.get(key), str | None)]
    return f"not a text, so read as empty: {', '.join(odd)}" if odd else ""


def _repeated(skill: Skill, first: Skill) -> str:
    same = "the same text" if skill.content_hash == first.content_hash else "other text"
    return f"skill id {skill.skill_id!r} comes again with {same}; the first one stays"
