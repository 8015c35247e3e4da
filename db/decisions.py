"""What people decided about near-duplicates.

Decisions are append-only; taking one back adds an event. Must not know how near-copies are
found, nor what a decision does to a catalog.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, insert, or_, select
from sqlalchemy.orm import Session

from db.columns import storable, utc_now
from db.models import DecisionRow, DecisionUndoRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Decision, Verdict

ID_CHUNK = 400
"""Ids asked for by one statement, twice each; databases cap the number of parameters."""


@dataclass(frozen=True, slots=True)
class NewDecision:
    """A decision about to be stored; fields as in `Decision`."""

    verdict: Verdict
    skill_id: str
    content_hash: str
    other_id: str
    other_hash: str
    note: str
    author: str


def add(session: Session, decisions: Sequence[NewDecision]) -> tuple[Decision, ...]:
    """Append decisions and return them in their order; they share one moment."""
    now = utc_now()
    rows = [_row(decision, now) for decision in decisions]
    session.add_all(rows)
    session.flush()
    return tuple(_decision(row, None) for row in rows)


def _row(decision: NewDecision, now: datetime) -> DecisionRow:
    return DecisionRow(
        verdict=decision.verdict.value,
        skill_id=decision.skill_id,
        content_hash=decision.content_hash,
        other_id=decision.other_id,
        other_hash=decision.other_hash,
        note=storable(decision.note),
        author=storable(decision.author),
        created_at=now,
    )


def undo(session: Session, decision_ids: Iterable[int], author: str) -> tuple[Decision, ...]:
    """Append the events that take decisions back; one already taken back stays as it is.

    Raises NotFoundError for a number that no decision has; nothing is taken back then.
    """
    wanted = list(dict.fromkeys(decision_ids))
    _lock(session, wanted)
    known = _by_number(session, wanted)
    if len(known) < len(wanted):
        missing = next(number for number in wanted if number not in known)
        raise NotFoundError(f"no decision has the number {missing}; list them again")
    now = utc_now()
    events = [
        {"decision_id": number, "author": storable(author), "at": now}
        for number in wanted
        if known[number].undone_at is None
    ]
    if events:
        session.execute(insert(DecisionUndoRow), events)
    after = _by_number(session, wanted)
    return tuple(after[number] for number in wanted)


def decisions(
    session: Session, skill_ids: Sequence[str] | None = None, *, undone: bool = False
) -> tuple[Decision, ...]:
    """Return decisions, oldest first, with those taken back if asked for.

    `skill_ids` keeps those that are about one of these skills or name one as the other skill.
    """
    query = _whole()
    if not undone:
        query = query.where(DecisionUndoRow.at.is_(None))
    if skill_ids is None:
        return tuple(_read(session, query))
    found: dict[int, Decision] = {}
    for start in range(0, len(skill_ids), ID_CHUNK):
        chunk = skill_ids[start : start + ID_CHUNK]
        named = or_(DecisionRow.skill_id.in_(chunk), DecisionRow.other_id.in_(chunk))
        found.update((one.decision_id, one) for one in _read(session, query.where(named)))
    return tuple(found[number] for number in sorted(found))


def last(session: Session, author: str) -> Decision | None:
    """Return the newest decision of an author that was not taken back."""
    query = _whole().where(DecisionRow.author == author, DecisionUndoRow.at.is_(None))
    newest = query.order_by(None).order_by(DecisionRow.id.desc()).limit(1)
    return next(iter(_read(session, newest)), None)


def token(session: Session) -> tuple[int, int, int]:
    """Return what changes with every decision and every undo; three indexed numbers are read.

    The count tells apart what the highest number cannot: on PostgreSQL two writers' numbers
    may become visible out of order.
    """
    count, newest = session.execute(select(func.count(), func.max(DecisionRow.id))).one()
    undone = session.scalar(select(func.count()).select_from(DecisionUndoRow))
    return int(count), int(newest or 0), int(undone or 0)


def _lock(session: Session, numbers: Sequence[int]) -> None:
    """Make whoever takes back one of the same decisions wait until this transaction ends."""
    # SQLite's writers hold the only write lock already and ignore FOR UPDATE.
    for start in range(0, len(numbers), ID_CHUNK):
        chunk = sorted(numbers)[start : start + ID_CHUNK]
        query = select(DecisionRow.id).where(DecisionRow.id.in_(chunk)).order_by(DecisionRow.id)
        session.execute(query.with_for_update()).all()


def _by_number(session: Session, numbers: Sequence[int]) -> dict[int, Decision]:
    found: dict[int, Decision] = {}
    for start in range(0, len(numbers), ID_CHUNK):
        chunk = numbers[start : start + ID_CHUNK]
        found.update(
            (one.decision_id, one)
            for one in _read(session, _whole().where(DecisionRow.id.in_(chunk)))
        )
    return found


def _whole() -> Select[*tuple[Any, ...]]:
    return (
        select(DecisionRow, DecisionUndoRow)
        .outerjoin(DecisionUndoRow, DecisionUndoRow.decision_id == DecisionRow.id)
        .order_by(DecisionRow.id)
    )


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> list[Decision]:
    return [_decision(row, undone) for row, undone in session.execute(query)]


def _decision(row: DecisionRow, undone: DecisionUndoRow | None) -> Decision:
    return Decision(
        decision_id=row.id,
        verdict=Verdict(row.verdict),
        skill_id=row.skill_id,
        content_hash=row.content_hash,
        other_id=row.other_id,
        other_hash=row.other_hash,
        note=row.note,
        author=row.author,
        created_at=row.created_at,
        undone_at=undone.at if undone else None,
        undone_by=undone.author if undone else "",
    )
