"""The page for training: what it counts, asks, starts, lists and offers."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from db import jobs as stored
from pages.common.train.curves import smoothed, thinned
from pages.common.train.words import duration, size
from skillrouter_core import jobs
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import Split
from skillrouter_core.records.training import (
    CurvePoint,
    Method,
    MiningReport,
    Objective,
    RunState,
    TrainingRun,
    TrainKind,
    TrainOptions,
    TrainReport,
)
from skillrouter_core.train.curve import CURVE, CurveFile
from skillrouter_core.workspace.training_runs import RunFolders, options_from
from tests.pages.conftest import HOSTILE, Studio, texts

MERGE = "mine/documents/pdf-merge"
ROWS = [{"name": "Hit@1", "before": "0.500", "after": "0.750", "change": "+0.250 [+0.1, +0.4]"}]


def tables(at) -> dict[str, list[list[str]]]:
    """Return the rows of each table by its label."""
    found = (json.loads(each.proto.json) for each in at.get("bidi_component"))
    return {each["label"]: each["rows"] for each in found}


def keys(at) -> set[str]:
    return {button.key for button in at.button}


def asked(studio: Studio, number: int, split: Split = Split.TRAIN) -> None:
    """Save so many queries on one side of the split that expect a skill."""
    skill_id = next(one.skill_id for one in studio.ws.catalogs.skills() if "merge" in one.skill_id)
    found = (f"join{at} the{at} chapters{at} of{at} a{at} report{at}" for at in range(10_000))
    texts_of_side = (text for text in found if split_of(text) is split)
    for _ in range(number):
        studio.ws.labels.save_query(next(texts_of_side), suite="s", expected=(skill_id,))


def made(
    studio: Studio, name: str, state: RunState, *, kind=TrainKind.BOTH, **known
) -> TrainingRun:
    """Keep a run as its process would have left it, with a model once it is done."""
    folders = RunFolders(studio.ws.home / "models")
    run = folders.create(name, TrainOptions(kind))
    run = replace(run, state=state, **known)
    if state is RunState.DONE:
        for part in ("encoder", "reranker"):
            (run.folder / part).mkdir()
            manifest = json.dumps({"preset": "compact"})
            (run.folder / part / "skillrouter.json").write_text(manifest)
    folders.write(run)
    return run


def curve(run: TrainingRun, part: str, *losses: float) -> None:
    file = CurveFile(run.folder / CURVE)
    for step, loss in enumerate(losses, 1):
        file.add(CurvePoint(part, step, len(losses) * 2, loss, 1e-5, step * 3.0))


def at_work(studio: Studio, kind: str, **params: str) -> int:
    """Put a job into the database that has no process yet, and return its number."""
    with studio.ws.database.write() as session:
        return stored.add(session, kind, params).job_id


@pytest.fixture
def filled(studio: Studio) -> Studio:
    studio.fill()
    return studio


# ------------------------------------------------------------------------ a new run


def test_an_empty_workspace_asks_for_skills(studio: Studio) -> None:
    assert "There is no skill in this workspace yet" in texts(studio.open("train"))


def test_without_labels_it_says_what_is_missing_and_where_to_go(filled: Studio) -> None:
    at = filled.open("train")
    said = texts(at)
    assert "Nothing is labelled yet" in said
    assert "more are needed" in said
    assert at.button(key="train").disabled
    links = {link.proto.page for link in at.get("page_link")}
    assert {"queries", "label"} <= links


def test_labels_are_counted_by_source_and_side(filled: Studio) -> None:
    asked(filled, 9)
    asked(filled, 2, Split.HELD_OUT)
    at = filled.open("train", networks="reranker", shared="true", generated="0")
    assert tables(at)["Labels by source and side"] == [
        ["expected", "held-out", "2", "2", "0", "0"],
        ["expected", "train", "9", "9", "0", "0"],
    ]
    use = dict(tables(at)["What a run would use"])
    assert use["queries with a right answer"] == "9"
    assert use["steps of the reranker"] == "2"


def test_queries_left_out_are_counted_with_the_reason(filled: Studio) -> None:
    asked(filled, 9)
    asked(filled, 2, Split.HELD_OUT)
    left = dict(tables(filled.open("train"))["Queries left out"])
    assert left == {"asks for what a held-out query asks for": "9"}


def test_starting_hands_the_choices_to_a_job_and_opens_the_run(filled: Studio) -> None:
    asked(filled, 9)
    at = filled.open("train", networks="reranker", learn="single pairs", method="LoRA")
    at.number_input(key="generated").set_value(3).run()
    at.toggle(key="saving").set_value(True).run()
    assert not at.button(key="train").disabled
    at.button(key="train").click().run()
    (job,) = jobs.recent(filled.ws)
    options = options_from(job.params["options"])
    assert job.kind == "train"
    assert (options.kind, options.objective) == (TrainKind.RERANKER, Objective.POINTWISE)
    assert (options.generated, options.generator) == (3, "description")
    assert options.reranker is not None
    assert options.reranker.method is Method.LORA
    assert options.reranker.gradient_checkpointing
    assert at.query_params["run"] in ([job.params["name"]], job.params["name"])
    assert {"pause", "cancel run"} <= keys(at)
    jobs.cancel(filled.ws, job.job_id)


def test_untouched_choices_are_the_recipe(filled: Studio) -> None:
    asked(filled, 20)
    at = filled.open("train")
    at.button(key="train").click().run()
    (job,) = jobs.recent(filled.ws)
    assert options_from(job.params["options"]) == TrainOptions(TrainKind.BOTH)
    jobs.cancel(filled.ws, job.job_id)


def test_the_time_is_measured_when_nobody_knows_it(filled: Studio) -> None:
    at = filled.open("train", networks="encoder")
    at.button(key="time steps").click().run()
    (job,) = jobs.recent(filled.ws)
    assert job.kind == "measure-training"
    assert options_from(job.params["options"]).kind is TrainKind.ENCODER
    jobs.cancel(filled.ws, job.job_id)


# ------------------------------------------------------------------------ a run at work


def test_a_run_at_work_shows_its_curves_and_can_be_paused(filled: Studio) -> None:
    run = made(filled, "first", RunState.RUNNING)
    curve(run, "encoder", 2.0, 1.5, 1.25)
    number = at_work(filled, "train", name="first")
    at = filled.open("train", run="first")
    said = texts(at)
    assert "step 3 of 6, 9 s so far, about 9 s left; last loss 1.250" in said
    assert "has not begun yet" in said
    assert at.segmented_control(key="show").value == "runs"
    at.button(key="pause").click().run()
    assert jobs.get(filled.ws, number).state.value in ("queued", "cancelled")
    with filled.ws.database.read() as session:
        assert stored.pulse(session, number).cancel_requested


def test_nothing_else_starts_while_a_run_is_at_work(filled: Studio) -> None:
    asked(filled, 20)
    made(filled, "done", RunState.DONE)
    at_work(filled, "train", name="first")
    assert filled.open("train").button(key="train").disabled
    assert filled.open("train", run="done").button(key="promote").disabled


# ------------------------------------------------------------------------ runs


def test_runs_are_listed_with_what_they_used_and_learnt(filled: Studio) -> None:
    report = TrainReport(4, 2.0, 1.0, filled.ws.home)
    counts = {"queries": 9, "right": 10, "wrong": 30, "generated": 200}
    made(filled, "older", RunState.PAUSED, kind=TrainKind.ENCODER, seconds=75.0)
    made(filled, "newer", RunState.DONE, reports={"encoder": report}, counts=counts)
    (filled.ws.home / "models" / "newer" / "metrics.json").write_text(
        json.dumps({"rows": ROWS, "tasks": 12, "benchmark": "labels", "pool": 4})
    )
    at = filled.open("train", show="runs")
    newer, older, shipped = tables(at)["Runs and models, newest first"]
    assert newer[0] == "newer"
    assert newer[2:] == [
        "done",
        "both",
        "9 queries, 30 wrong, 200 generated",
        "2.00 → 1.00",
        "0.500 → 0.750",
        "",
    ]
    assert (older[0], older[2], older[-1]) == ("older", "paused", "75 s")
    assert (shipped[0], shipped[2]) == ("shipped", "in use")
    assert "Newest measured run newer: better: +0.250 [+0.1, +0.4]" in texts(at).replace("**", "")


@pytest.mark.parametrize("state", [RunState.PAUSED, RunState.INTERRUPTED, RunState.FAILED])
def test_a_stopped_run_is_resumed_as_it_was_asked_for(filled: Studio, state: RunState) -> None:
    # one that says it is running, without a process, was interrupted
    kept = RunState.RUNNING if state is RunState.INTERRUPTED else state
    made(filled, "first", kept, message="out of disk")
    at = filled.open("train", run="first")
    assert ("out of disk" in texts(at)) is (state is not RunState.INTERRUPTED)
    at.button(key="resume").click().run()
    (job,) = jobs.recent(filled.ws)
    assert (job.kind, job.params) == ("train", {"name": "first"})
    jobs.cancel(filled.ws, job.job_id)


@pytest.mark.parametrize("state", [RunState.DONE, RunState.CANCELLED])
def test_an_ended_run_is_not_resumed(filled: Studio, state: RunState) -> None:
    made(filled, "first", state)
    found = keys(filled.open("train", run="first"))
    assert "resume" not in found
    assert ("promote" in found) is (state is RunState.DONE)


def test_a_run_tells_what_it_was_made_of(filled: Studio) -> None:
    mined = MiningReport(9, {"semantic": 30}, {"near-copy": 2}, {"lexical": 1}, {"random": 1})
    counts = {"queries": 9, "left out: no right answer known": 3}
    known = {"counts": counts, "mining": {"encoder": mined}, "revision": "abcdef0123456789"}
    bases = {"encoder": "/far/away/models/earlier/encoder", "reranker": "", "preset": "compact"}
    made(filled, "first", RunState.PAUSED, models=bases, **known)
    at = filled.open("train", run="first", see="labels")
    assert ["left out: no right answer known", "3"] in tables(at)["Labels used"]
    assert ["taken out as right answers: near-copy", "2"] in tables(at)["Mined: encoder"]
    said = texts(at)
    assert "code abcdef012345" in said
    assert "trained from earlier/encoder," in said
    assert "/far" not in said


def test_figures_before_and_after_and_the_way_to_them(filled: Studio) -> None:
    made(filled, "first", RunState.DONE)
    at = filled.open("train", run="first")
    at.button(key="measure").click().run()
    (job,) = jobs.recent(filled.ws)
    assert (job.kind, job.params) == ("measure", {"name": "first", "source": "labels"})
    jobs.cancel(filled.ws, job.job_id)
    (filled.ws.home / "models" / "first" / "metrics.json").write_text(
        json.dumps({"rows": ROWS, "tasks": 12, "benchmark": HOSTILE, "pool": 4})
    )
    at = filled.open("train", run="first")
    assert tables(at)["Figures before and after"] == [list(ROWS[0].values())]
    assert HOSTILE in texts(at)
    assert at.code[0].value == "skillrouter models export first FOLDER"


def test_the_card_is_shown(filled: Studio) -> None:
    made(filled, "first", RunState.DONE)
    said = texts(filled.open("train", run="first", see="card"))
    assert "A pair of models that routes a request" in said


def test_promoting_is_a_job_with_an_author(filled: Studio) -> None:
    made(filled, "first", RunState.DONE)
    at = filled.open("train", run="first")
    at.text_input(key="annotator").set_value("ann").run()
    at.button(key="promote").click().run()
    (job,) = jobs.recent(filled.ws)
    assert job.kind == "promote"
    assert job.params == {"name": "first", "author": "ann", "profile": "compact"}
    jobs.cancel(filled.ws, job.job_id)


def test_deleting_asks_first(filled: Studio) -> None:
    made(filled, "first", RunState.PAUSED)
    at = filled.open("train", run="first")
    at.button(key="delete run").click().run()
    assert filled.ws.training.run("first").name == "first"
    assert "The labels of the workspace stay" in texts(at)


def test_a_run_that_is_gone_is_said(filled: Studio) -> None:
    assert "no run or model of that name" in texts(filled.open("train", run="gone"))


def test_what_a_process_said_stays_text(filled: Studio) -> None:
    made(filled, "first", RunState.FAILED, message=HOSTILE)
    assert HOSTILE in texts(filled.open("train", run="first"))


# ------------------------------------------------------------------------ who answers


def test_the_models_in_use_and_the_way_back(filled: Studio) -> None:
    assert "Answering now: the shipped models" in texts(filled.open("train")).replace("**", "")
    made(filled, "first", RunState.DONE)
    filled.ws.registry.promote("first", HOSTILE)
    at = filled.open("train", show="promotions")
    said = texts(at).replace("**", "")
    assert "Answering now: first since" in said
    assert f"promoted by {HOSTILE}" in said
    (row,) = tables(at)["Promotions, newest first; a row asked for opens its model"]
    assert row[1:4] == ["compact", "first", "shipped"]
    at.button(key="roll back").click().run()
    (job,) = jobs.recent(filled.ws)
    assert (job.kind, job.params["profile"]) == ("rollback", "compact")
    jobs.cancel(filled.ws, job.job_id)


def test_without_a_promotion_there_is_nothing_to_go_back_to(filled: Studio) -> None:
    at = filled.open("train", show="promotions")
    assert "Nothing was promoted yet" in texts(at)
    assert "roll back" not in keys(at)


# ------------------------------------------------------------------------ words and curves


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "1 s"), (89.4, "89 s"), (90, "2 min"), (3000, "50 min"), (5400, "1.5 h")],
)
def test_times_in_words(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_bytes_in_words() -> None:
    assert (size(41_000_000), size(3_250_000_000)) == ("41 MB", "3.2 GB")


def test_a_long_curve_is_thinned_to_means_and_keeps_its_end() -> None:
    points = [CurvePoint("encoder", step, 7, float(step), 0.0, 0.0) for step in range(1, 8)]
    assert thinned(points, 3) == [(3, 2.0), (6, 5.0), (7, 7.0)]
    assert thinned(points, 1)[0] == (1, 1.0)


def test_the_bold_line_is_the_mean_of_what_came_before() -> None:
    assert smoothed([4.0, 2.0]) == [4.0, 2.0]
    values = smoothed([float(n) for n in range(20)])
    assert values[:2] == [0.0, 0.5]
    assert values[-1] == 18.5
