import itertools
import json

import numpy as np
import pytest

from skillrouter_core.errors import Cancelled, IndexNotReadyError, UsageError
from skillrouter_core.index import FULL, SkillIndex
from skillrouter_core.kinds import KINDS
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.models import PROFILES, find_model
from skillrouter_core.progress import silent
from skillrouter_core.records import RouteOptions, Split, Stage1
from skillrouter_core.route import OTHER_VECTORS
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels, HashEncoder

SKILLS = {
    "bread": ("Bake sourdough bread", "Knead the dough and bake bread at 230 C for an hour."),
    "deploy": ("Ship a service", "Roll out a container with helm to the cluster."),
    "secret": ("Things to do", "Rotate the vault token and audit every lease."),
}


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
def workspace(tmp_path, models):
    with Workspace.open(tmp_path / "home", models=models) as opened:
        opened.catalogs.sync(write_pool(tmp_path / "pool", SKILLS), name="pool")
        yield opened


def test_before_the_first_index_routing_says_what_to_run(workspace):
    with pytest.raises(IndexNotReadyError, match="skillrouter index"):
        workspace.routing.route("bake bread")
    status = workspace.indexing.status()
    assert (status.skills, status.indexed, status.lexical_ready) == (3, 0, False)
    assert status.stale


def test_index_then_route(workspace):
    report = workspace.indexing.build()
    assert (report.skills, report.embedded) == (3, 6)  # with and without the body
    status = workspace.indexing.status()
    assert status.lexical_ready
    assert status.vectors_ready
    assert not status.stale
    route = workspace.routing.route("bake bread")
    assert route.candidates[0].skill.skill_id == "pool/bread"


def test_nothing_is_embedded_twice(workspace, models, tmp_path):
    workspace.indexing.build()
    models.encoder_fake.encoded = 0
    assert workspace.indexing.build().embedded == 0
    changed = SKILLS | {"soup": ("Cook soup", "Boil onions and bones for three hours.")}
    write_pool(tmp_path / "pool", changed)
    workspace.catalogs.resync("pool")
    assert workspace.indexing.status().stale
    assert workspace.indexing.build().embedded == 2
    assert models.encoder_fake.encoded == 2
    assert workspace.routing.route("boil onions").candidates[0].skill.name == "soup"


def test_an_index_that_is_complete_loads_no_model(workspace, models):
    models.encoder_fake.model_key = find_model(PROFILES["compact"].encoder).key
    workspace.indexing.build()
    models.encoder_fake = None
    assert workspace.indexing.build().embedded == 0
    assert workspace.indexing.status().vectors_ready


def test_vectors_of_another_model_are_told_of_until_they_are_made_anew(workspace, models):
    workspace.indexing.build()
    status = workspace.indexing.status()
    assert (status.vectors_ready, status.other_vectors) == (True, False)
    models.encoder_fake.model_key = "another"  # as a new version of the program brings it
    status = workspace.indexing.status()
    assert (status.vectors_ready, status.other_vectors, status.stale) == (False, True, False)
    assert workspace.routing.route("bake bread").notes == (OTHER_VECTORS,)
    assert workspace.indexing.build().embedded == 6
    status = workspace.indexing.status()
    assert (status.vectors_ready, status.other_vectors) == (True, False)


def test_a_model_that_cannot_be_looked_at_is_not_held_against_an_index(workspace, tmp_path):
    encoder = tmp_path / "profile" / "encoder"
    encoder.mkdir(parents=True)
    for name in ("config.json", "model.safetensors"):
        (encoder / name).write_text("{}")
    profile = str(encoder.parent)
    workspace.indexing.build(profile=profile)
    (encoder / "config.json").unlink()
    status = workspace.indexing.status(profile)
    assert (status.vectors_ready, status.other_vectors) == (True, False)


class Dying(HashEncoder):
    """Gives two batches of one text and then stops, as a killed process would."""

    def __init__(self):
        super().__init__(batch=1)

    def encode_batches(self, texts):
        yield from itertools.islice(super().encode_batches(texts), 2)
        raise Cancelled("enough")


def test_a_build_that_is_stopped_goes_on_where_it_was(workspace, models):
    models.encoder_fake = Dying()
    with pytest.raises(Cancelled):
        workspace.indexing.build()
    status = workspace.indexing.status()
    assert status.lexical_ready
    assert not status.vectors_ready
    by_words = workspace.routing.route("rotate the vault token")
    assert by_words.candidates[0].skill.name == "secret"
    models.encoder_fake = HashEncoder()
    assert workspace.indexing.build().embedded == 4


def test_the_old_index_answers_until_the_new_one_is_complete(workspace, tmp_path):
    workspace.indexing.build()
    before = workspace.routing.version()
    write_pool(tmp_path / "pool", SKILLS | {"soup": ("Cook soup", "Boil onions and bones.")})
    workspace.catalogs.resync("pool")
    seen = []

    def watch(progress):
        seen.append((workspace.routing.version(), progress.stage))

    workspace.indexing.build(watch)
    assert seen[0][0] == before
    assert workspace.routing.version() != before


def test_without_the_body_the_body_is_not_seen(workspace):
    workspace.indexing.build()
    asked = "rotate the vault token"
    assert workspace.routing.route(asked).candidates[0].skill.name == "secret"
    options = RouteOptions(body=False, stage1=Stage1.BM25, rerank=False)
    blind = workspace.routing.route(asked, options)
    assert "pool/secret" not in blind.ranking


def test_neighbours_are_the_nearest_by_cosine(workspace):
    workspace.indexing.build()
    found = workspace.routing.neighbours("pool/bread", limit=5)
    assert {one.skill.name for one in found} == {"deploy", "secret"}
    index = SkillIndex.load(workspace.indexing.folder(PROFILES["compact"]))
    matrix = index.dense(FULL).matrix
    by_hand = {
        name: float(matrix[index.row("pool/bread")] @ matrix[index.row(f"pool/{name}")])
        for name in ("deploy", "secret")
    }
    for one in found:
        assert one.cosine == pytest.approx(by_hand[one.skill.name], rel=1e-5)
    assert found[0].cosine >= found[1].cosine


def test_an_unindexed_skill_has_no_neighbours(workspace):
    workspace.indexing.build()
    with pytest.raises(IndexNotReadyError, match="pool/none"):
        workspace.routing.neighbours("pool/none")


def test_a_local_profile_gets_a_folder_of_its_own(workspace, tmp_path):
    from dataclasses import replace

    here = replace(PROFILES["compact"], name=str(tmp_path / "a" / "mine"))
    there = replace(PROFILES["compact"], name=str(tmp_path / "b" / "mine"))
    folders = {workspace.indexing.folder(profile) for profile in (here, there)}
    assert len(folders) == 2
    assert all(folder.parent == workspace.home / "index" for folder in folders)


@pytest.fixture
def benchmark(tmp_path):
    folder = tmp_path / "bench"
    write_pool(folder / "easy", SKILLS)
    tasks = [("t1", "bake bread at 230 C"), ("t2", "rotate the vault token")]
    lines = [json.dumps({"task_id": key, "instruction_text": text}) for key, text in tasks]
    (folder / "tasks.jsonl").write_text("\n".join(lines))
    relevance = {
        key: {"gt_skill_ids": [right], "core_gt_ids": [right], "relevance": {right: 3}}
        for key, right in (("t1", "bread"), ("t2", "secret"))
    }
    (folder / "relevance.json").write_text(json.dumps(relevance))
    return folder


def test_a_benchmark_runs_on_its_own_pool_and_shares_vectors(workspace, models, benchmark):
    workspace.indexing.build()
    models.encoder_fake.encoded = 0
    (report,) = workspace.evaluation.run(benchmark)
    assert models.encoder_fake.encoded <= 3  # the two queries and the one that warms up
    figures = report.as_json()["easy"]
    assert figures["pipeline"]["all"]["Hit@1"] == 1.0
    assert figures["retrieval"]["all"]["count"] == 2
    assert report.predictions["t1"][0] == "bread"


def test_a_benchmark_without_bodies_loses_what_only_bodies_say(workspace, benchmark):
    options = RouteOptions(body=False, stage1=Stage1.BM25, rerank=False)
    (report,) = workspace.evaluation.run(benchmark, options=options)
    assert report.as_json()["easy"]["retrieval"]["all"]["Hit@1"] == 0.5
    assert np.isfinite(report.as_json()["easy"]["latency_ms"]["p50"])


def test_a_kept_evaluation_remembers_every_answer(workspace, benchmark):
    made = workspace.evaluation.keep(benchmark, "easy", note="first")
    (info,) = workspace.evaluation.kept()
    assert info == made.info
    assert (info.benchmark, info.tasks, info.hit, info.note) == ("bench", 2, 1.0, "first")
    first = workspace.evaluation.load(info.evaluation_id).tasks[0]
    assert (first.task_id, first.right, first.hit) == ("t1", ("bread",), True)
    assert {entry.skill_id for entry in first.candidates} == set(SKILLS)
    assert first.candidates[0].stage2_score is not None
    workspace.evaluation.delete(info.evaluation_id)
    assert workspace.evaluation.kept() == ()


def test_the_same_tasks_and_pool_have_the_same_fingerprint(workspace, benchmark):
    one = workspace.evaluation.keep(benchmark, "easy")
    two = workspace.evaluation.keep(benchmark, "easy", options=RouteOptions(rerank=False))
    write_pool(benchmark / "easy", {**SKILLS, "bread": ("Bake", "Bake at 230 C.")})
    three = workspace.evaluation.keep(benchmark, "easy")
    assert one.info.fingerprint == two.info.fingerprint != three.info.fingerprint
    assert (one.info.rerank, two.info.rerank, two.info.reranker) == (True, False, "")


def test_without_held_out_answers_there_is_nothing_to_ask(workspace):
    with pytest.raises(UsageError, match="held-out"):
        workspace.evaluation.keep(None)


def test_a_chosen_threshold_holds_for_routes_that_name_none(workspace):
    workspace.indexing.build()
    assert workspace.routing.threshold() == workspace.routing.route("bake bread").threshold
    workspace.routing.set_threshold(0.75)
    assert workspace.routing.route("bake bread").threshold == 0.75
    own = RouteOptions(none_fits_below=0.2)
    assert workspace.routing.route("bake bread", own).threshold == 0.2
    assert workspace.routing.threshold("minilm") != 0.75


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_that_is_no_confidence_is_refused(workspace, threshold):
    with pytest.raises(UsageError, match="from 0 to 1"):
        workspace.routing.set_threshold(threshold)


def test_held_out_queries_of_the_workspace_are_a_benchmark(workspace):
    texts = [f"bake bread number {number}" for number in range(40)]
    held_out = [text for text in texts if split_of(text) is Split.HELD_OUT]
    assert 0 < len(held_out) < len(texts)
    for text in texts:
        workspace.labels.save_query(text, "default", ["pool/bread"], "ann")
    made = workspace.evaluation.keep(None)
    assert {one.query for one in made.tasks} == set(held_out)
    assert made.info.hit == 1.0


def test_verdicts_on_held_out_queries_count_unless_people_disagree(workspace):
    texts = [f"bake bread number {number}" for number in range(40)]
    agreed, contested = [text for text in texts if split_of(text) is Split.HELD_OUT][:2]
    for text, grades in ((agreed, (3, 3)), (contested, (3, 0))):
        for annotator, grade in zip(("ann", "bob"), grades, strict=True):
            workspace.labels.judge(text, "pool/bread", grade, annotator)
    assert workspace.evaluation.held_out_right() == {agreed: ("pool/bread",)}


def test_the_only_tier_is_taken_and_of_several_one_must_be_named(workspace, benchmark):
    assert workspace.evaluation.keep_source(str(benchmark)).info.tier == "easy"
    write_pool(benchmark / "hard", SKILLS)
    with pytest.raises(UsageError, match="easy, hard"):
        workspace.evaluation.keep_source(str(benchmark))
    assert workspace.evaluation.keep_source(str(benchmark), "hard").info.tier == "hard"


def test_a_job_evaluates_the_demo_as_it_is_told(workspace):
    told = {"source": "demo", "rerank": "no", "stage1": "bm25", "note": "words"}
    message = KINDS["evaluate"](workspace, told, silent)
    (info,) = workspace.evaluation.kept()
    assert message.startswith(f"{info.tasks} queries asked, Hit@1 0.")
    assert (info.benchmark, info.stage1, info.rerank, info.note) == ("demo", "bm25", False, "words")
    assert workspace.evaluation.clusters() == {}
