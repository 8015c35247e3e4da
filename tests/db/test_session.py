"""Transactions, and what values look like after a round trip."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError, StatementError

from db.columns import storable, text_key
from db.migrate import open_database
from db.models import CatalogRow, ImportIssueRow, MetaRow
from db.session import make_engine, sqlite_url
from skillrouter_core.errors import WorkspaceError


@pytest.fixture
def database(tmp_path):
    opened = open_database(sqlite_url(tmp_path / "odd ?#% name.db"), tmp_path)
    yield opened
    opened.close()


def test_path_with_odd_characters_is_used_as_it_is(database, tmp_path: Path) -> None:
    assert (tmp_path / "odd ?#% name.db").is_file()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:"])
def test_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(WorkspaceError, match="in memory"):
        make_engine(url)


def test_malformed_url_is_refused_without_being_repeated() -> None:
    with pytest.raises(WorkspaceError, match="SKILLROUTER_DATABASE_URL") as caught:
        make_engine("secret@host")
    assert "secret" not in str(caught.value)


def test_error_inside_a_write_takes_everything_back(database) -> None:
    def fail() -> None:
        with database.write() as session:
            session.add(MetaRow(key="new", value="x"))
            session.flush()
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    with database.read() as session:
        assert session.get(MetaRow, "new") is None


def test_foreign_keys_hold(database) -> None:
    def orphan() -> None:
        with database.write() as session:
            session.add(ImportIssueRow(catalog_id=99, path="", reason="", imported=False))

    with pytest.raises(IntegrityError, match="FOREIGN KEY"):
        orphan()


def test_writers_that_read_first_queue_up(database) -> None:
    """With deferred transactions one of two such writers fails at once: 'database is locked'."""
    with database.write() as session:
        session.add(MetaRow(key="count", value="0"))

    def add_ten() -> None:
        for _ in range(10):
            with database.write() as session:
                row = session.get_one(MetaRow, "count")
                row.value = str(int(row.value) + 1)

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as session:
        assert session.get_one(MetaRow, "count").value == "40"


def test_reader_keeps_its_snapshot_while_another_writes(database) -> None:
    with database.read() as session:
        assert session.get(MetaRow, "late") is None
        with database.write() as writer:
            writer.add(MetaRow(key="late", value="x"))
        assert session.scalar(select(MetaRow).where(MetaRow.key == "late")) is None


def test_moments_come_back_in_utc(database) -> None:
    moment = datetime(2025, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=5)))
    with database.write() as session:
        session.add(CatalogRow(name="a", source="", synced_at=moment))
    with database.read() as session:
        stored = session.scalars(select(CatalogRow.synced_at)).one()
    assert stored == moment
    assert stored.tzinfo is UTC


def test_moment_without_a_zone_is_refused(database) -> None:
    def store() -> None:
        with database.write() as session:
            session.add(CatalogRow(name="a", source="", synced_at=datetime(2025, 1, 2)))

    with pytest.raises(StatementError, match="has no time zone"):
        store()


@pytest.mark.parametrize(
    ("given_text", "stored"),
    [
        ("plain ünïcode 日本", "plain ünïcode 日本"),
        ("a\x00b", "a\ufffdb"),
        ("lone \ud83d surrogate", "lone \ufffd surrogate"),
        ("pair \ud83d\ude00", "pair \U0001f600"),
        ("", ""),
    ],
)
def test_text_is_made_storable(given_text: str, stored: str) -> None:
    assert storable(given_text) == stored


@given(st.text(alphabet=st.characters()))
def test_storable_text_can_be_encoded_and_stays_as_it_is(value: str) -> None:
    once = storable(value)
    assert once.encode().decode() == once == storable(once)
    assert "\x00" not in once
    assert text_key(value) == text_key(once)
