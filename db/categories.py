"""The categories that people assign, beside those of the sources.

Every change appends an event, so that a change can be taken back. What a source says is
`db.sync`'s. Must not know why a skill gets a category.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, func, insert, select, update
from sqlalchemy.orm import Session

from db import catalogs, skills
from db.columns import storable, utc_now
from db.models import CategoryEventRow, SkillRecord
from db.skills import ID_CHUNK
from db.sync_plan import CHUNK
from skillrouter_core.records import CategoryChange, CategoryEvent


def give(session: Session, skill_ids: Sequence[str], category: str | None, author: str) -> int:
    """Assign a category to live skills, None to assign none; return how many changed.

    Raises NotFoundError where one is in no catalog; nothing changes then.
    """
    catalogs.lock(session)
    skills.live_hashes(session, skill_ids)
    category = storable(category) if category is not None else None
    return _write(session, dict.fromkeys(skill_ids, category), author)


def take_back(session: Session, change: CategoryChange, author: str) -> int:
    """Give the skills of a change what they had before it; return how many that were.

    Those to which somebody has given another category since keep that one.
    """
    catalogs.lock(session)
    query = select(CategoryEventRow).where(
        CategoryEventRow.author == change.author, CategoryEventRow.at == change.at
    )
    events = {row.skill_id: row for row in session.scalars(query)}
    now = _assigned(session, list(events))
    wanted = {
        skill_id: row.previous
        for skill_id, row in events.items()
        if now.get(skill_id) == row.category
    }
    return _write(session, wanted, author)


def assigned(session: Session) -> dict[str, str]:
    """Return what people assigned to live skills, by id; skills without are left out."""
    query = select(SkillRecord.skill_id, SkillRecord.assigned_category).where(
        SkillRecord.removed_at.is_(None), SkillRecord.assigned_category.is_not(None)
    )
    return {skill_id: category for skill_id, category in session.execute(query) if category}


def last_change(session: Session, author: str) -> CategoryChange | None:
    """Return the newest thing a person did to categories, or None."""
    newest = (
        select(CategoryEventRow)
        .where(CategoryEventRow.author == author)
        .order_by(CategoryEventRow.id.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    if row is None:
        return None
    same = select(func.count()).where(
        CategoryEventRow.author == author, CategoryEventRow.at == row.at
    )
    return CategoryChange(row.author, row.at, row.category, session.scalar(same) or 0)


def events(session: Session, skill_id: str) -> tuple[CategoryEvent, ...]:
    """Return who gave a skill which category, oldest first."""
    query = (
        select(CategoryEventRow)
        .where(CategoryEventRow.skill_id == skill_id)
        .order_by(CategoryEventRow.id)
    )
    return tuple(
        CategoryEvent(row.skill_id, row.category, row.previous, row.author, row.at)
        for row in session.scalars(query)
    )


def token(session: Session) -> int:
    """Return a number that changes with every change of a category; one row is read."""
    # Writers hold the catalogs' lock, so that later numbers become visible later.
    return session.scalar(select(func.max(CategoryEventRow.id))) or 0


def _assigned(session: Session, skill_ids: Sequence[str]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for start in range(0, len(skill_ids), ID_CHUNK):
        chunk = skill_ids[start : start + ID_CHUNK]
        query = select(SkillRecord.skill_id, SkillRecord.assigned_category)
        query = query.where(SkillRecord.skill_id.in_(chunk))
        found.update((row[0], row[1]) for row in session.execute(query))
    return found


def _write(session: Session, wanted: Mapping[str, str | None], author: str) -> int:
    """Give each skill its category where it has another; return how many had."""
    before, now = _assigned(session, list(wanted)), utc_now()
    changed = [one for one, category in wanted.items() if before[one] != category]
    given = bindparam("given", type_=String)
    statement = (
        update(SkillRecord)
        .where(SkillRecord.skill_id == bindparam("key"))
        .values(
            assigned_category=given,
            category=func.coalesce(given, SkillRecord.own_category),
        )
    )
    for start in range(0, len(changed), CHUNK):
        chunk = changed[start : start + CHUNK]
        rows: list[dict[str, Any]] = [{"key": one, "given": wanted[one]} for one in chunk]
        session.connection().execute(statement, rows)
        session.execute(
            insert(CategoryEventRow),
            [_event(one, wanted[one], before[one], author, now) for one in chunk],
        )
    return len(changed)


def _event(
    skill_id: str, category: str | None, previous: str | None, author: str, at: datetime
) -> dict[str, Any]:
    return {
        "skill_id": skill_id,
        "category": category,
        "previous": previous,
        "author": storable(author),
        "at": at,
    }
