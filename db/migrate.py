"""Brings a database to the version this code is written for.

Responsible for when migrations run, for one process at a time, and for refusing
a database from the future. What each migration does is in `db/migrations`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from db.session import Database, make_engine
from skillrouter_core.errors import DatabaseVersionError, WorkspaceError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).with_name("migrations")
HEAD = "0004"
"""The version this code is written for: the newest file in `migrations/versions`."""
LOCK_SECONDS = 120
"""How long to wait for another process that is migrating before giving up."""
ADVISORY_LOCK = 0x5B111
"""PostgreSQL's lock number for migrations, for workspaces on different machines."""


def open_database(url: str | URL, lock_folder: Path) -> Database:
    """Return the database at `url`, created and migrated as needed.

    `lock_folder` holds the lock file that keeps two processes from migrating at once.
    Raises `DatabaseVersionError` for a database newer than the code, and `WorkspaceError`
    where it cannot be reached or is not a database.
    """
    database = Database(make_engine(url))
    try:
        if not _is_ready(database.engine):
            with _only_one(lock_folder):
                upgrade(database)
    except DBAPIError as error:
        database.close()
        shown = database.engine.url.render_as_string(hide_password=True)
        raise WorkspaceError(
            f"the database {shown} cannot be used: {error.orig}; check that it is a database, "
            "that it can be reached and that you may write to it"
        ) from error
    except BaseException:
        database.close()
        raise
    return database


def upgrade(database: Database, scripts: Path = MIGRATIONS) -> None:
    """Apply every migration in `scripts` that is missing, each with its record in one transaction.

    Raises `DatabaseVersionError` if the database is at a version `scripts` does not know.
    """
    from alembic import command
    from alembic.script import ScriptDirectory

    config = _config(scripts)
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    _use_wal(database.engine)
    with _lock_server(database.engine), database.writer.connect() as connection:
        version = current_version(connection)
        if version is not None and version not in known:
            raise DatabaseVersionError(
                f"the database is at version {version}, this program knows versions up to "
                f"{max(known)}; install the skillrouter-studio that wrote it or a newer one, "
                "or set SKILLROUTER_HOME to another folder"
            )
        connection.rollback()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def current_version(connection: Connection) -> str | None:
    """Return the version the database is at; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return version


def _is_ready(engine: Engine) -> bool:
    with engine.connect() as connection:
        return current_version(connection) == HEAD and _journal(connection) in (None, "wal")


def _journal(connection: Connection) -> str | None:
    if connection.dialect.name != "sqlite":
        return None
    return str(connection.exec_driver_sql("PRAGMA journal_mode").scalar())


def _use_wal(engine: Engine) -> None:
    # SQLite changes the journal only outside a transaction, so below SQLAlchemy's own BEGIN.
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA journal_mode = WAL")
    finally:
        raw.close()


@contextmanager
def _only_one(lock_folder: Path) -> Iterator[None]:
    try:
        with FileLock(lock_folder / "migrate.lock", timeout=LOCK_SECONDS):
            yield
    except Timeout:
        raise WorkspaceError(
            f"another process has been preparing {lock_folder} for {LOCK_SECONDS} s; "
            "let it finish or end it, then try again"
        ) from None


@contextmanager
def _lock_server(engine: Engine) -> Iterator[None]:
    """Keep other machines that share a PostgreSQL server from migrating meanwhile."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:n)"), {"n": ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:n)"), {"n": ADVISORY_LOCK})


def _config(scripts: Path) -> Config:
    from alembic.config import Config

    config = Config()
    # Alembic reads options through configparser, where % starts a substitution.
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    return config
