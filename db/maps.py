"""What a map is coloured by and searched in: a few columns of every live skill.

Reads only. Must not know where a skill lies on the map.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import CatalogRow, SkillRecord, TextRow
from db.skills import ID_CHUNK
from skillrouter_core.listing import fold
from skillrouter_core.records.maps import PointText, SkillFacts

_LIVE = SkillRecord.removed_at.is_(None)


def facts(session: Session) -> dict[str, SkillFacts]:
    """Return every live skill's category, source, catalog and age, by id; reads no texts."""
    query = (
        select(
            SkillRecord.skill_id,
            SkillRecord.category,
            SkillRecord.source,
            CatalogRow.name,
            SkillRecord.changed_at,
        )
        .join(CatalogRow, CatalogRow.id == SkillRecord.catalog_id)
        .where(_LIVE)
    )
    return {row[0]: SkillFacts(row[1], row[2], row[3], row[4]) for row in session.execute(query)}


def matching(session: Session, text: str) -> list[str]:
    """Return the ids of the live skills whose name, description or id hold every word of `text`."""
    words = fold(text).split()
    found = [SkillRecord.search_text.contains(word, autoescape=True) for word in words]
    return list(session.scalars(select(SkillRecord.skill_id).where(_LIVE, *found)))


def texts(session: Session, skill_ids: Sequence[str]) -> dict[str, PointText]:
    """Return name, description, category, source and catalog of the live ones of some skills."""
    found = {}
    for chunk in _chunks(skill_ids):
        query = (
            select(SkillRecord, TextRow.name, TextRow.description, TextRow.body_chars)
            .join(TextRow, TextRow.content_hash == SkillRecord.content_hash)
            .where(_LIVE, SkillRecord.skill_id.in_(chunk))
        )
        for record, name, description, chars in session.execute(query):
            found[record.skill_id] = PointText(
                record.skill_id, name, description, record.category, record.source, chars
            )
    return found


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ID_CHUNK):
        yield values[start : start + ID_CHUNK]
