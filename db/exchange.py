"""Which skills and texts a file of labels may speak of.

Reads ids and hashes, no texts. Must not know any format.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models import SkillRecord, TextRow

CHUNK = 500
"""Values asked for by one statement; databases cap the number of parameters."""


def ever_imported(session: Session) -> dict[str, str]:
    """Return the latest content hash of every skill there ever was, by id."""
    return {
        row[0]: row[1]
        for row in session.execute(select(SkillRecord.skill_id, SkillRecord.content_hash))
    }


def known_texts(session: Session, hashes: Iterable[str]) -> frozenset[str]:
    """Return those of some content hashes that some skill once had."""
    ordered, found = sorted(set(hashes)), set[str]()
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        query = select(TextRow.content_hash).where(TextRow.content_hash.in_(chunk))
        found.update(session.scalars(query))
    return frozenset(found)
