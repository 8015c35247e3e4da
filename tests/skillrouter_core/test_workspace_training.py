"""Training as a use case: plans, refusals, runs from label to profile, stops and leaks."""

import json
import os
import signal
import time
from collections import Counter
from dataclasses import replace

import pytest
import sqlalchemy

from skillrouter_core import jobs
from skillrouter_core.errors import (
    Cancelled,
    LeakageError,
    ModelNotFoundError,
    ModelTooLargeError,
    NotFoundError,
    TrainingError,
    UsageError,
    WorkspaceError,
)
from skillrouter_core.mining import read_labels, read_lists, read_pairs
from skillrouter_core.models import find_model, profile_named
from skillrouter_core.records import JobState, RouteOptions, Split
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.records.training import (
    LabelRole,
    MiningOptions,
    Objective,
    RunState,
    TrainConfig,
    TrainKind,
    TrainOptions,
)
from skillrouter_core.workspace.training_runs import RunFolders, options_from, options_text
from tests.tiny_models import tiny_qwen
from tests.training_runs import ask, fill, options, profile, skill_id

ENCODER, RERANKER, BOTH = TrainKind.ENCODER, TrainKind.RERANKER, TrainKind.BOTH


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    return profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture
def ws(workspace, tiny):
    fill(workspace, tiny)
    return workspace


def targets(run):
    return {
        (label.query, label.skill_id)
        for label in read_labels(run.folder)
        if label.role is LabelRole.TARGET
    }


# ------------------------------------------------------------------------ plans


def test_a_plan_counts_what_a_run_would_use(ws, tiny):
    ask(ws, range(18))
    ask(ws, range(20, 23), Split.HELD_OUT)
    plan = ws.training.plan(options(BOTH, tiny, generated=5))
    assert (plan.queries, plan.pairs, plan.lists, plan.generated) == (18, 23, 18, 5)
    counts = {(one.source, one.split): one.right for one in plan.labels}
    assert counts == {("expected", "train"): 18, ("expected", "held-out"): 3}
    # 23 pairs are 5 batches of 4, twice, two a step; 18 lists 9 batches of 2
    assert dict(plan.steps) == {"encoder": 5, "reranker": 5}
    assert plan.ready
    assert plan.memory_bytes > 0
    assert (plan.minutes, plan.minutes_from) == (None, "")
    assert ws.training.plan(options(BOTH, tiny, generated=5)) is plan
    ask(ws, range(18, 19))
    assert ws.training.plan(options(BOTH, tiny, generated=5)).queries == 19


def test_plans_of_other_choices_read_the_skills_once(ws, tiny):
    ask(ws, range(18))
    reads = []

    def watch(*call):
        if ".body" in call[2]:
            reads.append(call[2])

    sqlalchemy.event.listen(ws.database.engine, "before_cursor_execute", watch)
    chosen = [options(BOTH, tiny, generated=number) for number in (0, 5, 7)]
    assert [ws.training.plan(one).pairs for one in chosen] == [18, 23, 25]
    once = len(reads)
    assert once > 0
    ws.training.plan(options(ENCODER, tiny, seed=14))
    assert len(reads) == once
    assert ws.training.plan(options(BOTH, tiny, shared_answers=True)).queries == 18
    assert len(reads) > once
    ask(ws, range(18, 19))
    assert ws.training.plan(chosen[0]).queries == 19
    ws.catalogs.remove("tools")
    assert ws.training.plan(chosen[0]).queries == 0


def test_a_plan_says_what_is_missing_and_how_much(ws, tiny, monkeypatch):
    ask(ws, range(5))
    plan = ws.training.plan(options(BOTH, tiny))
    assert not plan.ready
    assert [text.split(";")[1].split(".")[0].strip() for text in plan.missing] == [
        "11 more are needed",
        "3 more are needed",
    ]
    monkeypatch.setattr("skillrouter_core.devices.free_bytes", lambda device: 1000)
    plan = ws.training.plan(options(ENCODER, tiny, generated=20))
    assert "memory" in plan.missing[0]


def test_a_plan_wants_an_index_that_is_up_to_date(workspace, tiny):
    plan = workspace.training.plan(options(ENCODER, tiny))
    assert any("not up to date" in text for text in plan.missing)


def test_a_measure_is_kept_for_plans(ws, tiny):
    ask(ws, range(18))
    chosen = options(ENCODER, tiny)
    minutes = ws.training.measure(chosen)
    plan = ws.training.plan(chosen)
    assert plan.minutes == pytest.approx(minutes)
    assert plan.minutes > 0
    assert plan.minutes_from


# ------------------------------------------------------------------------ whole runs


def test_labels_become_a_profile_that_routes(ws, tiny):
    """Both networks: the encoder's negatives, then lists by the encoder that was trained."""
    asked = ask(ws, range(18))
    held_out = ask(ws, range(20, 24), Split.HELD_OUT)
    seen = []
    run = ws.training.train("first", options(BOTH, tiny, generated=4), seen.append)
    assert run.state is RunState.DONE
    assert run == ws.training.run("first")
    expected = {(text, skill_id(number)) for number, text in enumerate(asked)}
    generated = targets(run) - expected
    assert expected <= targets(run)
    assert len(generated) == 4
    assert not {text for text, _ in targets(run)} & set(held_out)
    assert not {owner for _, owner in generated} & {skill_id(n) for n in range(20, 24)}
    assert run.counts["queries"] == 18
    assert run.counts["generated"] == 4
    pairs = read_pairs(run.folder)
    assert len(pairs) == 22
    assert all(len(pair.negatives) == 10 for pair in pairs)
    assert run.mining["encoder"].queries == 22
    lists = read_lists(run.folder)
    assert {one.query for one in lists} <= set(asked)
    assert max(len(one.candidates) for one in lists) <= 6
    assert {"encoder", "reranker"} == set(run.reports) == set(run.mining)
    curve = ws.training.curve("first")
    assert Counter(point.part for point in curve) == {
        part: report.steps for part, report in run.reports.items()
    }
    assert {"Writing queries", "Mining negatives", "Retrieving candidates"} <= {
        one.stage for one in seen
    }
    name = str(run.folder)
    assert find_model(profile_named(name).encoder).key != find_model(f"{tiny}/encoder").key
    assert ws.routing.route(asked[0], RouteOptions(profile=name)).ranking
    manifest = json.loads((run.folder / "reranker" / "skillrouter.json").read_text())
    assert manifest["stage2"]["hybrid"]["bm25"] == 1.0
    order = json.loads((run.folder / "reranker.json").read_text())
    assert order["feature_weights"] == [0.5, 0.0]
    kept = json.loads((run.folder / "run.json").read_text())
    assert kept["state"] == "done"
    assert kept["machine"]["torch"]
    assert kept["seed"] == 13


@pytest.mark.parametrize(("kind", "other"), [(ENCODER, "reranker"), (RERANKER, "encoder")])
def test_the_side_that_was_not_trained_is_the_bases(ws, tiny, kind, other):
    ask(ws, range(18))
    run = ws.training.train("one", options(kind, tiny))
    chosen = profile_named(str(run.folder))
    key = {"encoder": chosen.encoder, "reranker": chosen.reranker}
    assert find_model(key[other]).key == find_model(f"{tiny}/{other}").key
    assert find_model(key[kind.value]).key != find_model(f"{tiny}/{kind}").key
    assert list(run.reports) == [kind.value]


def test_a_prepared_run_has_its_negatives_and_goes_on_from_there(ws, tiny):
    ask(ws, range(18))
    run = ws.training.prepare("mined", options(ENCODER, tiny))
    assert run.state is RunState.PREPARED
    assert sum(run.mining["encoder"].negatives.values()) == 180
    pairs = (run.folder / "pairs.jsonl").read_bytes()
    ask(ws, range(18, 20))  # labels of later do not join
    done = ws.training.train("mined")
    assert done.state is RunState.DONE
    assert (done.folder / "pairs.jsonl").read_bytes() == pairs
    assert done.seconds > run.seconds


def test_the_same_options_and_labels_give_the_same_weights(ws, tiny):
    ask(ws, range(18))
    one, two = (ws.training.train(name, options(ENCODER, tiny)) for name in ("a", "b"))
    key = [find_model(profile_named(str(run.folder)).encoder).key for run in (one, two)]
    assert key[0] == key[1]


# ------------------------------------------------------------------------ what people said


def test_verdicts_decide_what_is_right_wrong_or_neither(ws, tiny):
    (text, *_) = ask(ws, range(18))
    for person, number, grade in (
        ("ann", 1, 0),
        ("ann", 2, 2),
        ("ann", 3, None),
        ("ann", 4, 3),
        ("ann", 5, 0),
        ("bob", 5, 3),  # contested, not settled
        ("ann", 6, 1),
    ):
        ws.labels.judge(text, skill_id(number), grade, person)
    run = ws.training.prepare("said", options(ENCODER, tiny))
    roles = {label.skill_id: label.role for label in read_labels(run.folder) if label.query == text}
    assert roles == {
        skill_id(0): LabelRole.TARGET,
        skill_id(4): LabelRole.TARGET,
        skill_id(1): LabelRole.WRONG,
        skill_id(2): LabelRole.PROTECTED,
        skill_id(3): LabelRole.UNSURE,
        skill_id(5): LabelRole.UNSURE,
        skill_id(6): LabelRole.RELATED,
    }
    mine = [pair for pair in read_pairs(run.folder) if pair.query == text]
    assert [pair.skill.skill_id for pair in mine] == [skill_id(4), skill_id(0)]
    for pair in mine:
        ids = {one.skill_id for one in pair.negatives}
        assert skill_id(1) in ids
        assert not ids & {skill_id(number) for number in (0, 2, 3, 4, 5)}


def test_a_wrong_verdict_outdoes_what_a_query_was_expected_to_find(ws, tiny):
    (text,) = ask(ws, range(1))
    ws.labels.judge(text, skill_id(0), 0, "ann")
    plan = ws.training.plan(options(ENCODER, tiny))
    assert plan.left_out == {"no right answer known": 1}


# ------------------------------------------------------------------------ leaks


def test_what_held_out_queries_ask_for_is_left_out_unless_shared(ws, tiny):
    ask(ws, range(18))
    ask(ws, range(3), Split.HELD_OUT)
    strict = ws.training.plan(options(ENCODER, tiny))
    assert strict.queries == 15
    assert strict.left_out == {"asks for what a held-out query asks for": 3}
    assert any("small catalog" in note for note in strict.notes)
    shared = ws.training.plan(options(ENCODER, tiny, shared_answers=True))
    assert (shared.queries, shared.left_out) == (18, {})


def test_a_benchmarks_answers_are_never_shared(ws, tiny):
    ask(ws, range(18))
    rows = [
        NewQuery(f"a benchmark's task number {n} of its own kind", (skill_id(n),)) for n in range(4)
    ]
    ws.labels.save_queries(rows, suite="bench", author="", source="eval-core", held_out=True)
    plan = ws.training.plan(options(ENCODER, tiny, shared_answers=True))
    assert plan.queries == 14


def test_a_query_held_out_since_stops_the_run_and_is_named(ws, tiny):
    (text, *_) = ask(ws, range(18))
    ws.training.prepare("late", options(ENCODER, tiny))
    row = NewQuery(text, (skill_id(0),))
    ws.labels.save_queries([row], suite="bench", author="", source="upload", held_out=True)
    with pytest.raises(LeakageError, match=f"{text[:30]}.*held-out"):
        ws.training.train("late")
    run = ws.training.run("late")
    assert run.state is RunState.FAILED
    assert text[:30] in run.message
    assert not (run.folder / "encoder").exists()


# ------------------------------------------------------------------------ refusals


def test_too_few_labels_are_refused_with_figures(ws, tiny):
    ask(ws, range(5))
    with pytest.raises(TrainingError, match=r"5 pairs .* 11 more are needed"):
        ws.training.train("few", options(ENCODER, tiny))
    with pytest.raises(TrainingError, match="too few for a reranker"):
        ws.training.train("few2", options(RERANKER, tiny))
    # enough pairs for the encoder, but quoted queries make no lists: said before it is trained
    with pytest.raises(TrainingError, match=r"5 labelled .* reranker; 3 more are needed"):
        ws.training.train("few3", options(BOTH, tiny, generated=12))
    assert not (ws.training.run("few3").folder / "pairs.jsonl").exists()


def test_too_little_memory_is_refused_with_figures(ws, tiny, monkeypatch):
    ask(ws, range(18))
    monkeypatch.setattr("skillrouter_core.train.memory.free_bytes", lambda device: 1000)
    with pytest.raises(Exception, match=r"GB are missing"):
        ws.training.train("big", options(ENCODER, tiny))
    assert ws.training.run("big").resumable


def test_memory_for_the_second_network_is_asked_for_before_the_first_is_trained(
    ws, tiny, monkeypatch
):
    ask(ws, range(18))
    small = options(ENCODER, tiny)
    large = replace(options(BOTH, tiny), reranker=TrainConfig(1e-3, 18))
    needed = [ws.training.plan(one).memory_bytes for one in (small, large)]
    assert needed[0] < needed[1]
    monkeypatch.setattr("skillrouter_core.train.memory.free_bytes", lambda device: needed[1] - 1)
    with pytest.raises(ModelTooLargeError, match=r"GB are missing"):
        ws.training.train("big", large)
    assert not (ws.training.run("big").folder / "pairs.jsonl").exists()
    ws.training.prepare("small", small)


def test_a_model_of_the_hub_writes_queries(ws, tiny, tmp_path, monkeypatch):
    """By its id, from the hub's cache on this machine; the same seed writes the same."""
    ask(ws, range(18))
    commit = "0" * 40
    place = tmp_path / "models--made--writer"
    tiny_qwen(place / "snapshots" / commit, causal=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text(commit)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    chosen = options(RERANKER, tiny, generated=3, generator="made/writer")
    runs = [ws.training.prepare(name, chosen) for name in ("a", "b")]
    assert [run.counts["generated"] for run in runs] == [3, 3]
    assert targets(runs[0]) == targets(runs[1])
    assert ws.training.plan(chosen).lists == 21  # unlike quoted ones these make lists too
    with pytest.raises(ModelNotFoundError, match="made/nobody"):
        ws.training.prepare("c", replace(chosen, generator="made/nobody"))


def test_runs_are_not_mixed_up(ws, tiny):
    ask(ws, range(18))
    ws.training.prepare("one", options(ENCODER, tiny))
    with pytest.raises(UsageError, match="other options"):
        ws.training.train("one", options(ENCODER, tiny, seed=14))
    ws.training.train("one", options(ENCODER, tiny))
    with pytest.raises(UsageError, match="is done"):
        ws.training.train("one")
    with pytest.raises(UsageError, match="give options"):
        ws.training.train("unknown")
    with pytest.raises(NotFoundError):
        ws.training.run("unknown")
    for name in ("../x", ".hidden", "", "a/b", "compact"):
        with pytest.raises(UsageError, match=r"cannot be called|stands for"):
            ws.training.train(name, options(ENCODER, tiny))


def test_an_index_behind_its_catalogs_is_refused(ws, tiny):
    ask(ws, range(18))
    ws.training.prepare("late", options(RERANKER, tiny))
    ws.catalogs.remove("tools")
    with pytest.raises(TrainingError, match="not up to date"):
        ws.training.train("late")


@pytest.mark.parametrize(
    "chosen",
    [
        TrainOptions(BOTH),
        TrainOptions(
            RERANKER,
            encoder=TrainConfig(1e-5, 2),
            mining=MiningOptions(filtered=False, depth=9),
            objective=Objective.POINTWISE,
        ),
    ],
)
def test_options_travel_with_a_job(chosen):
    assert options_from(options_text(chosen)) == chosen


def test_other_text_is_no_options():
    with pytest.raises(UsageError, match="no training options"):
        options_from('{"kind": "oven"}')


# ------------------------------------------------------------------------ stops


def test_a_stopped_run_is_paused_and_ends_as_an_undisturbed_one(ws, tiny):
    ask(ws, range(18))
    whole = ws.training.train("whole", options(ENCODER, tiny))

    def stop(progress):
        if progress.stage.startswith("Training") and progress.done >= 2:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        ws.training.train("broken", options(ENCODER, tiny), stop)
    paused = ws.training.run("broken")
    assert (paused.state, paused.resumable) == (RunState.PAUSED, True)
    done = ws.training.train("broken")
    keys = [find_model(str(run.folder / "encoder")).key for run in (whole, done)]
    assert keys[0] == keys[1]


def test_a_cancelled_run_cannot_go_on(ws, tiny):
    ask(ws, range(18))

    def cancel(progress):
        if progress.stage.startswith("Training") and progress.done >= 2:
            with pytest.raises(WorkspaceError):
                ws.training.remove("gone")
            ws.training.cancel("gone")

    with pytest.raises(Cancelled):
        ws.training.train("gone", options(ENCODER, tiny), cancel)
    run = ws.training.run("gone")
    assert run.state is RunState.CANCELLED
    assert (run.folder / "labels.jsonl").exists()
    assert not (run.folder / "encoder").exists()
    with pytest.raises(UsageError, match="cancelled"):
        ws.training.train("gone")
    ws.training.remove("gone")
    assert ws.training.runs() == ()


@pytest.mark.parametrize("moment", ["before it is held", "while it begins"])
def test_giving_up_is_heard_while_a_run_starts(ws, tiny, monkeypatch, moment):
    ask(ws, range(18))
    ws.training.prepare("gone", options(ENCODER, tiny))
    held, asked = RunFolders.working, ws.profile

    def late(folders, name):
        ws.training.cancel(name)
        return held(folders, name)

    def beginning(profile):
        ws.training.cancel("gone")
        return asked(profile)

    if moment == "before it is held":
        monkeypatch.setattr(RunFolders, "working", late)
        told = pytest.raises(UsageError, match="cancelled")
    else:
        monkeypatch.setattr(ws, "profile", beginning)
        told = pytest.raises(Cancelled)
    with told:
        ws.training.train("gone")
    assert ws.training.run("gone").state is RunState.CANCELLED


def test_a_damaged_run_is_named_and_hides_no_other(ws, tiny):
    ask(ws, range(18))
    for name in ("one", "two", "three"):
        ws.training.prepare(name, options(ENCODER, tiny))
    (ws.training.run("one").folder / "run.json").write_text('{"state": "oven"}')
    (ws.training.run("two").folder / "run.json").write_text("[]")
    assert [run.name for run in ws.training.runs()] == ["three"]
    found = ws.training.damaged()
    assert [one.name for one in found] == ["one", "two"]
    assert all("restore the file, or delete the folder" in one.message for one in found)
    assert all(f"{one.name}/run.json" in one.message for one in found)


def test_only_what_runs_can_be_paused(ws, tiny):
    ask(ws, range(18))
    ws.training.prepare("still", options(ENCODER, tiny))
    with pytest.raises(UsageError, match="nothing to stop"):
        ws.training.pause("still")
    ws.training.cancel("still")
    assert ws.training.run("still").state is RunState.CANCELLED


def test_a_job_killed_in_the_middle_goes_on_in_another(ws, tiny):
    """`kill -9` of the job's process: the run says so, and the next job ends it."""
    ask(ws, range(18))
    few = MiningOptions(1, 1, 0, 0)
    long = options(ENCODER, tiny, encoder=TrainConfig(1e-4, 4, epochs=36), mining=few)
    job = jobs.start(ws, "train", ws.training.job_params("killed", long))
    while len(ws.training.curve("killed")) < 52:
        assert jobs.get(ws, job.job_id).state in (JobState.QUEUED, JobState.RUNNING)
        time.sleep(0.05)
    child = jobs._CHILDREN[jobs.log_path(ws, job.job_id)]
    assert ws.training.run("killed").state is RunState.RUNNING
    with pytest.raises(WorkspaceError, match="another process"):
        ws.training.train("killed")
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    assert ws.training.run("killed").state is RunState.INTERRUPTED
    done = ws.training.train("killed")
    assert done.state is RunState.DONE
    assert done.reports["encoder"].steps == len(ws.training.curve("killed")) == 144
