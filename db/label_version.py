"""One value that changes with whatever people say, and the turns in which they say it.

Responsible for letting one writer of labels work at a time, on any database. Must not know what
is written.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from db.models import MetaRow
from db.session import Database

LABELS_VERSION = "labels_version"
"""Name of the `meta` row that changes with every label; writers lock it."""

_ROW = MetaRow.key == LABELS_VERSION


@contextmanager
def turn(database: Database) -> Iterator[Session]:
    """Yield a session whose changes are kept together, once every other writer has finished."""
    with database.write() as session:
        lock(session)
        yield session


def lock(session: Session) -> None:
    """Make other writers of labels wait until this transaction ends.

    Whoever holds it may look before writing: nobody writes in between, and numbers given to
    rows become visible in their order.
    """
    # SQLite's writers hold the only write lock already and ignore FOR UPDATE.
    row = select(MetaRow.value).where(_ROW).with_for_update()
    if session.scalar(row) is not None:
        return
    try:
        with session.begin_nested():
            session.execute(insert(MetaRow).values(key=LABELS_VERSION, value=""))
    except IntegrityError:
        # Another process made the row first; its transaction has ended by now.
        session.execute(row).one()


def touch(session: Session) -> None:
    """Note that something was said, in the transaction that keeps it."""
    lock(session)
    session.execute(update(MetaRow).where(_ROW).values(value=uuid.uuid4().hex))


def version(session: Session) -> str:
    """Return what differs after every change; one row is read. Empty before the first."""
    return session.scalar(select(MetaRow.value).where(_ROW)) or ""
