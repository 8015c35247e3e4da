"""The grades on which conflicts of several people were settled.

Append-only; taking one back adds an event. Writers hold the lock of `db.label_version`. Must not
know what makes a conflict.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import label_version
from db.columns import storable, text_key, utc_now
from db.models import SettlementRow, SettlementUndoRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import NewJudgement, Settlement


def add(session: Session, new: NewJudgement, content_hash: str) -> Settlement:
    """Append a settlement and return it; `new.annotator` is who settled."""
    row = SettlementRow(
        query_key=text_key(new.query_text),
        query_text=storable(new.query_text),
        skill_id=new.skill_id,
        content_hash=content_hash,
        grade=new.grade,
        note=storable(new.note),
        author=storable(new.annotator),
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    label_version.touch(session)
    return _settlement(row)


def undo(session: Session, settlement_id: int, author: str) -> tuple[Settlement, bool]:
    """Append the event that takes a settlement back; a second one changes nothing.

    Returns the settlement, and whether it had not been taken back before.
    """
    row = session.get(SettlementRow, settlement_id)
    if row is None:
        raise NotFoundError(f"no settlement has the number {settlement_id}; list them again")
    first = session.get(SettlementUndoRow, settlement_id) is None
    if first:
        event = SettlementUndoRow(settlement_id=settlement_id, author=storable(author))
        event.at = utc_now()
        session.add(event)
        session.flush()
        label_version.touch(session)
    return _settlement(row), first


def settlements(session: Session) -> tuple[Settlement, ...]:
    """Return those that count, oldest first: of each pair the newest one not taken back."""
    newest = (
        select(func.max(SettlementRow.id))
        .where(SettlementRow.id.not_in(select(SettlementUndoRow.settlement_id)))
        .group_by(SettlementRow.query_key, SettlementRow.skill_id)
    )
    query = select(SettlementRow).where(SettlementRow.id.in_(newest)).order_by(SettlementRow.id)
    return tuple(_settlement(row) for row in session.scalars(query))


def _settlement(row: SettlementRow) -> Settlement:
    return Settlement(
        settlement_id=row.id,
        query_text=row.query_text,
        skill_id=row.skill_id,
        content_hash=row.content_hash,
        grade=row.grade,
        note=row.note,
        author=row.author,
        created_at=row.created_at,
    )
