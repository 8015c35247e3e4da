"""What the label queue asks: saved queries, many at once, and what was said since it last asked.

Reads only. Must not know which pair is asked next.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db import claims, label_version, labels, settings, skips
from db.models import QueryRow
from db.saved_queries import REMEMBERED
from skillrouter_core.records import Claim, Split, VerdictKey
from skillrouter_core.records.queues import QueryCopy

CHUNK = 500
"""Texts asked for by one statement; databases cap the number of parameters."""

OVERLAP = "label_overlap"
"""Name of the setting that holds the share of pairs that two people are to grade."""

_KEPT = QueryRow.suite != REMEMBERED


@dataclass(frozen=True, slots=True)
class News:
    """What one person's next pairs depend on.

    `version` is that of the labels. `verdicts` are those numbered above what the reader knew and
    `undone` the numbers of all taken back; both are empty where `version` is what they knew.
    `skipped` has (key, skill id) as often as the person skipped it; `overlap` is as it was set.
    """

    version: str
    verdicts: tuple[VerdictKey, ...]
    undone: frozenset[int]
    held: tuple[Claim, ...]
    skipped: tuple[tuple[str, str], ...]
    overlap: str | None


def news(session: Session, annotator: str, now: datetime, known: str, newest: int) -> News:
    """Return what was said after version `known` and judgement `newest`, and who holds what."""
    # The version first: whatever comes in between is then read again next time.
    version = label_version.version(session)
    changed = version != known
    return News(
        version=version,
        verdicts=labels.verdict_keys(session, newest) if changed else (),
        undone=labels.undone_ids(session) if changed else frozenset(),
        held=claims.held(session, now),
        skipped=tuple((one.query_key, one.skill_id) for one in skips.skips(session, annotator)),
        overlap=settings.value(session, OVERLAP),
    )


def token(session: Session) -> tuple[Any, ...]:
    """Return what changes whenever a query is added or removed; a few numbers are read.

    The moment tells apart what numbers cannot: a database may give a removed query's to the next.
    """
    columns = (func.count(), func.max(QueryRow.id), func.max(QueryRow.created_at))
    return tuple(session.execute(select(*columns).where(_KEPT)).one())


def texts(session: Session) -> tuple[tuple[str, str, str], ...]:
    """Return (text key, text, suite) of every kept query, oldest first."""
    query = select(QueryRow.text_key, QueryRow.text, QueryRow.suite).where(_KEPT)
    return tuple((row[0], row[1], row[2]) for row in session.execute(query.order_by(QueryRow.id)))


def copies(session: Session, keys: Collection[str]) -> dict[str, tuple[QueryCopy, ...]]:
    """Return the copies of some texts by text key, oldest first; texts nobody keeps are left out.

    A text that is only remembered for its side comes with the suite "".
    """
    found: dict[str, tuple[QueryCopy, ...]] = {}
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        query = select(QueryRow.text_key, QueryRow.suite, QueryRow.split, QueryRow.expected)
        query = query.where(QueryRow.text_key.in_(ordered[start : start + CHUNK]))
        for key, suite, split, expected in session.execute(query.order_by(QueryRow.id)):
            copy = QueryCopy(suite, Split(split), tuple(expected))
            found[key] = (*found.get(key, ()), copy)
    return found
