"""Databases for tests, and made-up skills to fill them with."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from db.session import sqlite_url
from skillrouter_core.catalog import CatalogScan
from skillrouter_core.records import ImportIssue, Problem, Skill

POSTGRES = os.environ.get("SKILLROUTER_TEST_POSTGRES_URL")
BACKENDS = ["sqlite", *(["postgresql"] if POSTGRES else [])]


@contextmanager
def database_url(backend: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database; PostgreSQL's is a schema dropped afterwards."""
    if backend == "sqlite":
        yield sqlite_url(folder / "test.db")
        return
    schema = f"test_{uuid.uuid4().hex}"
    server = create_engine(POSTGRES or "")
    with server.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    url = make_url(POSTGRES or "").update_query_dict({"options": f"-csearch_path={schema}"})
    yield url.render_as_string(hide_password=False)
    with server.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    server.dispose()


def skill(skill_id: str, body: str = "Do it.", **others: object) -> Skill:
    """Return a skill whose name is its folder."""
    folder = skill_id.rsplit("/", 1)[-1]
    given = {"name": folder, "description": f"About {folder}.", "path": f"{folder}/SKILL.md"}
    return Skill(skill_id=skill_id, body=body, **{**given, **others})  # type: ignore[arg-type]


def scan(
    *skills: Skill,
    name: str = "tools",
    source: str = "/tools",
    issues: tuple[ImportIssue, ...] = (),
) -> CatalogScan:
    """Return what reading a source would give."""
    return CatalogScan(name, source, skills, issues)


def many(count: int, version: str = "1", name: str = "big") -> CatalogScan:
    """Return a scan of `count` skills whose texts all change with `version`."""
    skills = (
        skill(
            f"{name}/s{number:05d}",
            body=f"Version {version} of {number}. " + "word " * 50,
            category=f"c{number % 7}",
            problems=(Problem.TOO_SHORT,) if number % 10 == 0 else (),
        )
        for number in range(count)
    )
    return scan(*skills, name=name, source=f"/{name}")
