"""Suites run again, compared, and asked before a new index is kept."""

from __future__ import annotations

import json

import pytest

from skillrouter_core.errors import (
    Cancelled,
    IndexNotReadyError,
    NotFoundError,
    UsageError,
    WorkspaceError,
)
from skillrouter_core.index import SkillIndex, building, publish, write_lexical
from skillrouter_core.kinds import function_of
from skillrouter_core.models import PROFILES
from skillrouter_core.records.suites import Standing
from skillrouter_core.texts import preset_named
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels, HashEncoder, OverlapReranker

SKILLS = {
    "bread": ("Bake sourdough bread", "Knead the dough and bake bread at 230 C for an hour."),
    "deploy": ("Ship a service", "Roll out a container with helm to the cluster."),
    "secret": ("Things to do", "Rotate the vault token and audit every lease."),
}
BAKE, ROTATE, SHIP = "bake bread at 230", "rotate the vault token", "roll out a container"


def write_pool(folder, skills):
    folder.mkdir(parents=True, exist_ok=True)
    rows = [
        {"skill_id": key, "name": key, "description": description, "body": body}
        for key, (description, body) in skills.items()
    ]
    (folder / "pool.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return str(folder)


@pytest.fixture
def models():
    return FakeModels()


@pytest.fixture
def ws(tmp_path, models):
    with Workspace.open(tmp_path / "home", models=models) as opened:
        opened.catalogs.sync(write_pool(tmp_path / "pool", SKILLS), name="pool")
        yield opened


@pytest.fixture
def expecting(ws):
    """Two saved queries that are right, in suites of their own."""
    ws.indexing.build()
    ws.labels.save_query(BAKE, "kitchen", ["pool/bread"], "me")
    ws.labels.save_query(ROTATE, "office", ["pool/secret"], "me")
    return ws


def resync(ws, tmp_path, skills):
    write_pool(tmp_path / "pool", skills)
    ws.catalogs.resync("pool")


def without(name):
    return {key: text for key, text in SKILLS.items() if key != name}


def first(ws, query):
    return ws.routing.route(query).candidates[0].skill


def generations(ws):
    folder = ws.indexing.folder(PROFILES["compact"])
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


# ------------------------------------------------------------------ runs


def test_a_run_keeps_what_each_query_was_answered(expecting):
    expecting.labels.save_query("never mind", "kitchen", [], "me")
    run = expecting.suites.run("kitchen")
    assert (run.suite, run.profile, run.held, run.note) == ("kitchen", "compact", False, "")
    assert run.index_version == expecting.routing.version()
    (answer,) = expecting.suites.answers(run.run_id)  # the other expects nothing
    assert answer.query_text == BAKE
    assert answer.expected == ("pool/bread",)
    assert answer.ranking == expecting.routing.route(BAKE).ranking
    assert answer.stage1_ranking == expecting.routing.route(BAKE).stage1_ranking
    assert answer.milliseconds > 0
    assert expecting.suites.runs("kitchen") == (run,)
    assert expecting.suites.runs("office") == ()


def test_runs_come_newest_first_and_by_profile(expecting):
    runs = [expecting.suites.run("kitchen") for _ in range(3)]
    assert expecting.suites.runs("kitchen") == tuple(runs[::-1])
    assert expecting.suites.runs("kitchen", "compact", limit=1) == (runs[-1],)
    assert expecting.suites.runs("kitchen", "minilm") == ()


def test_a_suite_without_expectations_is_not_run(ws):
    ws.indexing.build()
    ws.labels.save_query(BAKE, "kitchen", [], "me")
    for name in ("kitchen", "none"):
        with pytest.raises(UsageError, match=rf"'{name}'.*Route"):
            ws.suites.run(name)
    assert ws.suites.runs() == ()


def test_no_run_before_the_first_index(ws):
    ws.labels.save_query(BAKE, "kitchen", ["pool/bread"], "me")
    with pytest.raises(IndexNotReadyError):
        ws.suites.run("kitchen")


def test_a_run_that_is_stopped_is_not_kept(expecting):
    def stop(progress):
        if progress.done:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        expecting.suites.run("kitchen", stop)
    assert expecting.suites.runs() == ()


def test_the_difference_of_two_runs(expecting, tmp_path):
    before = expecting.suites.run("kitchen")
    expecting.labels.save_query(SHIP, "kitchen", ["pool/bread"], "me")
    after = expecting.suites.run("kitchen")
    found = expecting.suites.diff(before.run_id, after.run_id)
    assert [change.standing for change in found.changes] == [Standing.STILL_RIGHT, Standing.NEW]
    with pytest.raises(NotFoundError, match="99"):
        expecting.suites.diff(before.run_id, 99)


def test_what_is_expected_today_judges_all_runs_and_the_trend(expecting):
    runs = [expecting.suites.run("kitchen") for _ in range(2)]
    assert [point.hit.value for point in expecting.suites.trend("kitchen", "compact")] == [1, 1]
    expecting.labels.save_query(BAKE, "kitchen", ["pool/deploy"], "me")
    found = expecting.suites.diff(runs[0].run_id, runs[1].run_id)
    assert found.changes[0].expected == ("pool/deploy",)
    assert found.after.right == 0
    trend = expecting.suites.trend("kitchen", "compact")
    assert [(point.run, point.judged, point.hit.value) for point in trend] == [
        (runs[0], 1, 0),
        (runs[1], 1, 0),
    ]
    assert expecting.suites.answers(runs[0].run_id)[0].expected == ("pool/bread",)


def test_a_near_copy_in_the_first_place_is_named(expecting, tmp_path):
    body = "Knead the dough and bake bread at 230 C for an hour. " * 5
    skills = SKILLS | {"bread": ("Loaf", body), "loaf": ("Loaf", body + "Eat.")}
    resync(expecting, tmp_path, skills)
    expecting.indexing.build()
    expecting.labels.save_query(BAKE, "kitchen", ["pool/loaf"], "me")
    run = expecting.suites.run("kitchen")
    (change,) = expecting.suites.alone(run.run_id).changes
    assert change.last.ranking[0] == "pool/bread"
    assert (change.standing, change.copy_of) == (Standing.STILL_WRONG, "pool/loaf")


# ------------------------------------------------------------------ when nothing can break


def test_without_expectations_an_index_is_published_and_nothing_is_asked(ws, models, tmp_path):
    ws.labels.save_query(BAKE, "kitchen", [], "me")
    ws.indexing.build()
    resync(ws, tmp_path, without("bread"))
    report = ws.indexing.build()
    assert report.held is None
    assert models.reranker_fake.calls == 0
    assert ws.suites.runs() == ()
    assert first(ws, BAKE).skill_id != "pool/bread"


def test_the_first_index_is_published(ws):
    ws.labels.save_query(BAKE, "kitchen", ["pool/none"], "me")
    assert ws.indexing.build().held is None
    assert ws.indexing.status().vectors_ready
    assert ws.suites.runs() == ()


def test_an_index_up_to_date_asks_nothing(expecting, models):
    models.reranker_fake.calls = 0
    assert expecting.indexing.build().held is None
    assert models.reranker_fake.calls == 0
    assert expecting.suites.runs() == ()


def test_vectors_of_another_model_cannot_be_asked_any_more(expecting, models, tmp_path):
    models.encoder_fake = HashEncoder(32)
    resync(expecting, tmp_path, without("bread"))
    assert expecting.indexing.build().held is None
    assert expecting.suites.runs() == ()


def test_an_index_that_breaks_nothing_is_published_with_a_pair_of_runs(expecting, tmp_path):
    before = expecting.routing.version()
    resync(expecting, tmp_path, SKILLS | {"soup": ("Cook soup", "Boil onions and bones.")})
    report = expecting.indexing.build()
    assert (report.skills, report.embedded, report.held) == (4, 2, None)
    assert expecting.indexing.held() is None
    assert first(expecting, "boil onions").name == "soup"
    runs = expecting.suites.runs("kitchen")
    assert [(run.index_version, run.held) for run in runs] == [
        (expecting.routing.version(), False),
        (before, False),
    ]


def test_a_query_that_was_wrong_before_holds_nothing_back(expecting, tmp_path):
    expecting.labels.save_query(BAKE, "kitchen", ["pool/secret"], "me")
    resync(expecting, tmp_path, without("bread"))
    assert expecting.indexing.build().held is None


# ------------------------------------------------------------------ held back


@pytest.fixture
def holding(expecting, tmp_path):
    """A workspace whose new index lacks the skill that a saved query expects."""
    resync(expecting, tmp_path, without("bread"))
    assert expecting.indexing.build().held is not None
    return expecting


def test_an_index_that_breaks_a_query_is_held_back(expecting, tmp_path):
    before = expecting.routing.version()
    resync(expecting, tmp_path, without("bread"))
    held = expecting.indexing.build().held
    assert (held.summary, held.waiting, held.stale) == (
        "1 of 2 saved queries would break",
        True,
        False,
    )
    assert expecting.indexing.held() == held
    assert expecting.routing.version() == before
    assert [run.held for run in expecting.suites.runs()] == [True, False, True, False]
    pairs = {run.suite: run for run in expecting.suites.runs() if run.held}
    assert set(pairs) == {"kitchen", "office"}
    changes = [
        change
        for before, after in held.runs
        for change in expecting.suites.diff(before, after).changes
    ]
    assert [(change.query_text, change.standing) for change in changes] == [
        (BAKE, Standing.BROKEN),
        (ROTATE, Standing.STILL_RIGHT),
    ]


def test_meanwhile_the_old_index_answers_with_its_own_texts(expecting, tmp_path):
    changed = without("bread") | {"secret": ("Things to do", "Water the plants in the office.")}
    resync(expecting, tmp_path, changed)
    assert first(expecting, ROTATE).body == "Water the plants in the office."
    assert expecting.indexing.build().held is not None
    assert first(expecting, BAKE).skill_id == "pool/bread"
    assert first(expecting, ROTATE).body == SKILLS["secret"][1]
    assert "held back" in expecting.routing.route(BAKE).notes[-1]
    status = expecting.indexing.status()
    assert status.stale
    assert status.vectors_ready


def test_a_run_meanwhile_is_of_the_old_index(holding):
    run = holding.suites.run("kitchen")
    assert not run.held
    assert holding.suites.answers(run.run_id)[0].ranking[0] == "pool/bread"


def test_publishing_anyway(holding):
    holding.indexing.publish_held()
    assert holding.indexing.held() is None
    assert first(holding, BAKE).skill_id != "pool/bread"
    assert holding.routing.route(BAKE).notes == ()
    assert not holding.indexing.status().stale
    assert holding.indexing.build().embedded == 0


def test_keeping_the_old_index(holding):
    holding.indexing.discard_held()
    held = holding.indexing.held()
    assert not held.waiting
    assert first(holding, BAKE).skill_id == "pool/bread"
    assert generations(holding) == ["00000001"]
    for move in (holding.indexing.publish_held, holding.indexing.discard_held):
        with pytest.raises(IndexNotReadyError, match="no index of the profile compact"):
            move()


def test_after_the_old_one_was_kept_the_next_build_asks_again(holding):
    holding.indexing.discard_held()
    assert holding.indexing.build().held.waiting
    assert holding.indexing.held().broken == 1


def test_building_again_takes_what_waits_and_asks_nobody_twice(holding, models):
    models.encoder_fake.encoded, models.reranker_fake.calls = 0, 0
    before, runs = holding.indexing.held(), holding.suites.runs()
    assert holding.indexing.build().held.generation == before.generation
    assert (models.encoder_fake.encoded, models.reranker_fake.calls) == (0, 0)
    assert holding.suites.runs() == runs


def test_another_change_meanwhile_builds_anew_and_replaces_what_waits(holding, tmp_path):
    before = holding.indexing.held()
    resync(holding, tmp_path, without("bread") | {"soup": ("Cook soup", "Boil onions.")})
    assert holding.indexing.held().stale
    after = holding.indexing.build().held
    assert after.generation != before.generation
    assert not after.stale
    assert generations(holding) == ["00000001", after.generation]
    holding.indexing.publish_held()
    assert first(holding, "boil onions").name == "soup"


def test_what_waits_is_not_published_over_a_catalog_that_changed(holding, tmp_path):
    resync(holding, tmp_path, without("bread") | {"soup": ("Cook soup", "Boil onions.")})
    before = holding.routing.version()
    with pytest.raises(IndexNotReadyError, match=r"changed.*skillrouter index"):
        holding.indexing.publish_held()
    assert holding.routing.version() == before
    assert holding.indexing.held().waiting


def test_a_catalog_that_went_back_needs_nothing(holding, tmp_path):
    before = holding.routing.version()
    resync(holding, tmp_path, SKILLS)
    assert holding.indexing.build().held is None
    assert holding.indexing.held() is None
    assert holding.routing.version() == before
    assert generations(holding) == ["00000001"]
    assert holding.routing.route(BAKE).notes == ()


def test_an_index_whose_break_is_accepted_is_published_by_the_next_build(holding):
    answer = holding.suites.answers(holding.indexing.held().runs[0][1])[0]
    holding.labels.save_query(BAKE, "kitchen", [answer.ranking[0]], "me")
    assert holding.indexing.build().held is None
    assert holding.indexing.held() is None
    assert not holding.indexing.status().stale


def test_without_expectations_any_more_the_next_build_publishes(holding):
    for query in holding.labels.queries():
        holding.labels.remove_query(query.query_id)
    assert holding.indexing.build().held is None
    assert holding.indexing.held() is None
    assert not holding.indexing.status().stale
    assert len(generations(holding)) == 2


def test_a_stop_while_asking_leaves_the_published_index_as_it_was(expecting, tmp_path):
    resync(expecting, tmp_path, without("bread"))
    before = expecting.routing.version()

    def stop(progress):
        if progress.stage == "asking saved queries" and progress.done:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        expecting.indexing.build(stop)
    assert expecting.routing.version() == before
    assert expecting.indexing.held() is None
    assert expecting.suites.runs() == ()
    assert expecting.indexing.build().held.broken == 1
    assert len(generations(expecting)) == 2  # what the stopped build left is cleared away


def test_another_index_published_while_asking_is_not_overwritten(expecting, tmp_path):
    resync(expecting, tmp_path, without("bread"))
    folder = expecting.indexing.folder(PROFILES["compact"])
    other = write_lexical(
        folder, expecting.catalogs.skills(), preset_named("compact"), published=False
    )

    def meddle(progress):
        if progress.stage == "asking saved queries" and not progress.done:
            publish(folder, other)

    with pytest.raises(WorkspaceError, match="run `skillrouter index` again"):
        expecting.indexing.build(meddle)
    assert expecting.indexing.held() is None
    assert SkillIndex.load(folder).generation == other


def test_a_second_build_waits_for_the_first(expecting, tmp_path):
    resync(expecting, tmp_path, without("bread"))
    seen = []

    def second(progress):
        folder = expecting.indexing.folder(PROFILES["compact"])
        with (
            pytest.raises(WorkspaceError, match="another process has been indexing"),
            building(folder, lock_seconds=0.01),
        ):
            pass
        seen.append(progress.stage)

    assert expecting.indexing.build(second).held
    assert "asking saved queries" in seen


def test_the_answers_before_are_not_asked_twice(expecting, models, tmp_path):
    resync(expecting, tmp_path, SKILLS | {"soup": ("Cook soup", "Boil onions and bones.")})
    expecting.indexing.build()
    models.reranker_fake.calls = 0
    resync(expecting, tmp_path, SKILLS)
    expecting.indexing.build()
    assert models.reranker_fake.calls == 0  # both texts were asked before
    resync(expecting, tmp_path, SKILLS | {"tea": ("Make tea", "Boil water.")})
    expecting.indexing.build()
    assert models.reranker_fake.calls == 2  # the new side alone


def test_answers_of_other_weights_are_asked_again(expecting, models, tmp_path):
    from skillrouter_core.records import Stage1
    from skillrouter_core.rerank import StageTwoWeights

    expecting.suites.run("kitchen")
    models.reranker_fake = OverlapReranker({kind: StageTwoWeights(bm25=2.0) for kind in Stage1})
    resync(expecting, tmp_path, SKILLS | {"soup": ("Cook soup", "Boil onions and bones.")})
    expecting.indexing.build()
    assert models.reranker_fake.calls == 4


# ------------------------------------------------------------------ a change of models


class Backwards(OverlapReranker):
    """Prefers what the query does not say."""

    model_key = "backwards"

    def score(self, query, documents):
        return -super().score(query, documents)


def test_a_change_of_models_is_compared_over_one_index(expecting):
    index = SkillIndex.load(expecting.indexing.folder(PROFILES["compact"]))
    profile = PROFILES["compact"]
    before = expecting.suites.answering(profile, index)
    other = FakeModels(Backwards())
    after = expecting.suites.answering(profile, index, models=other, held=True)
    found = expecting.suites.compare(before, after)
    assert {change.query_text for change in found.broken} == {BAKE, ROTATE}
    assert found.queries == 2
    assert [(old.models, new.models, new.held) for old, new in found.pairs] == [
        ("hash-64 overlap", "hash-64 backwards", True)
    ] * 2
    assert expecting.suites.compare(before, before).broken == ()


# ------------------------------------------------------------------ jobs


def silent(progress):
    """Listen to nothing."""


def test_jobs_say_what_is_held_back(expecting, tmp_path):
    write_pool(tmp_path / "pool", without("bread"))
    message = function_of("resync")(expecting, {"name": "pool"}, silent)
    assert message.startswith("pool: 0 added, 0 changed, 1 removed")
    assert "; held: 1 of 2 saved queries would break, the old index goes on" in message
    message = function_of("index")(expecting, {}, silent)
    assert message.startswith("2 skills indexed, 0 texts embedded; held: 1 of 2")
    expecting.indexing.publish_held()
    assert function_of("index")(expecting, {}, silent) == "2 skills indexed, 0 texts embedded"


def test_the_job_of_a_suite_runs_it(expecting):
    message = function_of("suite")(expecting, {"suite": "kitchen"}, silent)
    assert message == "1 of 1 queries of the suite kitchen are answered right"
    assert len(expecting.suites.runs("kitchen")) == 1
    with pytest.raises(UsageError, match="'suite'"):
        function_of("suite")(expecting, {}, silent)


def test_many_runs_leave_the_newest_and_say_so(expecting, monkeypatch):
    """But the runs that an index held back is judged by stay, however old."""
    monkeypatch.setattr("skillrouter_core.workspace.asking.KEPT_RUNS", 3)
    first = expecting.suites.run("kitchen")
    made = [expecting.suites.run("kitchen") for _ in range(3)]
    left = expecting.suites.runs("kitchen")
    assert [one.run_id for one in left] == [one.run_id for one in made[::-1]]
    assert [one.note for one in left] == ["oldest runs removed: 1, as 3 are kept", "", ""]
    with pytest.raises(NotFoundError):
        expecting.suites.answers(first.run_id)
    assert len(expecting.suites.runs("office")) == 0


def test_runs_that_a_held_index_is_judged_by_stay(expecting, monkeypatch, tmp_path):
    write_pool(tmp_path / "pool", {key: SKILLS[key] for key in ("deploy", "secret")})
    expecting.catalogs.resync("pool")
    held = expecting.indexing.build().held
    assert held is not None
    monkeypatch.setattr("skillrouter_core.workspace.asking.KEPT_RUNS", 1)
    for _ in range(3):
        expecting.suites.run("kitchen")
    kept = {one.run_id for one in expecting.suites.runs("kitchen")}
    judged = {one for pair in held.runs for one in pair}
    assert len(kept - judged) == 1
    assert expecting.suites.broken(held.runs)
