"""Settings of a workspace: set, replaced, kept apart."""

from __future__ import annotations

import pytest

from db import settings
from db.migrate import open_database
from tests.stores import BACKENDS, database_url


@pytest.fixture(params=BACKENDS)
def database(request, tmp_path):
    with database_url(request.param, tmp_path) as url:
        opened = open_database(url, tmp_path)
        yield opened
        opened.close()


def test_a_setting_is_none_until_set_and_then_the_last_one(database) -> None:
    with database.read() as session:
        assert settings.value(session, "share") is None
    for new in ("0.1", "0.2"):
        with database.write() as session:
            settings.put(session, "share", new)
    with database.write() as session:
        settings.put(session, "other", "x")
    with database.read() as session:
        assert (settings.value(session, "share"), settings.value(session, "other")) == ("0.2", "x")


def test_setting_it_twice_in_one_transaction_keeps_the_last(database) -> None:
    with database.write() as session:
        assert settings.value(session, "share") is None
        settings.put(session, "share", "mine")
        settings.put(session, "share", "again")
    with database.read() as session:
        assert settings.value(session, "share") == "again"
