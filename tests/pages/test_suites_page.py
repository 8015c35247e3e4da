"""The page for suites, drawn over a real workspace with fake models."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from streamlit.testing.v1 import AppTest

from db import jobs as stored
from pages.common.suites.lines import counts, lines
from pages.common.suites.state import query_name
from pages.common.suites.words import difference, estimate, place
from skillrouter_core import jobs
from skillrouter_core.records import Job
from skillrouter_core.records.suites import Estimate
from skillrouter_core.workspace import Workspace
from tests.pages.conftest import HOSTILE, Studio, texts

MERGE, SPLIT = "mine/documents/pdf-merge", "mine/documents/pdf-split"
POD = "mine/devops/pod-restarts"
JOIN, PODS = "merge several pdf files into one report", "why a pod restarts"
QUESTION = "Does every saved query still get its answer?"


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
def saved(studio: Studio) -> Studio:
    """Two queries that are right and one that expects nothing."""
    studio.fill()
    studio.ws.labels.save_query(JOIN, "daily", [MERGE], "ada")
    studio.ws.labels.save_query(PODS, "daily", [POD], "ada")
    studio.ws.labels.save_query("cut a pdf into chapters", "daily", [], "ada")
    return studio


@pytest.fixture
def held(saved: Studio) -> Studio:
    """The index without the skill that one query expects waits to be published."""
    (saved.source / "documents" / "pdf-merge" / "SKILL.md").unlink()
    saved.ws.catalogs.sync(str(saved.source), "mine")
    assert saved.ws.indexing.build().held is not None
    return saved


def table(at: AppTest, name: str) -> list[list[str]]:
    """The rows of a table, as the component got them."""
    for element in at.get("component_v2") or at.get("bidi_component"):
        if name in element.proto.id:
            import json

            return json.loads(element.proto.json)["rows"]
    raise AssertionError(f"no table {name}")


def press(at: AppTest, label: str) -> AppTest:
    next(button for button in at.button if button.label == label).click()
    return at.run()


# ------------------------------------------------------------------ empty states


def test_without_skills_the_demo_is_offered(studio: Studio) -> None:
    at = studio.open("suites")
    assert QUESTION in texts(at)
    assert "There is no skill in this workspace yet." in texts(at)


def test_without_queries_the_page_says_what_to_do(studio: Studio) -> None:
    studio.fill()
    assert "No query is saved yet." in texts(studio.open("suites"))


def test_without_expectations_there_is_nothing_to_run(studio: Studio) -> None:
    studio.fill()
    studio.ws.labels.save_query(JOIN, "daily", [], "ada")
    at = studio.open("suites")
    assert "nothing to check" in texts(at)
    assert next(b for b in at.button if b.label == "Run").disabled


def test_before_the_first_run(saved: Studio, started: list[tuple[str, dict[str, str]]]) -> None:
    at = saved.open("suites")
    assert "This suite was never run." in texts(at)
    press(at, "Run")
    assert started == [("suite", {"suite": "daily", "profile": "compact"})]


# ------------------------------------------------------------------ runs


def test_one_run_alone_says_what_is_right(saved: Studio) -> None:
    saved.ws.suites.run("daily")
    at = saved.open("suites")
    said = texts(at)
    assert "2 of 2 queries" in said
    assert "Hit@1 1.000 [1.000, 1.000]" in said
    assert "2 right · 1 nothing expected" in said
    assert "change" not in said.split("R@20")[1].split("\n")[0]


def test_two_runs_say_what_changed(saved: Studio) -> None:
    saved.ws.suites.run("daily")
    (saved.source / "documents" / "pdf-merge" / "SKILL.md").unlink()
    saved.sync()
    saved.ws.indexing.publish_held()
    at = saved.open("suites", set="daily")
    said = texts(at)
    assert "1 of 2 queries" in said
    assert "1 broken" in said
    assert "change −0.500 [−1.000, 0.000]" in said
    assert JOIN in said
    assert "no catalog has it any more" in said
    assert f"expected {MERGE}: not in the first 20, after stage 1 not" in said


def test_any_two_runs_by_address(saved: Studio) -> None:
    runs = [saved.ws.suites.run("daily") for _ in range(3)]
    at = saved.open("suites", run=str(runs[1].run_id), against=str(runs[2].run_id))
    assert at.selectbox(key="choice of run").value == str(runs[1].run_id)
    assert at.selectbox(key="choice of against").value == str(runs[2].run_id)
    at.selectbox(key="choice of against").select(str(runs[0].run_id)).run()
    assert at.query_params["against"] == str(runs[0].run_id)


@pytest.mark.parametrize("address", [{"run": "99"}, {"run": "x", "against": "-1"}, {"list": "7"}])
def test_an_address_of_nothing_shows_the_newest(saved: Studio, address: dict[str, str]) -> None:
    run = saved.ws.suites.run("daily")
    at = saved.open("suites", **address)
    assert at.selectbox(key="choice of run").value == str(run.run_id)


def test_runs_of_another_profile_are_chosen_where_there_are_some(
    saved: Studio, started: list[tuple[str, dict[str, str]]]
) -> None:
    saved.ws.suites.run("daily")
    assert not [box for box in saved.open("suites").selectbox if box.key == "profile"]
    saved.ws.indexing.build(profile="minilm")
    other = saved.ws.suites.run("daily", profile="minilm")
    at = saved.open("suites")
    assert at.selectbox(key="profile").value == "compact"
    assert at.selectbox(key="choice of run").value != str(other.run_id)
    at.selectbox(key="profile").select("minilm").run()
    assert at.selectbox(key="choice of run").value == str(other.run_id)
    assert at.selectbox(key="choice of against").value == "nothing"
    press(at, "Run again")
    assert started == [("suite", {"suite": "daily", "profile": "minilm"})]


def test_the_trend_lists_the_runs(saved: Studio) -> None:
    for _ in range(2):
        saved.ws.suites.run("daily")
    at = saved.open("suites", see="trend")
    assert "Hit@1 over 2 runs" in texts(at)


def test_hostile_text_stays_text(saved: Studio) -> None:
    saved.ws.labels.save_query(HOSTILE, "daily", [MERGE], "ada")
    saved.ws.suites.run("daily")
    at = saved.open("suites", query=query_name(HOSTILE))
    assert HOSTILE in texts(at)
    assert not any("<script>" in str(element.value) for element in at.markdown)


# ------------------------------------------------------------------ expectations


def test_an_expectation_is_changed_and_judges_at_once(saved: Studio) -> None:
    saved.ws.suites.run("daily")
    at = saved.open("suites", query=query_name(JOIN))
    at.multiselect[0].set_value([SPLIT]).run()
    press(at, "Save")
    (query,) = [each for each in saved.ws.labels.queries("daily") if each.text == JOIN]
    assert query.expected == (SPLIT,)
    assert "1 of 2 queries" in texts(at)


def test_the_new_answer_is_accepted_with_one_click(held: Studio) -> None:
    before, after = held.ws.indexing.held().runs[0]
    at = held.open("suites", run=str(after), against=str(before), query=query_name(JOIN))
    press(at, "Accept the new answer too")
    expected = {each.text: each.expected for each in held.ws.labels.queries("daily")}
    assert len(expected[JOIN]) == 2
    assert "nothing breaks any more" in texts(at)


def test_a_query_is_removed(saved: Studio) -> None:
    at = saved.open("suites", query=query_name(JOIN))
    press(at, "Remove the query")
    assert JOIN not in {each.text for each in saved.ws.labels.queries("daily")}


# ------------------------------------------------------------------ held back


def test_what_is_held_back_is_shown_before_it_is_kept(held: Studio) -> None:
    said = texts(held.open("suites"))
    assert "A new index is held back: 1 of 2 saved queries would break." in said


@pytest.mark.parametrize("page", ["route", "catalog"])
def test_other_pages_say_it_in_one_line(held: Studio, page: str) -> None:
    assert "A new index is held back: 1 of 2 saved queries would break." in texts(held.open(page))


def test_publish_anyway(held: Studio) -> None:
    at = press(held.open("suites"), "Publish anyway")
    assert held.ws.indexing.held() is None
    assert "held back" not in texts(at)
    assert not held.ws.indexing.status().stale


def test_keep_the_old_index(held: Studio) -> None:
    at = press(held.open("suites"), "Keep the old index")
    assert not held.ws.indexing.held().waiting
    assert "its new index was thrown away" in texts(at)
    assert any(button.label == "Update the index" for button in at.button)


def test_a_catalog_that_changed_since_has_to_be_built_again(
    held: Studio, started: list[tuple[str, dict[str, str]]]
) -> None:
    held.write("new/one", "One", "A new one.", "Do it once.\n")
    held.sync(index=False)
    at = held.open("suites")
    assert "The catalog has changed since" in texts(at)
    assert not any(button.label == "Publish anyway" for button in at.button)
    press(at, "Build again")
    assert started == [("index", {"profile": "compact"})]


# ------------------------------------------------------------------ the parts


def test_queries_that_no_run_asked_come_last(saved: Studio) -> None:
    run = saved.ws.suites.run("daily")
    saved.ws.labels.save_query("new and expected", "daily", [POD], "ada")
    found = lines(saved.ws.suites.alone(run.run_id), saved.ws.labels.queries("daily"), alone=True)
    assert counts(found) == {"right": 2, "not asked yet": 1, "nothing expected": 1}


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (Estimate(0.5, 0.25, 0.75), "+0.500 [+0.250, +0.750]"),
        (Estimate(-0.0166, -0.05, 0.0), "−0.017 [−0.050, 0.000]"),
        (Estimate(-0.0001, -0.0001, 0.0001), "0.000 [0.000, 0.000]"),
        (None, "–"),
    ],
)
def test_differences_in_words(found: Estimate | None, words: str) -> None:
    assert difference(found) == words


def test_estimates_and_places_in_words() -> None:
    assert estimate(Estimate(0.9666, 0.9, 1.0)) == "0.967 [0.900, 1.000]"
    assert place("b", ("a", "b")) == "place 2"
    assert place("c", ("a", "b")) == "not in the first 20"
