"""Promotions: one swap of index and models, what holds them up, the way back, what is kept."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core.errors import (
    IndexNotReadyError,
    ModelNotFoundError,
    NotFoundError,
    UsageError,
    WorkspaceError,
)
from skillrouter_core.index import SkillIndex, building, current_model
from skillrouter_core.index.generations import read_json, write_json
from skillrouter_core.kinds import KINDS
from skillrouter_core.models import PROFILES, Profile
from skillrouter_core.progress import silent
from skillrouter_core.records import RouteOptions
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.registry import Fitted, write_fitted
from skillrouter_core.registry.fitted import FOLDS
from skillrouter_core.route import OTHER_VECTORS
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.training_runs import RunFolders
from tests.promotions import BAD, BAKE, BREAD, GOOD, SKILLS, NamedModels, add_model, filled
from tests.stores import BACKENDS, database_url, scan, skill

SOUP = skill("tools/soup", "Boil onions and bones for three hours.")


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with filled(tmp_path / "home") as opened:
        yield opened


def first(ws: Workspace, profile: str = "compact") -> str:
    return ws.routing.route(BAKE, RouteOptions(profile=profile)).ranking[0]


def key_of(ws: Workspace) -> str:
    """Return the encoder that made the published vectors."""
    return ws.routing.index().manifest.dense["full"].model_key


def lines(ws: Workspace) -> list[tuple[str, str, str]]:
    return [(one.model, one.previous, one.author) for one in ws.registry.history("compact")]


# ------------------------------------------------------------------------- swapping


def test_a_promoted_model_answers_with_its_own_vectors(ws: Workspace) -> None:
    version = ws.routing.version()
    made = ws.registry.promote(GOOD, "ann")
    assert (made.model, made.held, made.changed, made.note) == (GOOD, None, True, "")
    assert made.embedded == 2 * len(SKILLS)
    assert ws.registry.in_use() == GOOD
    assert ws.routing.version() != version
    assert key_of(ws) == GOOD
    assert OTHER_VECTORS not in ws.routing.route(BAKE).notes
    assert ws.profile("compact").encoder == str(ws.registry.folder / GOOD / "encoder")
    assert lines(ws) == [(GOOD, "", "ann")]


def test_what_answers_already_is_left_alone(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    version = ws.routing.version()
    made = ws.registry.promote(GOOD, "bob")
    assert (made.changed, made.embedded) == (False, 0)
    assert ws.routing.version() == version
    assert lines(ws) == [(GOOD, "", "ann")]


def test_a_second_process_answers_with_the_new_pair_without_restart(ws: Workspace) -> None:
    with Workspace.open(ws.home, models=NamedModels()) as other:
        assert first(other) == BREAD.skill_id
        ws.registry.promote(GOOD, "ann")
        assert key_of(other) == GOOD
        assert other.routing.serving()[1].encoder.endswith(f"{GOOD}/encoder")


class Swapping(NamedModels):
    """Models that are swapped for others in the moment they are asked for."""

    def __init__(self, home: Path) -> None:
        super().__init__()
        self._home, self._left = home, 1

    def encoder(self, profile: Profile):
        if self._left:
            self._left = 0
            with Workspace.open(self._home, models=NamedModels()) as other:
                other.registry.promote(GOOD, "ann")
        return super().encoder(profile)


def test_a_query_under_way_in_the_swap_keeps_its_models_and_vectors(ws: Workspace) -> None:
    with Workspace.open(ws.home, models=Swapping(ws.home)) as other:
        route = other.routing.route(BAKE)
        assert ws.registry.in_use() == GOOD
        assert route.ranking[0] == BREAD.skill_id
        assert OTHER_VECTORS not in route.notes
        assert OTHER_VECTORS not in other.routing.route(BAKE).notes
        assert key_of(other) == GOOD


def test_another_encoder_is_never_held_against_the_vectors(ws: Workspace) -> None:
    ws.models.encoders["data"] = ws.models.encoder(PROFILES["compact"])
    ws.models.encoder(PROFILES["compact"]).model_key = "newer"  # as after an update
    route = ws.routing.route(BAKE)
    assert OTHER_VECTORS in route.notes
    assert all(one.dense is None for one in route.candidates)
    with pytest.raises(IndexNotReadyError, match="another model"):
        ws.routing.encoder()
    assert ws.indexing.build().embedded == 2 * len(SKILLS)
    assert OTHER_VECTORS not in ws.routing.route(BAKE).notes


def test_builds_and_resyncs_keep_the_promoted_model(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    ws.catalogs.store(scan(*SKILLS, SOUP))
    assert ws.indexing.build().held is None
    assert (ws.registry.in_use(), key_of(ws)) == (GOOD, GOOD)
    assert len(ws.routing.index()) == len(SKILLS) + 1
    assert lines(ws) == [(GOOD, "", "ann")]


def test_an_index_that_was_thrown_away_is_made_with_the_promoted_model(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    shutil.rmtree(ws.routing.index().generation)
    assert ws.registry.in_use() == GOOD
    ws.indexing.build()
    assert key_of(ws) == GOOD
    assert lines(ws) == [(GOOD, "", "ann")]


def test_an_index_of_another_format_keeps_its_model(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    manifest = ws.routing.index().generation / "manifest.json"
    write_json(manifest, read_json(manifest) | {"format": 0})
    assert ws.routing.version() == ""
    assert ws.registry.in_use() == GOOD
    ws.indexing.build()
    assert key_of(ws) == GOOD


def test_a_chosen_threshold_counts_for_its_models_alone(ws: Workspace) -> None:
    ws.routing.set_threshold(0.9)
    ws.registry.promote(GOOD, "ann")
    assert ws.routing.threshold() == 0.5
    assert ws.routing.route(BAKE).threshold == 0.5
    ws.registry.rollback("ann")
    assert ws.routing.route(BAKE).threshold == 0.9


@pytest.mark.parametrize("backend", BACKENDS)
def test_over_either_database(tmp_path: Path, backend: str) -> None:
    with database_url(backend, tmp_path) as url:
        home = tmp_path / "home"
        with Workspace.open(home, url, models=NamedModels()) as ws:
            ws.catalogs.store(scan(*SKILLS))
            ws.indexing.build()
            ws.labels.save_query(BAKE, "kitchen", [BREAD.skill_id], "me")
            add_model(home, GOOD)
            add_model(home, BAD)
            assert ws.registry.promote(GOOD, "ann").held is None
            assert ws.registry.promote(BAD, "ann").held is not None
            assert ws.registry.in_use() == GOOD


# ------------------------------------------------------------------------- holding


def test_what_would_break_a_saved_query_is_held_back(ws: Workspace) -> None:
    made = ws.registry.promote(BAD, "ann")
    assert made.held is not None
    assert (made.held.broken, made.held.queries, made.held.promotes) == (1, 1, BAD)
    assert "held: 1 of 1 saved query would break" in made.summary
    assert ws.registry.in_use() == ""
    assert first(ws) == BREAD.skill_id
    assert lines(ws) == []
    assert ws.routing.route(BAKE).notes == ()  # nothing is missing from the index that answers


def test_published_all_the_same_it_is_in_the_history(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    ws.indexing.publish_held()
    assert ws.registry.in_use() == BAD
    assert first(ws) != BREAD.skill_id
    assert lines(ws) == [(BAD, "", "ann")]
    assert ws.registry.note("bob") is None
    assert ws.registry.before() == ""


def test_thrown_away_nothing_is_left_over(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    ws.indexing.discard_held()
    assert ws.indexing.held() is None
    assert not ws.indexing.status().stale
    assert lines(ws) == []


def test_an_index_run_that_changes_nothing_leaves_a_held_promotion(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    ws.indexing.build()
    held = ws.indexing.held()
    assert held is not None
    assert (held.waiting, held.promotes) == (True, BAD)
    ws.indexing.publish_held()
    assert ws.registry.in_use() == BAD


def test_once_texts_change_a_held_promotion_is_asked_for_again(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    ws.catalogs.store(scan(*SKILLS, SOUP))
    with pytest.raises(IndexNotReadyError, match=f"models promote {BAD}"):
        ws.indexing.publish_held()
    ws.indexing.build()
    assert ws.indexing.held() is None
    assert ws.registry.in_use() == ""


def test_an_index_that_waits_for_a_person_is_not_decided_on_by_promoting(ws: Workspace) -> None:
    ws.catalogs.store(scan(*SKILLS[1:]))
    assert ws.indexing.build().held is not None
    with pytest.raises(UsageError, match="--publish-held"):
        ws.registry.promote(GOOD, "ann")
    held = ws.indexing.held()
    assert held is not None
    assert held.waiting
    ws.indexing.publish_held()
    assert ws.registry.promote(GOOD, "ann").held is None


def test_a_held_promotion_gives_way_to_another(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    assert ws.registry.promote(GOOD, "bob").held is None
    assert ws.indexing.held() is None
    assert lines(ws) == [(GOOD, "", "bob")]


# ------------------------------------------------------------------------- going back


def test_rolled_back_at_once_though_a_query_breaks_by_it(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    ws.indexing.publish_held()
    ws.labels.save_query("audit every lease", "kitchen", ["tools/bread"], "me")
    made = ws.registry.rollback("bob")
    assert (made.model, made.embedded, made.held, made.changed) == ("", 0, None, True)
    assert first(ws) == BREAD.skill_id
    assert lines(ws) == [(BAD, "", "ann"), ("", BAD, "bob")]
    assert ws.registry.before() == BAD


def test_with_changed_texts_the_way_back_is_asked_too(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    ws.catalogs.store(scan(*SKILLS[1:]))
    held = ws.registry.rollback("ann").held
    assert held is not None
    assert (held.broken, held.promotes) == (1, "shipped")
    ws.indexing.publish_held()
    assert ws.registry.in_use() == ""
    assert lines(ws)[-1] == ("", GOOD, "ann")


def test_there_is_no_way_back_before_the_first_promotion(ws: Workspace) -> None:
    assert ws.registry.before() is None
    with pytest.raises(UsageError, match="nothing was promoted"):
        ws.registry.rollback("ann")


def test_a_model_that_vanished_is_named_and_left_behind(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    shutil.rmtree(ws.registry.folder / GOOD)
    assert ws.routing.version()
    assert ws.indexing.status().vectors_ready
    assert ws.registry.in_use() == GOOD
    assert [one.name for one in ws.registry.models()] == ["shipped", BAD]
    with pytest.raises(ModelNotFoundError, match="models rollback"):
        ws.routing.route(BAKE)
    with pytest.raises(ModelNotFoundError, match="models rollback"):
        ws.indexing.build()
    made = ws.registry.rollback("ann")
    assert made.held is None
    assert first(ws) == BREAD.skill_id
    ws.registry.promote(GOOD if (add_model(ws.home, GOOD)).is_dir() else "", "ann")
    shutil.rmtree(ws.registry.folder / GOOD)
    assert "are gone" in ws.registry.promote("shipped", "ann").note


def test_a_promotion_whose_process_died_before_it_said_so_is_told(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    told = ws.registry.history()
    (ws.registry.folder / "promotions.jsonl").unlink()
    (untold,) = ws.registry.history()
    assert (untold.model, untold.author) == (GOOD, "ann")
    assert abs((untold.at - told[0].at).total_seconds()) < 5
    assert ws.registry.before() == ""
    ws.catalogs.store(scan(*SKILLS, SOUP))
    ws.indexing.build()
    assert lines(ws) == [(GOOD, "", "ann")]
    assert (ws.registry.folder / "promotions.jsonl").exists()


# ------------------------------------------------------------------------- refusing


def test_only_one_that_is_there_is_promoted_and_only_for_what_is_built_in(ws: Workspace) -> None:
    with pytest.raises(NotFoundError, match=f"shipped, {BAD}, {GOOD}"):
        ws.registry.promote("nowhere", "ann")
    with pytest.raises(UsageError, match="no built-in profile"):
        ws.registry.promote(GOOD, "ann", profile=GOOD)
    with pytest.raises(UsageError, match="author"):
        ws.registry.promote(GOOD, " ")
    ws.catalogs.remove("tools")
    with pytest.raises(UsageError, match="import a catalog"):
        ws.registry.promote(GOOD, "ann")


def test_a_model_whose_reranker_does_not_load_is_not_promoted(tmp_path: Path) -> None:
    class Broken(NamedModels):
        def reranker(self, profile: Profile):
            if GOOD in str(profile.reranker):
                raise ModelNotFoundError("its weights are gone")
            return super().reranker(profile)

    filled(tmp_path / "home").close()
    with Workspace.open(tmp_path / "home", models=Broken()) as ws:
        version = ws.routing.version()
        with pytest.raises(ModelNotFoundError, match="weights are gone"):
            ws.registry.promote(GOOD, "ann")
        assert (ws.registry.in_use(), ws.routing.version()) == ("", version)


def test_a_model_at_work_is_neither_promoted_nor_deleted(ws: Workspace) -> None:
    with RunFolders(ws.registry.folder).working(GOOD):
        with pytest.raises(WorkspaceError, match="at work"):
            ws.registry.promote(GOOD, "ann")
        with pytest.raises(WorkspaceError, match="at work"):
            ws.registry.delete(GOOD)


def test_a_build_that_waited_for_a_promotion_keeps_it(ws: Workspace) -> None:
    processes = multiprocessing.get_context("forkserver")
    with building(ws.indexing.place("compact")):
        child = processes.Process(target=build, args=(ws.home,))
        child.start()
        child.join(3)  # by now it waits; where it is slower still, the test proves less
        assert child.is_alive()
        folder = ws.routing.index().generation
        write_json(folder / "manifest.json", read_json(folder / "manifest.json") | {"model": GOOD})
    child.join()
    assert child.exitcode == 0
    assert current_model(ws.indexing.place("compact")) == GOOD


def build(home: Path) -> None:
    with Workspace.open(home, models=NamedModels()) as ws:
        ws.indexing.build()


# ------------------------------------------------------------------------- keeping


def test_the_models_are_listed_newest_first(ws: Workspace) -> None:
    ws.registry.promote(GOOD, "ann")
    shipped, *trained = ws.registry.models()
    assert (shipped.name, shipped.answers_for, shipped.bytes) == ("shipped", (), 0)
    assert [one.name for one in trained] == [BAD, GOOD]
    assert trained[1].answers_for == ("compact",)
    assert trained[1].run["counts"] == {"right": 40}


def test_profiles_are_built_in_then_shipped_then_trained(ws: Workspace) -> None:
    assert ws.routing.profiles() == (*PROFILES, BAD, GOOD)
    ws.registry.promote(GOOD, "ann")
    assert ws.routing.profiles() == (*PROFILES, "shipped", BAD, GOOD)


@pytest.mark.parametrize("name", [GOOD, "shipped"])
def test_routing_by_a_name_of_its_own_says_how_to_index_it(ws: Workspace, name: str) -> None:
    ws.registry.promote(GOOD, "ann")
    with pytest.raises(IndexNotReadyError, match=f"--profile {name}"):
        first(ws, name)
    report = ws.indexing.build(profile=name)
    assert report.embedded == 0
    assert first(ws, name) == BREAD.skill_id
    assert ws.registry.in_use() == GOOD
    assert ws.queue is not None
    assert ws.map.version(name) == ""


@pytest.mark.parametrize("name", ["compact", "shipped", "benchmarks"])
def test_a_folder_named_like_something_else_is_no_model(ws: Workspace, name: str) -> None:
    add_model(ws.home, name)
    assert [one.name for one in ws.registry.models()] == ["shipped", BAD, GOOD]


def test_a_damaged_record_costs_its_own_model_alone(ws: Workspace) -> None:
    (ws.registry.folder / BAD / "run.json").write_text("{")
    (ws.registry.folder / "odd" / "encoder").mkdir(parents=True)
    (ws.registry.folder / "odd" / "encoder" / "skillrouter.json").write_text("{}")
    (ws.registry.folder / "odd" / "metrics.json").write_text("[]")
    assert [one.name for one in ws.registry.models()] == ["shipped", GOOD]
    assert [(one.name, one.message.split("/")[-1][:12]) for one in ws.registry.damaged()] == [
        (BAD, "run.json: un"),
        ("odd", "metrics.json"),
    ]
    assert all("restore the file" in one.message for one in ws.registry.damaged())
    assert ws.registry.promote(GOOD, "ann").held is None


def test_deleted_with_its_own_index(ws: Workspace) -> None:
    ws.indexing.build(profile=GOOD)
    ws.registry.delete(GOOD)
    assert not (ws.registry.folder / GOOD).exists()
    assert not (ws.home / "index" / GOOD).exists()
    assert not list(ws.registry.folder.glob(".deleted-*"))
    with pytest.raises(NotFoundError):
        ws.registry.model(GOOD)


def test_what_is_needed_is_not_deleted(ws: Workspace) -> None:
    ws.registry.promote(BAD, "ann")
    with pytest.raises(UsageError, match="waits to answer"):
        ws.registry.delete(BAD)
    ws.indexing.publish_held()
    with pytest.raises(UsageError, match="answers for compact"):
        ws.registry.delete(BAD)
    ws.registry.rollback("ann")
    with pytest.raises(UsageError, match="rollback"):
        ws.registry.delete(BAD)
    with pytest.raises(UsageError, match="belong to the program"):
        ws.registry.delete("shipped")


def test_what_another_model_stands_on_is_not_deleted(ws: Workspace) -> None:
    points = {"same_as": str(ws.registry.folder / GOOD / "reranker")}
    (add_model(ws.home, "child") / "reranker" / "skillrouter.json").write_text(json.dumps(points))
    with pytest.raises(UsageError, match="child stands on good"):
        ws.registry.delete(GOOD)
    ws.registry.delete("child")
    ws.registry.delete(GOOD)


@pytest.mark.parametrize("key", ["model", "name"])
def test_jobs_promote_and_roll_back(ws: Workspace, key: str) -> None:
    said = KINDS["promote"](ws, {key: BAD, "author": "ann"}, silent)
    assert said.startswith("held: 1 of 1 saved query would break")
    said = KINDS["promote"](ws, {key: GOOD, "author": "ann"}, silent)
    assert said == "swapped: good answers for compact, 6 texts embedded"
    said = KINDS["rollback"](ws, {"author": "ann"}, silent)
    assert said == "swapped: shipped answers for compact, 0 texts embedded"


def test_two_generations_are_left_however_often_models_change(ws: Workspace) -> None:
    for _ in range(3):
        ws.registry.promote(GOOD, "ann")
        ws.registry.promote("shipped", "ann")
    folder = ws.indexing.place("compact")
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 2
    assert SkillIndex.load(folder).manifest.model == ""
    assert len(lines(ws)) == 6


# ------------------------------------------------------------------------- measuring


def test_measured_against_what_answers_and_kept_with_a_card(ws: Workspace) -> None:
    hold_out(ws)
    metrics = ws.registry.measure(BAD)
    assert (metrics["benchmark"], metrics["tasks"], metrics["pool"]) == ("labels", 1, 3)
    assert metrics["before"] == "shipped"
    hit = metrics["rows"][0]
    assert hit == {
        "name": "Hit@1",
        "before": "1.000 [1.000, 1.000]",
        "after": "0.000 [0.000, 0.000]",
        "change": "-1.000 [-1.000, -1.000]",
    }
    assert ws.registry.model(BAD).metrics == metrics
    assert (
        "| Hit@1 | 1.000 [1.000, 1.000] |" in (ws.registry.folder / BAD / "README.md").read_text()
    )
    before = ws.evaluation.load(metrics["before_id"]).info
    after = ws.evaluation.load(metrics["after_id"]).info
    assert (before.profile, after.profile) == ("compact", BAD)
    said = KINDS["measure"](ws, {"name": GOOD}, silent)
    assert said.startswith("1 queries asked, Hit@1 1.000 [1.000, 1.000] to 1.000")


def test_what_answers_itself_is_held_against_what_answered_before(ws: Workspace) -> None:
    hold_out(ws)
    ws.registry.promote(GOOD, "ann")
    metrics = ws.registry.measure(GOOD)
    assert metrics["before"] == "shipped"
    assert ws.evaluation.load(metrics["before_id"]).info.profile == "shipped"
    assert ws.registry.measure(BAD)["before"] == GOOD
    add_model(ws.home, "better")
    ws.registry.promote("better", "ann")
    metrics = ws.registry.measure("better")
    assert metrics["before"] == GOOD
    assert ws.evaluation.load(metrics["before_id"]).info.profile == GOOD
    shutil.rmtree(ws.registry.folder / GOOD)
    assert ws.registry.measure("better")["before"] == "shipped"


def test_the_card_says_how_many_queries_served_to_fit_numbers(ws: Workspace) -> None:
    hold_out(ws)
    assert ws.registry.measure(GOOD)["fitted_on"] == 0
    assert "served to fit" not in ws.registry.card(GOOD)
    folds = ({"fusion": {"dense": 2.0}},) * FOLDS
    fitted = Fitted({"fusion": {"dense": 3.0}}, folds, frozenset({BAKE}))
    write_fitted(ws.registry.folder / GOOD / "encoder", fitted)
    assert ws.registry.measure(GOOD)["fitted_on"] == 1
    assert "1 of them served to fit the numbers around" in ws.registry.card(GOOD)


def test_nothing_to_ask_is_said_and_changes_nothing(ws: Workspace) -> None:
    with pytest.raises(UsageError, match="held-out"):
        ws.registry.measure(GOOD)
    assert ws.registry.model(GOOD).metrics == {}
    with pytest.raises(UsageError, match="name another"):
        ws.registry.measure("shipped")


def hold_out(ws: Workspace) -> None:
    """Declare the saved query to be one that measures."""
    query = NewQuery(BAKE, (BREAD.skill_id,))
    ws.labels.save_queries([query], "kitchen", "me", "typed", held_out=True)


def test_a_profile_of_other_texts_takes_its_preset_along(ws: Workspace) -> None:
    manifest = ws.registry.folder / GOOD / "encoder" / "skillrouter.json"
    manifest.write_text(json.dumps({"preset": "paper"}))
    ws.registry.promote(GOOD, "ann")
    assert ws.profile("compact") == replace(
        PROFILES["compact"],
        encoder=str(manifest.parent),
        reranker=str(manifest.parent.parent / "reranker"),
        preset="paper",
    )
    assert ws.routing.index().manifest.preset == "paper"
    assert first(ws) == BREAD.skill_id
