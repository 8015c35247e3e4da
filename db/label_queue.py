"""The skills that wait to be labelled.

Append-only; taking one out adds an event. Must not know who labels, nor in which order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from db import catalogs, label_version, skills
from db.columns import storable, utc_now
from db.models import QueuedRemovalRow, QueuedRow
from db.sync_plan import CHUNK
from skillrouter_core.records import QueuedSkill


def enqueue(session: Session, skill_ids: Sequence[str], author: str, note: str) -> int:
    """Append live skills that do not wait yet, in order; return how many that were.

    Raises NotFoundError where one is in no catalog; nothing is queued then.
    """
    # One queue, one writer: two would each see a skill not waiting and queue it twice.
    catalogs.lock(session)
    hashes = skills.live_hashes(session, skill_ids)
    waiting, now = waiting_ids(session), utc_now()
    rows = [
        {
            "skill_id": skill_id,
            "content_hash": hashes[skill_id],
            "author": storable(author),
            "note": storable(note),
            "created_at": now,
        }
        for skill_id in dict.fromkeys(skill_ids)
        if skill_id not in waiting
    ]
    return _append(session, QueuedRow, rows)


def dequeue(session: Session, skill_ids: Iterable[str], author: str) -> int:
    """Append the events that take skills out; return how many waited.

    Skills that do not wait are passed over, those that left their catalogs are taken out too.
    """
    catalogs.lock(session)
    wanted, now = set(skill_ids), utc_now()
    rows = [
        {"queued_id": number, "author": storable(author), "at": now}
        for number, skill_id in session.execute(_waiting(QueuedRow.id, QueuedRow.skill_id))
        if skill_id in wanted
    ]
    return _append(session, QueuedRemovalRow, rows)


def queued(session: Session) -> tuple[QueuedSkill, ...]:
    """Return what waits, oldest first."""
    return tuple(
        QueuedSkill(row.id, row.skill_id, row.content_hash, row.author, row.note, row.created_at)
        for (row,) in session.execute(_waiting(QueuedRow))
    )


def waiting_ids(session: Session) -> frozenset[str]:
    """Return the ids of the skills that wait."""
    return frozenset(row[0] for row in session.execute(_waiting(QueuedRow.skill_id)))


def _waiting(*columns: Any) -> Select[*tuple[Any, ...]]:
    return (
        select(*columns)
        .outerjoin(QueuedRemovalRow, QueuedRemovalRow.queued_id == QueuedRow.id)
        .where(QueuedRemovalRow.queued_id.is_(None))
        .order_by(QueuedRow.id)
    )


def _append(session: Session, table: Any, rows: list[dict[str, Any]]) -> int:
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(table), rows[start : start + CHUNK])
    if rows:
        label_version.touch(session)
    return len(rows)
