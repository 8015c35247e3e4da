"""Which query-skill pair is in whose hands, so that no two people are handed the same one.

A pair is (key of the query's text, skill id). Writers hold the lock of `db.label_version`: a
claim is looked up and made in one turn, whatever the database. Must not know which pair is
worth claiming.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from db import label_version
from db.columns import storable
from db.models import LabelClaimRow
from skillrouter_core.records import Claim

CHUNK = 400
"""Pairs asked for by one statement; databases cap the number of parameters."""

Pair = tuple[str, str]
"""The key of a query's text (`text_key`) and a skill id."""

_COLUMNS = (
    LabelClaimRow.query_key,
    LabelClaimRow.skill_id,
    LabelClaimRow.place,
    LabelClaimRow.annotator,
    LabelClaimRow.until,
)


def claim(
    session: Session,
    pairs: Sequence[Pair],
    annotator: str,
    places: Mapping[Pair, int],
    now: datetime,
    until: datetime,
) -> tuple[Pair, ...]:
    """Take those of the pairs that have a place left for a person; return them in order.

    `places` says how many people may hold a pair at once, 1 for a pair it does not name. One
    that the person holds already is theirs until the new moment. A place whose moment has
    passed is free.
    """
    label_version.lock(session)
    annotator, wanted = storable(annotator), list(dict.fromkeys(pairs))
    _drop_stale(session, wanted, now)
    there = _by_pair(session, wanted)
    mine = [pair for pair in wanted if any(one.annotator == annotator for one in there[pair])]
    extend(session, mine, annotator, now, until)
    others = [pair for pair in wanted if pair not in set(mine)]
    free = {pair: _free(there[pair], places.get(pair, 1)) for pair in others}
    fresh = {pair: place for pair, place in free.items() if place is not None}
    _insert(session, fresh, annotator, until)
    got = {*fresh, *mine}
    return tuple(pair for pair in wanted if pair in got)


def extend(
    session: Session, pairs: Collection[Pair], annotator: str, now: datetime, until: datetime
) -> int:
    """Let a person keep pairs until a later moment; return how many they still held."""
    label_version.lock(session)
    kept = 0
    for where in _each(pairs, storable(annotator)):
        statement = update(LabelClaimRow).where(*where, LabelClaimRow.until > now)
        kept += _count(session, statement.values(until=until))
    return kept


def release(session: Session, annotator: str, pairs: Collection[Pair] | None = None) -> int:
    """Give back a person's pairs, all of them if none are named; return how many they had."""
    label_version.lock(session)
    annotator = storable(annotator)
    if pairs is None:
        return _count(session, delete(LabelClaimRow).where(LabelClaimRow.annotator == annotator))
    return sum(
        _count(session, delete(LabelClaimRow).where(*where)) for where in _each(pairs, annotator)
    )


def held(session: Session, now: datetime) -> tuple[Claim, ...]:
    """Return the claims whose moment has not passed, by pair and place."""
    query = select(*_COLUMNS).where(LabelClaimRow.until > now).order_by(*_COLUMNS[:3])
    return tuple(Claim(*row) for row in session.execute(query))


def _free(there: Sequence[Claim], places: int) -> int | None:
    taken = {one.place for one in there}
    # Fewer places than people who hold one: a second verdict is no longer wanted.
    if len(taken) >= places:
        return None
    return next(number for number in range(1, places + 1) if number not in taken)


def _drop_stale(session: Session, pairs: Sequence[Pair], now: datetime) -> None:
    for chunk in _chunks({key for key, _ in pairs}):
        stale = (LabelClaimRow.query_key.in_(chunk), LabelClaimRow.until <= now)
        session.execute(delete(LabelClaimRow).where(*stale))


def _by_pair(session: Session, pairs: Sequence[Pair]) -> defaultdict[Pair, list[Claim]]:
    found: defaultdict[Pair, list[Claim]] = defaultdict(list)
    for chunk in _chunks({key for key, _ in pairs}):
        query = select(*_COLUMNS).where(LabelClaimRow.query_key.in_(chunk))
        for row in session.execute(query):
            found[row.query_key, row.skill_id].append(Claim(*row))
    return found


def _insert(session: Session, fresh: Mapping[Pair, int], annotator: str, until: datetime) -> None:
    rows = [
        {
            "query_key": key,
            "skill_id": skill_id,
            "place": place,
            "annotator": annotator,
            "until": until,
        }
        for (key, skill_id), place in fresh.items()
    ]
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(LabelClaimRow), rows[start : start + CHUNK])


def _each(pairs: Collection[Pair], annotator: str) -> Iterator[tuple[Any, ...]]:
    """Yield what picks a person's claim of each pair."""
    for key, skill_id in pairs:
        yield (
            LabelClaimRow.query_key == key,
            LabelClaimRow.skill_id == skill_id,
            LabelClaimRow.annotator == annotator,
        )


def _count(session: Session, statement: Any) -> int:
    changed: int = session.connection().execute(statement).rowcount
    return changed


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    ordered = sorted(values)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]
