"""Skills with texts of an earlier day: as an index holds them, or as they were last.

Reads only. Must not know why anybody wants an older text than the catalog's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import SkillRecord, TextRow
from db.skills import ID_CHUNK
from skillrouter_core.records import Skill


def as_of(session: Session, hashes: Mapping[str, str]) -> dict[str, Skill]:
    """Return skills by id with the texts of these content hashes, whether live or removed.

    `hashes` are by id. Those never imported, or with a hash no text has, are left out; problems
    are not looked up.
    """
    records = _records(session, tuple(hashes))
    texts: dict[str, TextRow] = {}
    for chunk in _chunks(tuple(dict.fromkeys(hashes.values()))):
        query = select(TextRow).where(TextRow.content_hash.in_(chunk))
        texts.update((row.content_hash, row) for row in session.scalars(query))
    return {
        skill_id: _skill(records[skill_id], texts[digest])
        for skill_id, digest in hashes.items()
        if skill_id in records and digest in texts
    }


def latest(session: Session, skill_ids: Sequence[str]) -> dict[str, Skill]:
    """Return skills by id with the last text each had, removed ones too."""
    records = _records(session, skill_ids)
    return as_of(session, {one: record.content_hash for one, record in records.items()})


def _records(session: Session, skill_ids: Sequence[str]) -> dict[str, SkillRecord]:
    found: dict[str, SkillRecord] = {}
    for chunk in _chunks(skill_ids):
        query = select(SkillRecord).where(SkillRecord.skill_id.in_(chunk))
        found.update((row.skill_id, row) for row in session.scalars(query))
    return found


def _skill(record: SkillRecord, text: TextRow) -> Skill:
    return Skill(
        skill_id=record.skill_id,
        name=text.name,
        description=text.description,
        body=text.body,
        category=record.category,
        source=record.source,
        path=record.path,
    )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ID_CHUNK):
        yield values[start : start + ID_CHUNK]
