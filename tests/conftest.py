"""Fixtures that several folders of tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from skillrouter_core.workspace import Workspace
from tests.stores import BACKENDS, database_url

# No test asserts a time: a busy machine is no failure.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(params=BACKENDS)
def workspace(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workspace]:
    """An empty workspace on SQLite, and on PostgreSQL where one is named for tests."""
    with (
        database_url(request.param, tmp_path) as url,
        Workspace.open(tmp_path / "home", url) as opened,
    ):
        yield opened
