"""The page for evaluations: what it asks for, lists, compares and explains."""

from __future__ import annotations

import json

import pytest

from skillrouter_core import jobs
from skillrouter_core.evaluate.store import save_evaluation
from tests.evaluations import evaluation, task
from tests.pages.conftest import HOSTILE, Studio, texts


def tables(at) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its label."""
    found = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    return {each["label"]: each["rows"] for each in found}


@pytest.fixture
def kept(studio: Studio) -> Studio:
    studio.fill()
    before = evaluation(
        task("t1", ["a"], ["x", "a"], confidence=0.3),
        task("t2", ["b"], ["b"], confidence=0.9),
        name="before",
        note="old models",
    )
    after = evaluation(
        task("t1", ["a"], ["a"], confidence=0.6),
        task("t2", ["b"], ["x", "b"], stage1=("b", "x"), confidence=0.4, query=HOSTILE),
        name="after",
        minute=5,
        note="new models",
    )
    for made in (before, after):
        save_evaluation(studio.ws.evaluation.kept_folder, made)
    return studio


def test_an_empty_page_says_what_to_do(studio: Studio) -> None:
    at = studio.open("evaluate")
    assert "Nothing has been evaluated yet" in texts(at)
    assert at.button(key="evaluate").disabled is False


def test_asking_starts_a_job_with_what_was_chosen(studio: Studio) -> None:
    at = studio.open("evaluate", on="demo", e_stage1="bm25", note="words alone")
    at.toggle(key="e_rerank").set_value(False).run()
    at.button(key="evaluate").click().run()
    (job,) = jobs.recent(studio.ws)
    assert job.kind == "evaluate"
    assert job.params["source"] == "demo"
    assert (job.params["stage1"], job.params["rerank"]) == ("bm25", "no")
    assert job.params["note"] == "words alone"
    jobs.cancel(studio.ws, job.job_id)


def test_a_folder_has_to_be_named(studio: Studio) -> None:
    at = studio.open("evaluate", on="a benchmark's folder")
    assert at.button(key="evaluate").disabled
    at.text_input(key="folder").set_value("/somewhere").run()
    assert not at.button(key="evaluate").disabled


def test_the_newest_is_open_and_all_are_listed(kept: Studio) -> None:
    shown = tables(kept.open("evaluate"))
    assert [row[-1] for row in shown["Evaluations, newest first"]] == ["new models", "old models"]
    assert shown["Figures of all queries"][0][:1] == ["Hit@1"]
    assert shown["Figures of all queries"][0][1].startswith("0.500 [")
    assert [row[0] for row in shown["Figures by part"]] == ["single"]


def test_two_are_compared_with_what_was_fixed_and_spoiled(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", against="before")
    assert "1 fixed, 1 spoiled" in texts(at)
    hit = tables(at)["Figures of all queries"][0]
    assert hit[2] == "0.500"
    assert hit[3].startswith("+0.000 [")


def test_another_pool_is_not_offered(kept: Studio) -> None:
    other = evaluation(task("t", ["a"], ["a"]), name="other", minute=9, fingerprint="else")
    save_evaluation(kept.ws.evaluation.kept_folder, other)
    at = kept.open("evaluate", run="other", against="before")
    assert at.selectbox(key="choice of against").options == ["nothing"]
    assert "fixed" not in texts(at)


def test_a_miss_shows_its_route_and_its_fate(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", view="misses", task="t2")
    said = texts(at)
    assert "1 of 2 queries got a wrong first answer" in said.replace("**", "")
    assert "the right skill came at place 2, stage 1 had it at 1" in said
    route = tables(at)["Candidates in final order"]
    assert [row[2] for row in route] == ["x", "b"]
    assert route[1][-1] == "right"


def test_what_stage_2_spoiled_is_listed(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", view="stage 2")
    assert "Queries: spoiled by stage 2" in tables(at)
    assert "Queries: fixed by stage 2" not in tables(at)


def test_the_threshold_chosen_here_is_used_from_now_on(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", view="confidence")
    at.slider(key="cut").set_value(0.6).run()
    assert [metric.value for metric in at.metric] == ["50.0%", "100.0%", "0.0%"]
    at.button(key="use threshold").click().run()
    assert kept.ws.routing.threshold() == 0.6
    assert at.button(key="use threshold").disabled


def test_without_a_confidence_it_says_so(studio: Studio) -> None:
    made = evaluation(task("t", ["a"], ["a"], confidence=None))
    save_evaluation(studio.ws.evaluation.kept_folder, made)
    assert "state no confidence" in texts(studio.open("evaluate", view="confidence"))


def test_clusters_need_a_map(kept: Studio) -> None:
    assert "no map to take clusters from" in texts(kept.open("evaluate", by="cluster"))


def test_deleting_asks_first_and_then_forgets(kept: Studio) -> None:
    at = kept.open("evaluate", run="before")
    at.button(key="delete evaluation").click().run()
    assert len(kept.ws.evaluation.kept()) == 2
    assert "It can be run again" in texts(at)
