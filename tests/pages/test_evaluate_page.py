"""The page for evaluations: what it asks for, lists, compares and explains."""

from __future__ import annotations

import json

import pytest

from skillrouter_core import jobs
from skillrouter_core.evaluate.store import save_evaluation
from skillrouter_core.records import QuerySource, Split
from skillrouter_core.records.labels import NewQuery
from tests.evaluations import evaluation, task
from tests.pages.conftest import HOSTILE, Studio, texts

LIST = "Queries: misses"


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


def test_held_out_labels_are_counted_and_asked_for(studio: Studio) -> None:
    studio.fill()
    at = studio.open("evaluate", on="held-out labels")
    assert "No held-out query has a right skill yet" in texts(at)
    assert at.button(key="evaluate").disabled
    studio.ws.labels.save_queries(
        [NewQuery("join files", ("mine/documents/pdf-merge",), Split.HELD_OUT)],
        "s",
        "ann",
        QuerySource.TYPED,
    )
    at = studio.open("evaluate")
    assert at.segmented_control(key="on").value == "held-out labels"
    assert "With a right skill: 1." in texts(at)
    assert not at.button(key="evaluate").disabled


def test_a_new_evaluation_will_be_held_against_the_open_one(kept: Studio) -> None:
    at = kept.open("evaluate", run="before", on="demo")
    at.button(key="evaluate").click().run()
    assert "run" not in at.query_params
    assert at.query_params["against"] in ("before", ["before"])
    (job,) = jobs.recent(kept.ws)
    jobs.cancel(kept.ws, job.job_id)


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
    assert hit[4] == "1.000"
    assert "Queries: fixed since" in tables(at)
    assert "Queries: spoiled since" in tables(at)


def test_what_changed_is_cut_into_parts_too(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", against="before", by="style")
    (row,) = tables(at)["Figures by part"]
    assert row[:4] == ["no style given", "2", "0.500", "0.500"]
    assert row[4].startswith("+0.000 [")
    assert row[5] == "1.000"


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


def test_misses_of_one_kind(studio: Studio) -> None:
    lost = task("lost", ["a"], ["x"])
    lower = task("lower", ["a"], ["x", "a"], confidence=0.1)
    copy = task("copy", ["a"], ["x", "a"], copy_of="a", confidence=0.9)
    save_evaluation(studio.ws.evaluation.kept_folder, evaluation(lost, lower, copy))
    shown = {
        kind: [row[0] for row in tables(studio.open("evaluate", view="misses", kind=kind))[LIST]]
        for kind in ("all", "not retrieved", "ranked lower", "near-copy first")
    }
    assert shown == {
        "all": ["Query copy", "Query lost", "Query lower"],
        "not retrieved": ["Query lost"],
        "ranked lower": ["Query lower"],
        "near-copy first": ["Query copy"],
    }


def test_two_skills_of_one_name_are_told_apart(studio: Studio) -> None:
    made = task("t", ["theirs/pdf"], ["mine/pdf"], right_names=("mine/pdf",))
    save_evaluation(studio.ws.evaluation.kept_folder, evaluation(made))
    ((_, first, right, _),) = tables(studio.open("evaluate", view="misses"))[LIST]
    assert (first, right) == ("mine/pdf", "theirs/pdf")


def test_every_miss_is_reached_and_a_link_to_one_finds_its_page(studio: Studio) -> None:
    wrong = [task(f"t{at:02}", ["a"], ["x", "a"], confidence=1 - at / 50) for at in range(30)]
    save_evaluation(studio.ws.evaluation.kept_folder, evaluation(*wrong))
    at = studio.open("evaluate", view="misses", task="t29")
    assert [row[0] for row in tables(at)[LIST]] == [f"Query t{n}" for n in range(24, 30)]
    assert "Query t29" in texts(at)
    assert "25 to 30 of 30" in texts(at)
    for sheet, first in (("1", "t00"), ("2", "t12"), ("9", "t24")):
        assert tables(studio.open("evaluate", view="misses", sheet=sheet))[LIST][0][0].endswith(
            first
        )


def test_skills_of_a_query_that_a_catalog_has_are_linked(studio: Studio) -> None:
    studio.fill()
    (merge,) = [one for one in studio.ws.catalogs.skills() if one.name == "PDF merge"]
    made = task("t", ["called/otherwise"], ["x"], right_hashes=(merge.content_hash,))
    save_evaluation(studio.ws.evaluation.kept_folder, evaluation(made))
    at = studio.open("evaluate", view="misses", task="t")
    links = {link.proto.label for link in at.get("page_link")}
    assert any("pdf-merge" in label.replace("\\", "") for label in links)


def test_what_stage_2_spoiled_is_listed(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", view="stage 2")
    assert "Queries: spoiled by stage 2" in tables(at)
    assert "Queries: fixed by stage 2" not in tables(at)


def test_without_stage_2_nothing_is_said_of_it(studio: Studio) -> None:
    made = evaluation(task("t", ["a"], ["a"]), rerank=False)
    save_evaluation(studio.ws.evaluation.kept_folder, made)
    assert "Stage 2 was switched off" in texts(studio.open("evaluate", view="stage 2"))


def test_the_threshold_chosen_here_is_used_from_now_on(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", view="confidence")
    at.slider(key="cut").set_value(0.6).run()
    assert [metric.value for metric in at.metric] == ["50.0%", "100.0%", "0.0%"]
    at.button(key="use threshold").click().run()
    assert kept.ws.routing.threshold() == 0.6
    assert at.button(key="use threshold").disabled


def test_a_threshold_is_doubted_where_route_answers_otherwise(studio: Studio) -> None:
    for name, others in (("usual", {}), ("words", {"stage1": "bm25", "rerank": False})):
        made = evaluation(task("t", ["a"], ["a"]), name=name, **others)
        save_evaluation(studio.ws.evaluation.kept_folder, made)
        said = texts(studio.open("evaluate", run=name, view="confidence"))
        assert ("other switches than Route's own" in said) is (name == "words")


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


def test_coming_back_from_another_page_finds_the_view_as_it_was(kept: Studio) -> None:
    at = kept.open("evaluate", run="after", against="before", view="misses", task="t2")
    at.switch_page("route.py").run()
    for name in list(at.query_params):
        del at.query_params[name]
    at.switch_page("evaluate.py").run()
    assert at.segmented_control(key="view").value == "misses"
    assert at.selectbox(key="choice of against").value == "before"
    assert "Candidates in final order" in tables(at)
    at.segmented_control(key="view").set_value("figures").run()
    assert at.segmented_control(key="view").value == "figures"
