"""Engines and transactions.

Responsible for how connections are opened and when transactions begin and end.
Must not know the tables.

SQLite: the driver's own idea of transactions is switched off, so that DDL is
part of them; writers take the write lock at BEGIN, so that two of them queue up
(for `BUSY_SECONDS`) instead of failing when both have read and then want to write.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import Session, sessionmaker

from skillrouter_core.errors import WorkspaceError

BUSY_SECONDS = 60
"""How long a writer waits for SQLite's write lock before it gives up."""

_WRITES = {"skillrouter_writes": True}


class Database:
    """One engine and the two kinds of transaction run on it; safe to share between threads."""

    def __init__(self, engine: Engine) -> None:
        """Wrap an engine made by `make_engine`."""
        self.engine = engine
        self.writer = engine.execution_options(**_WRITES)
        self._read = sessionmaker(engine, expire_on_commit=False)
        self._write = sessionmaker(self.writer, expire_on_commit=False)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Yield a session on one consistent snapshot; nothing is written."""
        with self._read() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Yield a session whose changes are committed together, or not at all on an error."""
        with self._write.begin() as session:
            yield session

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """Return the URL of a SQLite file, whatever characters its path has."""
    return URL.create("sqlite", database=str(path)).render_as_string()


def make_engine(url: str | URL) -> Engine:
    """Return an engine for any SQLAlchemy URL; a malformed or in-memory one is refused."""
    parsed = _parse(url)
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database in (None, "", ":memory:"):
        raise WorkspaceError(
            f"{url!r} is a database in memory, which jobs in other processes cannot see; "
            "use a file: sqlite:////absolute/path/skillrouter.db"
        )
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _parse(url: str | URL) -> URL:
    try:
        return make_url(url)
    except ArgumentError:
        raise WorkspaceError(
            "SKILLROUTER_DATABASE_URL is not a SQLAlchemy URL; "
            "write e.g. postgresql+psycopg://user:password@host/name, or unset it"
        ) from None


def _prepare_sqlite(connection: Any, record: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.execute("PRAGMA cache_size = -65536")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("skillrouter_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
