"""Which texts of skills are known, by hash.

Reads no text. Must not know why somebody asks.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import SkillRecord, TextRow
from skillrouter_core.errors import NotFoundError

CHUNK = 500
"""Values asked for by one statement; databases cap the number of parameters."""


def present_hashes(session: Session, skill_ids: Collection[str]) -> dict[str, str]:
    """Return the latest content hash of each skill, removed ones included.

    Raises `NotFoundError` where one was never imported.
    """
    ordered, found = sorted(set(skill_ids)), dict[str, str]()
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        query = select(SkillRecord.skill_id, SkillRecord.content_hash)
        rows = session.execute(query.where(SkillRecord.skill_id.in_(chunk)))
        found.update((row[0], row[1]) for row in rows)
    missing = next((one for one in ordered if one not in found), None)
    if missing is not None:
        raise NotFoundError(f"no skill {missing!r} has ever been imported; import it first")
    return found


def require(session: Session, hashes: Collection[str]) -> None:
    """Raise `NotFoundError` where no skill ever had one of these content hashes."""
    ordered = sorted(set(hashes))
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        query = select(TextRow.content_hash).where(TextRow.content_hash.in_(chunk))
        missing = next(iter(sorted(set(chunk) - set(session.scalars(query)))), None)
        if missing is not None:
            raise NotFoundError(
                f"no skill ever had the text with the hash {missing!r}; import that version "
                "of its catalog first, or leave the hash out to mean the present text"
            )


def hash_of(session: Session, skill_id: str, content_hash: str | None) -> str:
    """Return the hash that something said of a skill hangs on: the one given, else the latest.

    Raises `NotFoundError` for a skill never imported or a text never seen.
    """
    present = present_hashes(session, [skill_id])[skill_id]
    if content_hash is None or content_hash == present:
        return present
    require(session, [content_hash])
    return content_hash
