"""What people said of query-skill pairs: judgements.

Append-only; taking one back adds an event. Writers hold the lock of `db.label_version`. Must not
know who judges or how pairs are chosen.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, insert, select
from sqlalchemy.orm import Session

from db import label_version
from db.columns import storable, text_key, utc_now
from db.models import JudgementRow, JudgementUndoRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Judgement, NewJudgement, PastJudgement, VerdictKey

_COLUMNS: tuple[Any, ...] = (
    JudgementRow.id,
    JudgementRow.query_text,
    JudgementRow.skill_id,
    JudgementRow.content_hash,
    JudgementRow.grade,
    JudgementRow.annotator,
    JudgementRow.created_at,
    JudgementRow.seconds,
    JudgementRow.note,
    JudgementRow.origin,
)
"""The fields of `Judgement`, in order: lists are read without rows being made of them."""

CHUNK = 500
"""Values asked for by one statement; databases cap the number of parameters."""


def add(session: Session, new: NewJudgement, content_hash: str) -> Judgement:
    """Append one verdict and return it; its token must not have been used."""
    row = JudgementRow(**_columns(new, content_hash, utc_now()))
    session.add(row)
    session.flush()
    label_version.touch(session)
    return _judgement(row)


def add_missing(session: Session, rows: Sequence[tuple[NewJudgement, str]]) -> int:
    """Append verdicts, each with the hash of its text, that are not there yet; return how many.

    One is there when its token is, or one that says the same of the same at the same moment.
    """
    now = utc_now()
    wanted = [_columns(new, digest, now) for new, digest in rows]
    tokens = _tokens(session, [each["token"] for each in wanted if each["token"]])
    said = _said(session, {each["query_key"] for each in wanted})
    fresh: list[dict[str, Any]] = []
    for each in wanted:
        if each["token"] in tokens or _same(each) in said:
            continue
        said.add(_same(each))
        tokens.update({each["token"]} - {None})
        fresh.append(each)
    for part in _chunks(fresh):
        session.execute(insert(JudgementRow), part)
    if fresh:
        label_version.touch(session)
    return len(fresh)


def find(session: Session, judgement_id: int) -> Judgement | None:
    """Return the verdict with a number, taken back or not."""
    row = session.get(JudgementRow, judgement_id)
    return None if row is None else _judgement(row)


def by_token(session: Session, token: str) -> Judgement | None:
    """Return the verdict that was sent with a token, taken back or not."""
    row = session.scalar(select(JudgementRow).where(JudgementRow.token == token))
    return None if row is None else _judgement(row)


def undo(session: Session, judgement_id: int, author: str) -> tuple[Judgement, bool]:
    """Append the event that takes a judgement back; a second one changes nothing.

    Returns the judgement, and whether it counted until now.
    """
    row = session.get(JudgementRow, judgement_id)
    if row is None:
        raise NotFoundError(f"no judgement has the number {judgement_id}; list them again")
    first = session.get(JudgementUndoRow, judgement_id) is None
    if first:
        event = JudgementUndoRow(judgement_id=judgement_id, at=utc_now(), author=storable(author))
        session.add(event)
        session.flush()
        label_version.touch(session)
    return _judgement(row), first


def judgements(session: Session, query_text: str | None) -> tuple[Judgement, ...]:
    """Return the verdicts that count, oldest first, of one query if given.

    Of each annotator, query and skill that is the newest one not taken back, by its moment: one
    that was imported counts from when it was made.
    """
    pair = (JudgementRow.query_key, JudgementRow.skill_id, JudgementRow.annotator)
    newest_first = (JudgementRow.created_at.desc(), JudgementRow.id.desc())
    ranked = (
        select(
            JudgementRow.id,
            func.row_number().over(partition_by=pair, order_by=newest_first).label("place"),
        )
        .outerjoin(JudgementUndoRow, JudgementUndoRow.judgement_id == JudgementRow.id)
        .where(JudgementUndoRow.judgement_id.is_(None))
    )
    if query_text is not None:
        ranked = ranked.where(JudgementRow.query_key == text_key(query_text))
    places = ranked.subquery()
    query = (
        select(*_COLUMNS)
        .join(places, places.c.id == JudgementRow.id)
        .where(places.c.place == 1)
        .order_by(JudgementRow.created_at, JudgementRow.id)
    )
    return tuple(Judgement(*row) for row in session.execute(query))


def history(session: Session, annotator: str | None = None) -> tuple[PastJudgement, ...]:
    """Return everything ever said, of one annotator if given, oldest first."""
    query = _with_undos().order_by(JudgementRow.created_at, JudgementRow.id)
    if annotator is not None:
        query = query.where(JudgementRow.annotator == annotator)
    return tuple(_past(row)[0] for row in session.execute(query))


def latest(session: Session, annotator: str, limit: int) -> tuple[tuple[PastJudgement, str], ...]:
    """Return what an annotator said last, newest first, each with the token it was sent with."""
    order = (JudgementRow.created_at.desc(), JudgementRow.id.desc())
    # Numbers first: sorting whole rows would read the texts of all a person ever said.
    own = select(JudgementRow.id).where(JudgementRow.annotator == annotator)
    last = own.order_by(*order).limit(limit).subquery()
    query = _with_undos().join(last, last.c.id == JudgementRow.id).order_by(*order)
    return tuple(_past(row) for row in session.execute(query))


def verdict_keys(session: Session, after: int) -> tuple[VerdictKey, ...]:
    """Return who graded which pair how, those taken back too, numbered above `after`, in order.

    Reads no texts. Writers take turns, so that no lower number turns up later.
    """
    columns = (
        JudgementRow.id,
        JudgementRow.query_key,
        JudgementRow.skill_id,
        JudgementRow.annotator,
        JudgementRow.grade,
    )
    query = select(*columns).where(JudgementRow.id > after).order_by(JudgementRow.id)
    return tuple(VerdictKey(*row) for row in session.execute(query))


def undone_ids(session: Session) -> frozenset[int]:
    """Return the numbers of the judgements that were taken back."""
    return frozenset(session.scalars(select(JudgementUndoRow.judgement_id)))


def query_texts(session: Session, keys: Iterable[str]) -> dict[str, str]:
    """Return the texts of judged queries by their keys, those never judged left out."""
    found: dict[str, str] = {}
    for chunk in _chunks(sorted(keys)):
        query = select(JudgementRow.query_key, func.min(JudgementRow.query_text))
        query = query.where(JudgementRow.query_key.in_(chunk)).group_by(JudgementRow.query_key)
        found.update((key, text) for key, text in session.execute(query))
    return found


def _columns(new: NewJudgement, content_hash: str, now: datetime) -> dict[str, Any]:
    return {
        "query_key": text_key(new.query_text),
        "query_text": storable(new.query_text),
        "skill_id": new.skill_id,
        "content_hash": content_hash,
        "grade": new.grade,
        "annotator": storable(new.annotator),
        "created_at": new.created_at or now,
        "seconds": new.seconds,
        "note": storable(new.note),
        "origin": storable(new.origin),
        "token": new.token,
    }


_SAME = ("query_key", "skill_id", "content_hash", "grade", "annotator", "created_at")


def _same(columns: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(columns[name] for name in _SAME)


def _said(session: Session, keys: set[str]) -> set[tuple[Any, ...]]:
    found: set[tuple[Any, ...]] = set()
    columns = [getattr(JudgementRow, name) for name in _SAME]
    for chunk in _chunks(sorted(keys)):
        query = select(*columns).where(JudgementRow.query_key.in_(chunk))
        found.update(tuple(row) for row in session.execute(query))
    return found


def _tokens(session: Session, tokens: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for chunk in _chunks(tokens):
        query = select(JudgementRow.token).where(JudgementRow.token.in_(chunk))
        found.update(token for token in session.scalars(query) if token)
    return found


def _with_undos() -> Select[*tuple[Any, ...]]:
    undone = (JudgementUndoRow.at, JudgementUndoRow.author)
    return select(*_COLUMNS, *undone, JudgementRow.token).outerjoin(
        JudgementUndoRow, JudgementUndoRow.judgement_id == JudgementRow.id
    )


def _past(row: Row[*tuple[Any, ...]]) -> tuple[PastJudgement, str]:
    """Return a verdict with what became of it, and the token it was sent with."""
    *fields, at, author, token = row
    return PastJudgement(Judgement(*fields), at, author or ""), token or ""


def _chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]


def _judgement(row: JudgementRow) -> Judgement:
    return Judgement(
        judgement_id=row.id,
        query_text=row.query_text,
        skill_id=row.skill_id,
        content_hash=row.content_hash,
        grade=row.grade,
        annotator=row.annotator,
        created_at=row.created_at,
        seconds=row.seconds,
        note=row.note,
        origin=row.origin,
    )
