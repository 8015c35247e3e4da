"""What people said: saved queries and judgements.

Judgements are append-only; taking one back adds an event. Must not know who
judges or how queries are chosen.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.columns import storable, text_key, utc_now
from db.models import JudgementRow, JudgementUndoRow, QueryRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Judgement, SavedQuery


def save_query(
    session: Session, text: str, suite: str, expected: Sequence[str], author: str
) -> SavedQuery:
    """Keep a query; the same text in the same suite again replaces what is expected of it."""
    row = session.scalar(
        select(QueryRow).where(QueryRow.suite == suite, QueryRow.text_key == text_key(text))
    )
    if row is None:
        row = QueryRow(text=storable(text), text_key=text_key(text), suite=suite)
        row.created_at = utc_now()
        session.add(row)
    row.expected, row.author = [storable(item) for item in expected], author
    session.flush()
    return _query(row)


def queries(session: Session, suite: str | None) -> tuple[SavedQuery, ...]:
    """Return the saved queries, of one suite if given, oldest first."""
    query = select(QueryRow).order_by(QueryRow.id)
    if suite is not None:
        query = query.where(QueryRow.suite == suite)
    return tuple(_query(row) for row in session.scalars(query))


def suites(session: Session) -> tuple[str, ...]:
    """Return the names of all suites, sorted."""
    return tuple(sorted(session.scalars(select(QueryRow.suite).distinct())))


def remove_query(session: Session, query_id: int) -> None:
    """Delete a saved query; judgements of its text stay."""
    row = session.get(QueryRow, query_id)
    if row is None:
        raise NotFoundError(f"no saved query has the number {query_id}; list them again")
    session.delete(row)


def add_judgement(
    session: Session,
    query_text: str,
    skill_id: str,
    content_hash: str,
    grade: int | None,
    annotator: str,
) -> Judgement:
    """Append one verdict and return it."""
    row = JudgementRow(
        query_key=text_key(query_text),
        query_text=storable(query_text),
        skill_id=skill_id,
        content_hash=content_hash,
        grade=grade,
        annotator=annotator,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    return _judgement(row)


def undo(session: Session, judgement_id: int) -> Judgement:
    """Append the event that takes a judgement back; a second one changes nothing."""
    row = session.get(JudgementRow, judgement_id)
    if row is None:
        raise NotFoundError(f"no judgement has the number {judgement_id}; list them again")
    if session.get(JudgementUndoRow, judgement_id) is None:
        session.add(JudgementUndoRow(judgement_id=judgement_id, at=utc_now()))
    return _judgement(row)


def judgements(session: Session, query_text: str | None) -> tuple[Judgement, ...]:
    """Return the verdicts that count, oldest first, of one query if given.

    Of each annotator, query and skill that is the newest one not taken back.
    """
    newest = (
        select(func.max(JudgementRow.id))
        .where(JudgementRow.id.not_in(select(JudgementUndoRow.judgement_id)))
        .group_by(JudgementRow.query_key, JudgementRow.skill_id, JudgementRow.annotator)
    )
    if query_text is not None:
        newest = newest.where(JudgementRow.query_key == text_key(query_text))
    query = select(JudgementRow).where(JudgementRow.id.in_(newest)).order_by(JudgementRow.id)
    return tuple(_judgement(row) for row in session.scalars(query))


def _query(row: QueryRow) -> SavedQuery:
    return SavedQuery(row.id, row.text, row.suite, tuple(row.expected), row.author, row.created_at)


def _judgement(row: JudgementRow) -> Judgement:
    return Judgement(
        row.id,
        row.query_text,
        row.skill_id,
        row.content_hash,
        row.grade,
        row.annotator,
        row.created_at,
    )
