"""What the label queue asks of saved queries: quickly, and of many at once.

Reads only. Must not know which pair is asked next, nor who asks.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.models import QueryRow
from db.saved_queries import REMEMBERED
from skillrouter_core.records import Split
from skillrouter_core.records.queues import QueryCopy

CHUNK = 500
"""Texts asked for by one statement; databases cap the number of parameters."""

_KEPT = QueryRow.suite != REMEMBERED


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
