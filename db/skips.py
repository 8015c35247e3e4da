"""What annotators leave for later: skips of query-skill pairs.

Append-only; taking one back adds a row that names it. Writers hold the lock of
`db.label_version`. Must not know when a skipped pair comes back.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, String, cast, literal, or_, select
from sqlalchemy.orm import Session, aliased

from db import label_version
from db.columns import storable, text_key, utc_now
from db.models import LabelSkipRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Skip

UNDO = "undo:"
"""What the token of a row begins with that takes another back; its number follows. Tokens that
people's pages send hold no colon."""


def add(
    session: Session, query_text: str, skill_id: str, annotator: str, token: str | None
) -> Skip:
    """Append a skip and return it; its token must not have been used."""
    row = LabelSkipRow(query_key=text_key(query_text), skill_id=skill_id)
    row.annotator, row.created_at, row.token = storable(annotator), utc_now(), token
    session.add(row)
    session.flush()
    label_version.touch(session)
    return _skip(row)


def find(session: Session, skip_id: int) -> Skip | None:
    """Return the skip with a number, taken back or not."""
    row = session.get(LabelSkipRow, skip_id)
    return None if row is None or _takes_back(row) else _skip(row)


def by_token(session: Session, token: str) -> Skip | None:
    """Return the skip that was sent with a token, taken back or not."""
    row = session.scalar(select(LabelSkipRow).where(LabelSkipRow.token == token))
    return None if row is None else _skip(row)


def undo(session: Session, skip_id: int, author: str) -> tuple[Skip, bool]:
    """Append the row that takes a skip back; a second one changes nothing.

    Returns the skip, and whether it counted until now.
    """
    row = session.get(LabelSkipRow, skip_id)
    if row is None or _takes_back(row):
        raise NotFoundError(f"no skip has the number {skip_id}; list them again")
    if by_token(session, f"{UNDO}{skip_id}") is not None:
        return _skip(row), False
    event = LabelSkipRow(query_key=row.query_key, skill_id=row.skill_id)
    event.annotator, event.created_at = storable(author), utc_now()
    event.token = f"{UNDO}{skip_id}"
    session.add(event)
    session.flush()
    label_version.touch(session)
    return _skip(row), True


def skips(session: Session, annotator: str | None = None) -> tuple[Skip, ...]:
    """Return the skips that nobody took back, of one annotator if given, oldest first."""
    query = _with_undos().order_by(LabelSkipRow.id)
    if annotator is not None:
        query = query.where(LabelSkipRow.annotator == annotator)
    return tuple(_skip(row) for row, event in session.execute(query) if event is None)


def latest(session: Session, annotator: str, limit: int) -> tuple[tuple[Skip, str, bool], ...]:
    """Return an annotator's last skips, newest first: each, its token, whether it was undone."""
    query = (
        _with_undos()
        .where(LabelSkipRow.annotator == annotator)
        .order_by(LabelSkipRow.created_at.desc(), LabelSkipRow.id.desc())
        .limit(limit)
    )
    return tuple(
        (_skip(row), row.token or "", event is not None) for row, event in session.execute(query)
    )


def _with_undos() -> Select[*tuple[Any, ...]]:
    events = aliased(LabelSkipRow)
    named = literal(UNDO).concat(cast(LabelSkipRow.id, String))
    own = or_(LabelSkipRow.token.is_(None), LabelSkipRow.token.not_like(f"{UNDO}%"))
    return select(LabelSkipRow, events.id).outerjoin(events, events.token == named).where(own)


def _takes_back(row: LabelSkipRow) -> bool:
    return (row.token or "").startswith(UNDO)


def _skip(row: LabelSkipRow) -> Skip:
    return Skip(row.id, row.query_key, row.skill_id, row.annotator, row.created_at)
