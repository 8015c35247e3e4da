"""Opening a database brings it to this version, or leaves it alone."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from db import categories, label_queue, labels, saved_queries
from db.columns import text_key
from db.migrate import HEAD, MIGRATIONS, current_version, open_database, upgrade
from db.models import Base
from db.session import Database, make_engine, sqlite_url
from db.skills import all_skills
from skillrouter_core.errors import DatabaseVersionError, WorkspaceError
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import Split
from tests.stores import BACKENDS, database_url

ROOT = Path(__file__).parent.parent.parent

ENVIRONMENT = (MIGRATIONS / "env.py").read_text(encoding="utf-8")
STEP = '''
"""{title}"""
from alembic import op
import sqlalchemy as sa
revision = "{revision}"
down_revision = {previous!r}

def upgrade():
{body}
'''


def scripts(folder: Path, *bodies: str) -> Path:
    """Write a folder of migrations 0001, 0002, ... with these bodies."""
    versions = folder / "scripts" / "versions"
    versions.mkdir(parents=True, exist_ok=True)
    (versions.parent / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    for number, body in enumerate(bodies, start=1):
        step = STEP.format(
            title=f"Step {number}",
            revision=f"{number:04d}",
            previous=f"{number - 1:04d}" if number > 1 else None,
            body=textwrap.indent(textwrap.dedent(body), "    "),
        )
        (versions / f"{number:04d}_step.py").write_text(step, encoding="utf-8")
    return versions.parent


def schema(database) -> dict[str, list[str]]:
    inspector = inspect(database.engine)
    return {
        table: [column["name"] for column in inspector.get_columns(table)]
        for table in inspector.get_table_names()
    }


def version_of(database) -> str | None:
    with database.engine.connect() as connection:
        return current_version(connection)


@pytest.fixture(params=BACKENDS)
def database(request, tmp_path):
    with database_url(request.param, tmp_path) as url:
        opened = open_database(url, tmp_path)
        yield opened
        opened.close()


def test_models_and_migrations_agree(database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Base.metadata) == []


def test_head_is_the_newest_migration(database) -> None:
    folder = ScriptDirectory(str(MIGRATIONS))
    assert folder.get_heads() == [HEAD]
    assert version_of(database) == HEAD


def test_upgrading_again_changes_nothing(database) -> None:
    before = schema(database)
    upgrade(database)
    assert (schema(database), version_of(database)) == (before, HEAD)


def at_version(url: str, folder: Path, newest: str) -> Database:
    """Return a new database at an earlier version, made by the migrations up to it."""
    versions = folder / "earlier" / "versions"
    versions.mkdir(parents=True)
    (versions.parent / "env.py").write_text(ENVIRONMENT, encoding="utf-8")
    for script in (MIGRATIONS / "versions").glob("[0-9]*.py"):
        if script.name[:4] <= newest:
            (versions / script.name).write_text(script.read_text("utf-8"), encoding="utf-8")
    database = Database(make_engine(url))
    upgrade(database, versions.parent)
    return database


@pytest.fixture(params=BACKENDS)
def url(request, tmp_path):
    with database_url(request.param, tmp_path) as made:
        yield made


def test_version_0001_gets_the_decisions_and_keeps_its_rows(url: str, tmp_path: Path) -> None:
    database = at_version(url, tmp_path, "0001")
    assert version_of(database) == "0001"
    with database.write() as session:
        session.execute(text("INSERT INTO catalogs (id, name, source) VALUES (7, 'old', '/old')"))
    upgrade(database)
    assert version_of(database) == HEAD
    assert {"decisions", "decision_undos"} <= schema(database).keys()
    with database.read() as session:
        assert session.execute(text("SELECT name FROM catalogs")).scalar_one() == "old"
    database.close()


OLD_SKILL = """
INSERT INTO skills (skill_id, catalog_id, content_hash, first_seen, changed_at, category,
  normalised_name, problems, source, path, search_text)
VALUES (:id, 7, 'abc', '2025-01-02', '2025-01-02', :category, 'old', '[]', '', '', 'old')
"""


def test_version_0002_takes_its_categories_for_the_sources_own(url: str, tmp_path: Path) -> None:
    database = at_version(url, tmp_path, "0002")
    with database.write() as session:
        session.execute(text("INSERT INTO catalogs (id, name, source) VALUES (7, 'old', '/old')"))
        session.execute(text("INSERT INTO texts VALUES ('abc', 'old', 'Old.', 3, 'Old')"))
        for skill_id, category in (("old/a", "writing"), ("old/b", "")):
            session.execute(text(OLD_SKILL), {"id": skill_id, "category": category})
    upgrade(database)
    with database.read() as session:
        columns = "skill_id, category, own_category, assigned_category"
        rows = session.execute(text(f"SELECT {columns} FROM skills ORDER BY skill_id")).all()
    assert [tuple(row) for row in rows] == [
        ("old/a", "writing", "writing", None),
        ("old/b", "", "", None),
    ]
    with database.write() as session:
        assert categories.give(session, ["old/a"], "prose", "ann") == 1
        assert label_queue.enqueue(session, ["old/b"], "ann", "") == 1
    with database.read() as session:
        assert [one.category for one in all_skills(session)] == ["prose", ""]
    database.close()


OLD_QUERY = """
INSERT INTO queries (text_key, suite, text, expected, author, created_at)
VALUES (:key, :suite, :text, '["old/a"]', 'ann', '2025-01-02')
"""
OLD_JUDGEMENT = """
INSERT INTO judgements (query_key, query_text, skill_id, content_hash, grade, annotator, created_at)
VALUES ('k', 'q', 'old/a', 'abc', 3, 'ann', '2025-01-02')
"""


def test_version_0003_puts_its_queries_on_the_side_their_text_decides(
    url: str, tmp_path: Path
) -> None:
    database, texts = at_version(url, tmp_path, "0003"), [f"query {n}" for n in range(30)]
    with database.write() as session:
        for each in texts:
            given = {"key": text_key(each), "suite": "s", "text": each}
            session.execute(text(OLD_QUERY), given)
            session.execute(text(OLD_QUERY), given | {"suite": "t"})
        session.execute(text(OLD_JUDGEMENT))
        session.execute(text("INSERT INTO judgement_undos VALUES (1, '2025-01-03')"))
    upgrade(database)
    with database.read() as session:
        kept = saved_queries.queries(session)
        (past,) = labels.history(session)
    assert [(one.text, one.split) for one in kept if one.suite == "s"] == [
        (each, split_of(each)) for each in texts
    ]
    assert {one.split for one in kept} == set(Split)
    assert len(kept) == 60
    assert {(one.expected, one.source) for one in kept} == {(("old/a",), "")}
    said = past.judgement
    assert (said.grade, said.seconds, said.note, said.origin) == (3, None, "", "")
    assert (past.undone, past.undone_by) == (True, "")
    database.close()


@pytest.mark.parametrize("version", ["0001", "0002", "0003", "0004"])
def test_going_back_is_refused(version: str) -> None:
    script = ScriptDirectory(str(MIGRATIONS)).get_revision(version)
    with pytest.raises(NotImplementedError, match="restore a backup"):
        script.module.downgrade()


FIRST = 'op.execute("CREATE TABLE more (id INTEGER PRIMARY KEY)")'
HALF_DONE = """
op.add_column("more", sa.Column("extra", sa.Integer()))
op.execute("CREATE TABLE half (id INTEGER PRIMARY KEY)")
op.execute("INSERT INTO more (id, extra) VALUES (1, 2)")
op.execute("INSERT INTO nowhere VALUES (1)")
"""


def test_failing_migration_leaves_schema_rows_and_version(database, tmp_path: Path) -> None:
    with database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    folder = scripts(tmp_path, FIRST, HALF_DONE)
    with pytest.raises(DBAPIError, match="nowhere"):
        upgrade(database, folder)
    assert version_of(database) == "0001"
    assert "half" not in schema(database)
    assert schema(database)["more"] == ["id"]
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM more")).scalar_one() == 0


def test_failed_migration_succeeds_once_it_is_mended(database, tmp_path: Path) -> None:
    with database.write() as session:
        session.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(DBAPIError, match="nowhere"):
        upgrade(database, scripts(tmp_path, FIRST, HALF_DONE))
    upgrade(database, scripts(tmp_path, FIRST, HALF_DONE.replace("nowhere", "half")))
    assert version_of(database) == "0002"
    assert schema(database)["more"] == ["id", "extra"]


def test_newer_database_is_refused_and_untouched(database, tmp_path: Path) -> None:
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = schema(database)
    url = database.engine.url.render_as_string(hide_password=False)
    with pytest.raises(DatabaseVersionError, match=rf"9999.*{HEAD}.*install"):
        open_database(url, tmp_path)
    assert (schema(database), version_of(database)) == (before, "9999")


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "test.db").write_bytes(b"these are not the tables you are looking for" * 100)
    with pytest.raises(WorkspaceError, match=r"test\.db cannot be used: file is not a database"):
        open_database(sqlite_url(tmp_path / "test.db"), tmp_path)


def test_password_is_not_shown_when_a_server_is_out_of_reach(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(WorkspaceError, match="cannot be used") as caught:
        open_database("postgresql+psycopg://me:secret@127.0.0.1:1/none", tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("backend", BACKENDS)
def test_processes_open_a_new_database_at_once(backend: str, tmp_path: Path) -> None:
    """On SQLite they share a lock file; on PostgreSQL they may sit on different machines."""
    with database_url(backend, tmp_path) as url:
        folders = [tmp_path if backend == "sqlite" else tmp_path / name for name in "abc"]
        processes = [_opener(url, folder) for folder in folders]
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate()[1] for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0], said
        database = open_database(url, tmp_path)
        assert version_of(database) == HEAD
        database.close()


def _opener(url: str, folder: Path) -> subprocess.Popen[str]:
    """Start a process that opens the database once it is told to."""
    folder.mkdir(exist_ok=True)
    code = (
        "import sys, pathlib; from db.migrate import open_database;"
        "sys.stdin.readline();"
        "open_database(sys.argv[1], pathlib.Path(sys.argv[2])).close()"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, url, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_sqlite_is_in_wal_mode_with_foreign_keys_and_patience(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "test.db"), tmp_path)
    with database.engine.connect() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        ]
    database.close()
    assert values == ["wal", 1, 60_000]


def test_database_restored_without_wal_gets_it_back(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "test.db")
    open_database(url, tmp_path).close()
    plain = sqlite3.connect(tmp_path / "test.db")
    plain.execute("PRAGMA journal_mode = DELETE")
    plain.close()
    open_database(url, tmp_path).close()
    plain = sqlite3.connect(tmp_path / "test.db")
    assert plain.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    plain.close()
