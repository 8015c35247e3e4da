"""The numbers around a trained pair: fitted on held-out queries, told of, and measured fairly."""

import json

import pytest

from skillrouter_core.errors import Cancelled, UsageError
from skillrouter_core.mining import read_lists
from skillrouter_core.models import LATE, MANIFEST, find_model
from skillrouter_core.records import RouteOptions, Split, Stage1
from skillrouter_core.records.labels import NewQuery
from skillrouter_core.records.training import RunState, TrainKind
from skillrouter_core.registry import read_fitted
from skillrouter_core.registry.fitted import FITTED, FOLDS
from skillrouter_core.rerank import stage_two_weights
from skillrouter_core.workspace import Workspace
from tests.tiny_models import tiny_bert
from tests.training_runs import ask, fill, options, profile, skill_id

ENCODER, RERANKER, BOTH = TrainKind.ENCODER, TrainKind.RERANKER, TrainKind.BOTH
WORDED = {"text": 2.0, "bm25": 1.0, "dense": 3.0, "cover": 4.0, "length": -1.0}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return profile(tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def late(tmp_path_factory):
    """A profile like the shipped one: late interaction, beside numbers of the wording."""
    folder = tmp_path_factory.mktemp("late")
    name = profile(folder)
    tiny_bert(folder / "reranker", tokens=True)
    note = {"kind": LATE, "stage2": {"hybrid": WORDED}}
    (folder / "reranker" / MANIFEST).write_text(json.dumps(note))
    return name


def manifest(run, part):
    return json.loads((run.folder / part / MANIFEST).read_text())


def held_out(ws):
    """Save 48 held-out queries for skills that no training query asks for."""
    return ask(ws, range(18, 30), Split.HELD_OUT, suite="held out", turns=4)


@pytest.fixture(scope="module")
def ws(tmp_path_factory, tiny):
    """A workspace with 18 training queries, 48 held-out ones and three runs that saw them."""
    made = Workspace.open(tmp_path_factory.mktemp("ws"))
    fill(made, tiny)
    ask(made, range(18))
    held_out(made)
    for kind in (BOTH, ENCODER, RERANKER):
        made.training.train(kind.value, options(kind, tiny))
    yield made
    made.close()


@pytest.mark.parametrize("kind", [BOTH, ENCODER, RERANKER])
def test_a_trained_pair_has_numbers_fitted_on_the_held_out_queries(ws, tiny, kind):
    run = ws.training.run(kind.value)
    served = {one.text for one in ws.labels.queries("held out")}
    before = {"stage2": {"hybrid": {"text": 2.0, "bm25": 1.0, "dense": 3.0}}}
    assert read_fitted(f"{tiny}/reranker").whole == before
    reranker = read_fitted(str(run.folder / "reranker"))
    weights = stage_two_weights(manifest(run, "reranker"))
    assert weights[Stage1.HYBRID] != stage_two_weights(before)[Stage1.HYBRID]
    assert weights[Stage1.HYBRID].reads_wording
    assert weights[Stage1.BM25].dense == 0.0
    assert set(manifest(run, "reranker")["calibration"]) == {
        "hybrid+rerank",
        "bm25+rerank",
        "dense+rerank",
    }
    assert 0 < manifest(run, "reranker")["none_fits_below"] < 1
    assert reranker.queries == served
    assert len({json.dumps(one["stage2"]) for one in reranker.folds}) > FOLDS // 2
    encoder = read_fitted(str(run.folder / "encoder"))
    if kind is RERANKER:
        assert "fusion" not in encoder.whole
        assert not encoder.queries
    else:
        assert encoder.queries == served
        assert set(encoder.whole["calibration"]) == {"hybrid", "bm25", "dense"}
        assert encoder.whole["fusion"]["bm25"] == 1.0
    assert all("48 held-out queries" in note for note in run.notes)
    assert len(run.notes) == (3 if kind is RERANKER else 4)
    route = ws.routing.route("deploy a service", RouteOptions(profile=str(run.folder)))
    assert route.confidence is not None
    plan = ws.training.plan(options(kind, tiny))
    assert "fitted afterwards on 48 held-out queries" in plan.notes[-1]


@pytest.mark.parametrize("few", [True, False])
def test_too_few_or_a_benchmarks_leave_the_numbers_of_the_base(workspace, tiny, few):
    fill(workspace, tiny)
    ask(workspace, range(18))
    if few:
        ask(workspace, range(18, 30), Split.HELD_OUT)
    else:  # many, but declared a benchmark: they serve for nothing
        rows = [
            NewQuery(f"task {n} of a benchmark of its own", (skill_id(18 + n % 12),))
            for n in range(60)
        ]
        workspace.labels.save_queries(rows, "bench", "", source="eval-core", held_out=True)
    seen = []
    run = workspace.training.train("few", options(RERANKER, tiny), seen.append)
    assert manifest(run, "reranker")["stage2"] == {
        "hybrid": {"text": 2.0, "bm25": 1.0, "dense": 3.0}
    }
    assert workspace.training.plan(options(RERANKER, tiny)).notes[-1] in run.notes
    (note,) = run.notes
    assert note.startswith(f"{12 if few else 0} held-out queries with a right answer are too few")
    assert "more are needed" in note
    assert not read_fitted(str(run.folder / "reranker")).queries
    assert "Asking held-out queries" not in {one.stage for one in seen}


def test_the_reranker_learns_beside_the_wording(workspace, late):
    fill(workspace, late)
    ask(workspace, range(18))
    run = workspace.training.train("worded", options(RERANKER, late))
    order = json.loads((run.folder / "reranker.json").read_text())
    assert order["feature_weights"] == [0.5, 0.0, 2.0, 0.0, 0.0, -0.5]
    index = workspace.routing.index(late)
    for one in read_lists(run.folder):
        assert all(len(entry.wording) == 4 for entry in one.candidates)
        cover = [entry.wording[0] for entry in one.candidates]
        assert cover[0] == max(cover) > 0  # the right one's words are the query's
    assert index.lexical().rarity("helm") > 0


def test_a_profile_without_wording_reads_none(workspace, tiny):
    fill(workspace, tiny)
    ask(workspace, range(18))
    run = workspace.training.train("plain", options(RERANKER, tiny))
    order = json.loads((run.folder / "reranker.json").read_text())
    assert order["feature_weights"] == [0.5, 0.0]
    assert all(not e.wording for one in read_lists(run.folder) for e in one.candidates)


def test_stopped_while_fitting_it_ends_as_an_undisturbed_run(ws, tiny):
    def stop(progress):
        if progress.stage == "Reading for stage 2" and progress.done:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        ws.training.train("broken", options(RERANKER, tiny), stop)
    folder = ws.training.run("broken").folder
    assert ws.training.run("broken").state is RunState.PAUSED
    assert not (folder / "reranker" / FITTED).exists()
    (since,) = ask(ws, range(29, 30), Split.HELD_OUT, suite="later", turn=4)
    done = ws.training.train("broken")
    ws.labels.remove_suite("later")
    whole = read_fitted(str(ws.training.run("reranker").folder / "reranker"))
    assert read_fitted(str(folder / "reranker")) == whole
    assert since not in whole.queries
    assert len(done.notes) == 3


def test_a_run_on_top_of_a_run_starts_from_its_numbers(ws):
    """The first one's numbers around the base's reranker, which its folder only points to."""
    first = ws.training.run("encoder")
    served = {one.text for one in ws.labels.queries("held out")}
    for one in ws.labels.queries("held out")[:40]:
        ws.labels.remove_query(one.query_id)  # what is left is too little to fit anew
    ws.indexing.build(profile="encoder")
    second = ws.training.train("second", options(RERANKER, "encoder"))
    assert manifest(second, "reranker")["stage2"] == manifest(first, "reranker")["stage2"]
    assert read_fitted(str(second.folder / "reranker")).queries == served
    assert read_fitted(str(second.folder / "encoder")) == read_fitted(str(first.folder / "encoder"))
    assert "too few" in second.notes[0]
    with pytest.raises(UsageError, match="second stands on encoder"):
        ws.registry.delete("encoder")
    held_out(ws)


def test_held_out_queries_are_measured_by_numbers_fitted_without_them(ws):
    """A run whose own weights turn its order round, while those of the shares do not."""
    folder = ws.training.run("both").folder / "reranker"
    fair = answers(ws)
    note = json.loads((folder / MANIFEST).read_text())
    for weights in note["stage2"].values():
        weights.update({name: -value for name, value in weights.items()})
    (folder / MANIFEST).write_text(json.dumps(note))
    assert answers(ws) == fair
    assert len(fair) == 48
    (folder / FITTED).unlink()
    assert answers(ws) != fair


def answers(ws):
    """Return what the run `both` answers to the held-out queries when it is evaluated."""
    made = ws.evaluation.keep(None, options=RouteOptions(profile="both"))
    return {one.query: one.final for one in made.tasks}


def stores(ws):
    """Return the keys of the models whose vectors are kept, with those that indexes hold."""
    manifests = (ws.home / "vectors").glob("*/manifest.json")
    return {json.loads(path.read_text())["model_key"] for path in manifests}


def test_vectors_and_indexes_go_with_the_model_they_are_of(ws, tiny):
    base = find_model(f"{tiny}/encoder").key
    keys = {
        name: find_model(str(ws.registry.folder / name / "encoder")).key
        for name in ("both", "encoder", "reranker")
    }
    for run in ws.training.runs():
        if run.name not in keys:
            ws.training.remove(run.name)
    assert keys["reranker"] == base
    assert len({base, keys["both"], keys["encoder"]}) == 3 - (keys["both"] == keys["encoder"])
    assert stores(ws) == {base, *keys.values()}
    ws.registry.delete("reranker")  # its encoder was another's: the vectors stay
    assert base in stores(ws)
    ws.registry.delete("both")  # trained as `encoder` was: the same weights, the same vectors
    assert keys["both"] in stores(ws)
    assert not list((ws.home / "index").glob("both*"))
    ws.indexing.build(profile="encoder")
    ws.registry.delete("encoder")
    assert stores(ws) == {base}
    left = [path.name for path in (ws.home / "index").iterdir() if path.name != "benchmarks"]
    assert all(name.startswith("profile") for name in left), left
    assert not list(ws.home.rglob(".deleted-*"))
