"""The page for the map: what it offers without one, and what it does with one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from skillrouter_core import jobs
from skillrouter_core.records import Job
from skillrouter_core.records.maps import ChannelName
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, Studio, texts

EVERYTHING = "-9000000_-9000000_9000000_-9000000_9000000_9000000_-9000000_9000000"
NOTHING = "8000000_8000000_9000000_8000000_9000000_9000000"


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, dict[str, str]]]:
    """Jobs that the page starts; they are recorded as queued and no process runs."""
    seen: list[tuple[str, dict[str, str]]] = []

    def start(ws: Workspace, kind: str, params: Mapping[str, str]) -> Job:
        seen.append((kind, dict(params)))
        with ws.database.write() as session:
            return stored.add(session, kind, dict(params))

    monkeypatch.setattr(jobs, "start", start)
    return seen


@pytest.fixture
def mapped(studio: Studio) -> Studio:
    studio.fill()
    studio.ws.map.build()
    return studio


def names(at: AppTest) -> list[str]:
    """Names in the table of what is chosen."""
    return list(at.dataframe[-1].value["Name"])


def links(at: AppTest) -> list[str]:
    """Labels of the links to pages."""
    return [element.proto.label.replace("\\", "") for element in at.get("page_link")]


def test_empty_workspace_offers_the_demo(studio: Studio) -> None:
    assert "There is no skill in this workspace yet" in texts(studio.open("map"))


def test_without_an_index_the_index_comes_first(studio: Studio) -> None:
    studio.fill(index=False)
    at = studio.open("map")
    assert "make it first" in texts(at)
    assert "map job" not in {button.key for button in at.button}


def test_without_a_map_a_job_makes_one(studio: Studio, started: list) -> None:
    studio.fill()
    at = studio.open("map")
    assert "4 skills have no map yet" in texts(at)
    at.button(key="map job").click().run()
    assert started == [("map", {"profile": "compact", "dimensions": "2"})]


def test_changed_index_offers_to_update_the_map(mapped: Studio, started: list) -> None:
    mapped.write("devops/logs", "Logs", "Read logs.", "Read them all.")
    mapped.sync()
    at = mapped.open("map")
    assert "new skills are not on it yet" in texts(at)
    at.button(key="map job").click().run()
    assert started[0][0] == "map"


def test_map_can_be_computed_anew(mapped: Studio, started: list) -> None:
    mapped.open("map").button(key="recompute").click().run()
    assert started == [("map", {"profile": "compact", "recompute": "yes"})]


@pytest.mark.parametrize("skills", [1, 3, 12])
def test_few_skills_have_a_map_too(studio: Studio, skills: int) -> None:
    for number in range(skills):
        studio.write(f"many/skill-{number}", f"Skill {number}", f"Does thing {number}.", "Text.")
    studio.sync()
    studio.ws.map.build()
    at = studio.open("map", within=EVERYTHING)
    assert f"{skills} skill{'' if skills == 1 else 's'} selected" in texts(at)
    assert len(names(at)) == skills


@pytest.mark.parametrize("colour", [one.value for one in ChannelName])
def test_every_colour_of_the_address_is_drawn(mapped: Studio, colour: str) -> None:
    at = mapped.open("map", colour=colour)
    assert not at.exception
    assert at.selectbox(key="colour").value == colour
    assert at.query_params.get("colour", ChannelName.COARSE.value) == colour


def test_missing_facts_of_a_colour_are_said(mapped: Studio) -> None:
    assert "No scan for near-copies" in texts(mapped.open("map", colour="duplicates"))


def test_polygon_of_the_address_becomes_a_table(mapped: Studio) -> None:
    at = mapped.open("map", within=EVERYTHING, sort="name")
    assert "4 skills selected" in texts(at)
    assert names(at) == ["Minutes", "PDF merge", "PDF split", "Pod restarts"]
    at = mapped.open("map", within=EVERYTHING, sort="name", down="true")
    assert names(at) == ["Pod restarts", "PDF split", "PDF merge", "Minutes"]


@pytest.mark.parametrize("order", ["cluster", "id", "category", "source", "body"])
def test_every_order_keeps_every_row(mapped: Studio, order: str) -> None:
    assert len(names(mapped.open("map", within=EVERYTHING, sort=order))) == 4


def test_empty_polygon_selects_nothing_and_nonsense_is_ignored(mapped: Studio) -> None:
    assert "0 skills selected" in texts(mapped.open("map", within=NOTHING))
    assert "selected" not in texts(mapped.open("map", within="1_2_x"))


def test_selection_is_lifted(mapped: Studio) -> None:
    at = mapped.open("map", within=EVERYTHING)
    at = at.button(key="lift").click().run()
    assert "within" not in at.query_params
    assert "Drag with Shift" in texts(at)


def test_selection_opens_as_a_filtered_catalog(mapped: Studio) -> None:
    assert "In the catalog" in links(mapped.open("map", within=EVERYTHING))
    at = mapped.open("catalog", within=EVERYTHING, find="pdf")
    assert "Only the **4 skills** inside" in texts(at)
    assert sorted(names(at)) == ["PDF merge", "PDF split"]
    assert "No skill matches" in texts(mapped.open("catalog", within=NOTHING))
    at = at.button(key="all skills").click().run()
    assert "within" not in at.query_params
    assert "inside the" not in texts(at)


def test_selection_without_a_map_filters_nothing(studio: Studio) -> None:
    studio.fill()
    assert len(names(studio.open("catalog", within=EVERYTHING))) == 4


def test_long_selection_is_paged(studio: Studio) -> None:
    for number in range(60):
        studio.write(f"many/skill-{number:02}", f"Skill {number:02}", "Does it.", f"Text {number}.")
    studio.sync()
    studio.ws.map.build()
    at = studio.open("map", within=EVERYTHING, sort="name", page="2")
    assert names(at) == [f"Skill {number:02}" for number in range(50, 60)]
    at = studio.open("map", within=EVERYTHING, sort="name", page="99")
    assert len(names(at)) == 10


def test_words_are_found_and_meet_the_selection(mapped: Studio) -> None:
    at = mapped.open("map", find="pdf")
    assert "2 skills with these words" in texts(at)
    assert sorted(names(at)) == ["PDF merge", "PDF split"]
    at = mapped.open("map", find="pdf", within=EVERYTHING)
    assert "2 of 4 selected skills found" in texts(at)
    assert "0 skills with these words" in texts(mapped.open("map", find="zebra"))


def test_meaning_finds_the_nearest(mapped: Studio) -> None:
    at = mapped.open("map", find="merge pdf files", by="meaning")
    assert "4 skills nearest by meaning" in texts(at)


def test_meaning_waits_for_its_model(mapped: Studio) -> None:
    mapped.models.warm = False
    mapped.models.refuse = None
    at = mapped.open("map", find="merge", by="meaning")
    assert not at.exception


def test_near_copies_inside_are_counted(mapped: Studio) -> None:
    body = "Join the files with pdfunite and keep the bookmarks of every report.\n" * 6
    mapped.write("documents/pdf-join", "PDF join", "Merge several PDF files into one.", body)
    mapped.sync()
    mapped.ws.map.build()
    assert "Look for duplicates first" in links(mapped.open("map", within=EVERYTHING))
    mapped.ws.duplicates.scan()
    found = [one for one in links(mapped.open("map", within=EVERYTHING)) if " of " in one]
    assert [one[:24] for one in found] == ["2 of 2: mine/documents/p"]


def test_query_is_routed_and_names_its_orders(mapped: Studio) -> None:
    at = mapped.open("map", q="merge several pdf files")
    assert "Final | Stage 1" in texts(at)
    assert "PDF merge" in texts(at)


def test_skill_that_a_saved_query_expects_is_named_with_its_thief(mapped: Studio) -> None:
    query = "merge several pdf files into one report"
    mapped.ws.labels.save_query(query, expected=["mine/devops/pod-restarts"])
    said = texts(mapped.open("map", q=query))
    assert "Expected: **Pod restarts**" in said
    assert "behind **PDF merge**" in said


def test_picked_skill_is_shown_and_closed(mapped: Studio) -> None:
    at = mapped.open("map", skill="mine/documents/pdf-split")
    assert "Cut a PDF file into chapters." in texts(at)
    assert "Open its page" in links(at)
    at = at.button(key="unpick").click().run()
    assert "skill" not in at.query_params


@pytest.mark.parametrize("skill_id", ["mine/gone", "99", "../x", "x" * 3000])
def test_skill_that_is_not_on_the_map_is_ignored(mapped: Studio, skill_id: str) -> None:
    at = mapped.open("map", skill=skill_id)
    assert not at.exception
    assert "Open its page" not in links(at)


def test_skill_gone_since_is_said(mapped: Studio) -> None:
    (mapped.source / "documents/pdf-split/SKILL.md").unlink()
    mapped.sync(index=False)
    assert "has left its catalog" in texts(mapped.open("map", skill="mine/documents/pdf-split"))


def test_hostile_names_are_escaped(mapped: Studio) -> None:
    mapped.write("evil/evil", HOSTILE, HOSTILE, HOSTILE)
    mapped.sync()
    mapped.ws.map.build()
    at = mapped.open("map", skill="mine/evil/evil", within=EVERYTHING)
    card = next(each.value for each in at.markdown if "evil" in each.value)
    assert not re.search(r"(?<!\\)[<\[!$]", card.replace(":small[:gray[", ""))
    assert HOSTILE in texts(at)


def test_third_dimension_is_computed_on_request(mapped: Studio, started: list) -> None:
    at = mapped.open("map", **{"3d": "true"})
    assert "This map has two dimensions" in texts(at)
    at.button(key="map job").click().run()
    assert started == [("map", {"profile": "compact", "dimensions": "3"})]


def test_third_dimension_is_drawn(mapped: Studio) -> None:
    mapped.ws.map.build(dimensions=3)
    at = mapped.open("map", **{"3d": "true"})
    assert len(at.get("plotly_chart")) == 1
