"""What a sync has decided to write, and the rows that come of it.

Responsible for the columns of each row and for writing them in chunks. Must not
know how the decision was made (`db.sync`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, func, insert, update
from sqlalchemy.orm import Session

from db.models import NAME_CHARS, SkillEventRow, SkillRecord
from skillrouter_core.listing import fold
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import ImportIssue, Problem, Skill, SyncReport, normalised_name

CHUNK = 2_000
"""Rows written by one statement."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A skill ready to be stored, with its hash (computed once)."""

    skill: Skill
    content_hash: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What the database holds of a skill."""

    catalog_id: int
    content_hash: str
    removed: bool
    details: tuple[Any, ...]


@dataclass(slots=True)
class Plan:
    """What has to be written."""

    new: list[Entry] = field(default_factory=list)
    returned: list[Entry] = field(default_factory=list)
    changed: list[Entry] = field(default_factory=list)
    refreshed: list[Entry] = field(default_factory=list)
    removed: list[tuple[str, str]] = field(default_factory=list)
    unchanged: int = 0
    issues: list[ImportIssue] = field(default_factory=list)

    def changes_skills(self) -> bool:
        """Return whether any live skill's text or presence changes."""
        return bool(self.new or self.returned or self.changed or self.removed)

    def report(self, name: str) -> SyncReport:
        """Return the counts; one whose text is the same is unchanged wherever it moved to."""
        return SyncReport(
            catalog=name,
            added=len(self.new) + len(self.returned),
            changed=len(self.changed),
            removed=len(self.removed),
            unchanged=self.unchanged,
            issues=tuple(self.issues),
        )


def write(
    session: Session, plan: Plan, catalog_id: int, now: datetime, listener: ProgressListener
) -> None:
    """Write the plan in chunks, telling the listener after each."""
    added, came_back = plan.new, plan.returned
    update_rows = update(SkillRecord).where(SkillRecord.skill_id == bindparam("key"))
    # What people assigned stays, and goes before what the source says.
    said = bindparam("said", type_=String)
    category = func.coalesce(SkillRecord.assigned_category, said)
    refresh_rows = update_rows.values(own_category=said, category=category)
    remove_rows = update_rows.values(removed_at=bindparam("now"))
    updates = [_skill_row(entry, catalog_id, now) for entry in (*came_back, *plan.changed)]
    refreshes = [_skill_row(entry, catalog_id, None) for entry in plan.refreshed]
    removals = [{"key": skill_id, "now": now} for skill_id, _ in plan.removed]
    work: list[tuple[Any, list[dict[str, Any]]]] = [
        (insert(SkillRecord), [_new_row(entry, catalog_id, now) for entry in added]),
        (refresh_rows, updates),
        (refresh_rows, refreshes),
        (remove_rows, removals),
        (insert(SkillEventRow), _events(plan, now)),
    ]
    meter = Meter(listener, "Updating the catalog", sum(len(rows) for _, rows in work), unit="rows")
    for statement, rows in work:
        for start in range(0, len(rows), CHUNK):
            chunk = rows[start : start + CHUNK]
            session.connection().execute(statement, chunk)
            meter.advance(len(chunk))


def _events(plan: Plan, now: datetime) -> list[dict[str, Any]]:
    added = [(entry.skill.skill_id, "added", entry.content_hash) for entry in plan.new]
    added += [(entry.skill.skill_id, "added", entry.content_hash) for entry in plan.returned]
    changed = [(entry.skill.skill_id, "changed", entry.content_hash) for entry in plan.changed]
    removed = [(skill_id, "removed", digest) for skill_id, digest in plan.removed]
    return [
        {"skill_id": skill_id, "kind": kind, "content_hash": digest, "at": now}
        for skill_id, kind, digest in (*added, *changed, *removed)
    ]


def _new_row(entry: Entry, catalog_id: int, now: datetime) -> dict[str, Any]:
    row = _skill_row(entry, catalog_id, now)
    row["skill_id"] = row.pop("key")
    row["category"] = row["own_category"] = row.pop("said")
    return row | {"first_seen": now}


def _skill_row(entry: Entry, catalog_id: int, changed_at: datetime | None) -> dict[str, Any]:
    """Return what `write` sets of a skill; without `changed_at` its moment of change is kept.

    `key` is its id, `said` the category that its source says.
    """
    skill = entry.skill
    category, source, path, problems = details(entry)
    row = {
        "key": skill.skill_id,
        "catalog_id": catalog_id,
        "content_hash": entry.content_hash,
        "removed_at": None,
        "said": category,
        "normalised_name": normalised_name(skill.name)[:NAME_CHARS],
        "problems": problems,
        "source": source,
        "path": path,
        "search_text": fold(f"{skill.name}\n{skill.skill_id}\n{skill.description}"),
    }
    return row if changed_at is None else row | {"changed_at": changed_at}


def text_row(entry: Entry) -> dict[str, Any]:
    """Return the columns of a text."""
    skill = entry.skill
    return {
        "content_hash": entry.content_hash,
        "name": skill.name,
        "description": skill.description,
        "body_chars": len(skill.body),
        "body": skill.body,
    }


def details(entry: Entry) -> tuple[Any, ...]:
    """Return what may change without the text changing; compare with `Stored.details`."""
    skill = entry.skill
    # Whether a name is a duplicate depends on all other skills, so it is asked, never stored.
    problems = [str(item) for item in skill.problems if item is not Problem.DUPLICATE_NAME]
    return (skill.category, skill.source, skill.path, problems)
