"""The queries that people keep, suite by suite, and the side of training each text is on.

All copies of a text are on one side. Must not know how a text alone decides its side, nor what
a suite is run for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Text, case, cast, func, select, update
from sqlalchemy.orm import Session

from db import label_version
from db.columns import storable, text_key, utc_now
from db.models import QueryRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import SavedCounts, SavedQuery, Split, SuiteSize

KEY_CHUNK = 500
"""Texts asked for by one statement; databases cap the number of parameters."""

REMEMBERED = ""
"""The suite of texts that nobody keeps any more but whose side was declared; people's suites
have a name."""

_KEPT = QueryRow.suite != REMEMBERED

SplitOf = Callable[[str], Split]
"""What the text alone says of its side."""


@dataclass(frozen=True, slots=True)
class QueryEntry:
    """A query about to be stored; `expected` None leaves what is expected of it."""

    text: str
    expected: tuple[str, ...] | None
    split: Split


def save(
    session: Session, entries: Sequence[QueryEntry], suite: str, author: str, source: str
) -> SavedCounts:
    """Keep queries in a suite; every copy of their texts goes to the side that each entry names.

    A text that the suite has already keeps its number, moment and, where none is given, source.
    """
    keys = [text_key(entry.text) for entry in entries]
    there = _rows(session, keys, suite)
    moved = _put_on_sides(session, dict(zip(keys, entries, strict=True)))
    now, counts = utc_now(), {"added": 0, "updated": 0, "unchanged": 0}
    for key, entry in zip(keys, entries, strict=True):
        row = there.get(key)
        if row is None:
            row = QueryRow(text=storable(entry.text), text_key=key, suite=suite, created_at=now)
            row.expected, row.author, row.source = _stored(entry.expected), author, source
            row.split = entry.split.value
            session.add(row)
            counts["added"] += 1
        elif _replace(row, entry, author, source) or key in moved:
            counts["updated"] += 1
        else:
            counts["unchanged"] += 1
    session.flush()
    _forget(session, keys)
    if counts["added"] or counts["updated"]:
        label_version.touch(session)
    return SavedCounts(**counts)


def saved(session: Session, text: str, suite: str) -> SavedQuery:
    """Return a suite's copy of a text; raise `NotFoundError` without one."""
    row = _rows(session, [text_key(text)], suite).get(text_key(text))
    if row is None:
        raise NotFoundError(f"suite {suite!r} has no query {text[:80]!r}; save it first")
    return _query(row)


def queries(
    session: Session, suite: str | None = None, split: Split | None = None
) -> tuple[SavedQuery, ...]:
    """Return the saved queries, of one suite or side if given, oldest first."""
    query = select(QueryRow).where(_KEPT).order_by(QueryRow.id)
    if suite is not None:
        query = query.where(QueryRow.suite == suite)
    if split is not None:
        query = query.where(QueryRow.split == split.value)
    return tuple(_query(row) for row in session.scalars(query))


def suites(session: Session) -> tuple[str, ...]:
    """Return the names of all suites, sorted."""
    return tuple(sorted(session.scalars(select(QueryRow.suite).where(_KEPT).distinct())))


def suite_sizes(session: Session) -> tuple[SuiteSize, ...]:
    """Return what each suite holds, sorted by name."""
    held_out = func.sum(case((QueryRow.split == Split.HELD_OUT.value, 1), else_=0))
    expecting = func.sum(case((cast(QueryRow.expected, Text) != "[]", 1), else_=0))
    query = select(QueryRow.suite, func.count(), held_out, expecting).where(_KEPT)
    rows = session.execute(query.group_by(QueryRow.suite))
    return tuple(
        SuiteSize(name, count, count - held, held, expected)
        for name, count, held, expected in sorted(tuple(row) for row in rows)
    )


def splits(session: Session, texts: Iterable[str]) -> dict[str, Split]:
    """Return the side of each of some texts, those that no copy decides left out."""
    wanted = {text_key(text): text for text in texts}
    found: dict[str, Split] = {}
    keys = list(wanted)
    for start in range(0, len(keys), KEY_CHUNK):
        chunk = keys[start : start + KEY_CHUNK]
        query = select(QueryRow.text_key, QueryRow.split).where(QueryRow.text_key.in_(chunk))
        found.update((wanted[key], Split(split)) for key, split in session.execute(query))
    return found


def remove_query(session: Session, query_id: int, split_of: SplitOf) -> None:
    """Delete a saved query; judgements of its text stay, and the side it was declared on."""
    row = session.get(QueryRow, query_id)
    if row is None or row.suite == REMEMBERED:
        raise NotFoundError(f"no saved query has the number {query_id}; list them again")
    _remove(session, [row], split_of)


def remove_suite(session: Session, name: str, split_of: SplitOf) -> int:
    """Delete the queries of a suite and return how many; the rest as in `remove_query`."""
    rows = session.scalars(select(QueryRow).where(_KEPT, QueryRow.suite == name)).all()
    if not rows:
        known = ", ".join(suites(session)) or "none yet"
        raise NotFoundError(f"no suite {name!r}; there are: {known}")
    _remove(session, rows, split_of)
    return len(rows)


def _remove(session: Session, rows: Sequence[QueryRow], split_of: SplitOf) -> None:
    others = _kept_keys(session, [row.text_key for row in rows], {row.id for row in rows})
    for row in rows:
        declared = row.split != split_of(row.text).value
        if declared and row.text_key not in others:
            # Forgetting the side would let a text go from held-out to train unseen.
            row.suite, row.expected = REMEMBERED, []
        else:
            session.delete(row)
    session.flush()
    label_version.touch(session)


def _kept_keys(session: Session, keys: Sequence[str], but: set[int]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(keys), KEY_CHUNK):
        chunk = keys[start : start + KEY_CHUNK]
        query = select(QueryRow.id, QueryRow.text_key).where(QueryRow.text_key.in_(chunk))
        found.update(key for number, key in session.execute(query) if number not in but)
    return found


def _rows(session: Session, keys: Sequence[str], suite: str) -> dict[str, QueryRow]:
    found: dict[str, QueryRow] = {}
    for start in range(0, len(keys), KEY_CHUNK):
        chunk = keys[start : start + KEY_CHUNK]
        query = select(QueryRow).where(QueryRow.suite == suite, QueryRow.text_key.in_(chunk))
        found.update((row.text_key, row) for row in session.scalars(query))
    return found


def _put_on_sides(session: Session, entries: dict[str, QueryEntry]) -> set[str]:
    """Move every copy of the texts to the side its entry names; return the keys of those moved."""
    moved: set[str] = set()
    for side in Split:
        wanted = [key for key in entries if entries[key].split is side]
        for start in range(0, len(wanted), KEY_CHUNK):
            chunk = wanted[start : start + KEY_CHUNK]
            there = (QueryRow.text_key.in_(chunk), QueryRow.split != side.value)
            moved.update(session.scalars(select(QueryRow.text_key).where(*there)))
            session.execute(update(QueryRow).where(*there).values(split=side.value))
    return moved


def _forget(session: Session, keys: Sequence[str]) -> None:
    """Delete what was remembered of texts that a suite holds now."""
    for row in _rows(session, keys, REMEMBERED).values():
        session.delete(row)
    session.flush()


def _replace(row: QueryRow, entry: QueryEntry, author: str, source: str) -> bool:
    """Give a stored query what is new of it; return whether anything was."""
    expected = row.expected if entry.expected is None else _stored(entry.expected)
    if expected == row.expected:
        return False
    row.expected, row.author, row.source = expected, author, source or row.source
    return True


def _stored(expected: tuple[str, ...] | None) -> list[Any]:
    return [storable(item) for item in expected or ()]


def _query(row: QueryRow) -> SavedQuery:
    return SavedQuery(
        query_id=row.id,
        text=row.text,
        suite=row.suite,
        expected=tuple(row.expected),
        author=row.author,
        created_at=row.created_at,
        source=row.source,
        split=Split(row.split),
    )
