"""The page for the catalog: imports, health, search, issues."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from skillrouter_core import jobs
from skillrouter_core.records import Job, JobState, Problem
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, Studio, texts
from tests.stores import many


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Jobs that the pages start; they are recorded as queued and no process runs."""
    seen: list[tuple[str, dict[str, str]]] = []

    def start(ws: Workspace, kind: str, params: Mapping[str, str]) -> Job:
        seen.append((kind, dict(params)))
        with ws.database.write() as session:
            return stored.add(session, kind, dict(params))

    monkeypatch.setattr(jobs, "start", start)
    return seen


def rows(at: AppTest) -> list[str]:
    """Names in the table of skills."""
    return list(at.dataframe[-1].value["Name"])


def test_empty_workspace_offers_the_demo_and_a_form(studio: Studio, started: list) -> None:
    at = studio.open("catalog")
    assert "or your own skills below" in texts(at)
    at = at.button(key="import demo").click().run()
    assert started == [("import", {"source": "demo", "name": "demo"})]
    assert at.query_params["job"] == "1"
    assert at.button(key="cancel job")
    assert at.button(key="import demo").disabled


def test_import_form_starts_a_job_with_what_was_typed(studio: Studio, started: list) -> None:
    at = studio.open("catalog", kind="git", source=" https://example.org/x.git ", name="theirs")
    at.button(key="import").click().run()
    assert started == [("import", {"source": "https://example.org/x.git", "name": "theirs"})]


def test_import_waits_for_a_source(studio: Studio) -> None:
    assert studio.open("catalog").button(key="import").disabled


def test_cancel_asks_the_job_to_stop(studio: Studio, started: list) -> None:
    job = jobs.start(studio.ws, "import", {"source": "demo"})
    at = studio.open("catalog", job=str(job.job_id))
    at.button(key="cancel job").click().run()
    with studio.ws.database.read() as session:
        assert stored.pulse(session, job.job_id).cancel_requested


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (JobState.DONE, "import finished. demo: 3 added"),
        (JobState.FAILED, "import failed. demo: 3 added"),
        (JobState.CANCELLED, "import was cancelled. demo: 3 added"),
        (JobState.LOST, "import is lost. demo: 3 added"),
    ],
)
def test_job_of_the_address_tells_its_end(
    studio: Studio, started: list, state: JobState, words: str
) -> None:
    job = jobs.start(studio.ws, "import", {"source": "demo"})
    with studio.ws.database.write() as session:
        stored.finish(session, job.job_id, state, "demo: 3 added")
    at = studio.open("catalog", job=str(job.job_id))
    assert words in texts(at)
    at = at.button(key="dismiss job").click().run()
    assert "job" not in at.query_params


@pytest.mark.parametrize("number", ["99", "x", "-1", "9" * 40])
def test_unknown_job_harms_nothing(studio: Studio, number: str) -> None:
    assert "What is in the catalog" in texts(studio.open("catalog", job=number))


def test_catalog_is_listed_with_its_last_counts_and_resynced(studio: Studio, started: list) -> None:
    studio.fill(index=False)
    job = jobs.start(studio.ws, "import", {"source": "x"})
    with studio.ws.database.write() as session:
        stored.finish(session, job.job_id, JobState.DONE, "mine: 4 added, 0 changed, 0 removed")
    at = studio.open("catalog")
    said = texts(at)
    assert "**mine** 4 skills" in said
    assert "last job: mine: 4 added, 0 changed, 0 removed" in said
    assert at.expander[1].label == "4 skills in 1 catalog"
    at.button(key="resync mine").click().run()
    assert started[-1] == ("resync", {"name": "mine"})


def test_issues_name_file_line_and_reason(studio: Studio) -> None:
    studio.fill(index=False)
    broken = studio.source / "broken" / "SKILL.md"
    broken.parent.mkdir()
    broken.write_text("---\nname: [\n---\nBody", encoding="utf-8")
    studio.sync(index=False)
    table = studio.open("catalog").dataframe[0].value
    assert list(table["File"]) == ["broken/SKILL.md"]
    assert list(table["Outcome"]) == ["imported, repaired"]


def test_health_count_filters_and_lifts_the_filter(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("catalog")
    assert len(rows(at)) == 4
    key = f"health {Problem.NO_DESCRIPTION.name}"
    assert at.button(key=key).label == "**1** no description"
    at = at.button(key=key).click().run()
    assert rows(at) == ["Minutes"]
    assert len(rows(at.button(key=key).click().run())) == 4


def test_filters_of_the_address_are_obeyed(studio: Studio) -> None:
    studio.fill(index=False)
    assert rows(studio.open("catalog", find="pdf chapters")) == ["PDF split"]
    assert rows(studio.open("catalog", category="devops")) == ["Pod restarts"]
    assert rows(studio.open("catalog", problem="no description")) == ["Minutes"]


def test_nothing_found_says_what_to_do(studio: Studio) -> None:
    studio.fill(index=False)
    assert "No skill matches." in texts(studio.open("catalog", find="nothing like this"))


def test_pages_are_cut_on_the_server(studio: Studio) -> None:
    studio.ws.catalogs.store(many(120))
    at = studio.open("catalog")
    assert len(rows(at)) == 50
    assert "1 to 50 of 120 skills" in texts(at)
    assert "101 to 120 of 120 skills" in texts(studio.open("catalog", page="3"))


def test_page_beyond_the_last_shows_the_last(studio: Studio) -> None:
    studio.ws.catalogs.store(many(120))
    assert "101 to 120 of 120 skills" in texts(studio.open("catalog", page="99"))


def test_click_on_a_row_opens_the_skill(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("catalog", find="chapters")
    at.session_state["skills table"] = {"selection": {"rows": [0], "columns": [], "cells": []}}
    at = at.run()
    assert at.query_params["id"] == "mine/documents/pdf-split"
    assert "PDF split" in texts(at)


def test_hostile_names_stay_text(studio: Studio) -> None:
    studio.write("evil", HOSTILE, HOSTILE, "x")
    studio.sync(index=False)
    at = studio.open("catalog")
    assert rows(at) == [HOSTILE]


def test_back_from_a_skill_gives_the_view_back(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("catalog", find="chapters")
    del at.query_params["find"]
    at.session_state["find"] = ""
    at.query_params["id"] = "mine/documents/pdf-split"
    at = at.run()
    assert at.text_input(key="find").value == "chapters"
    assert rows(at) == ["PDF split"]
    assert "id" not in at.query_params
