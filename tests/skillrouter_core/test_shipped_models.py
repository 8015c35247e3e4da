"""The models that ship, on the demo catalog, for real."""

import pytest

from skillrouter_core.demo import demo_benchmark, demo_queries
from skillrouter_core.models import PROFILES, SHIPPED, find_model
from skillrouter_core.records import RouteOptions
from skillrouter_core.workspace import Workspace


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    with Workspace.open(tmp_path_factory.mktemp("home")) as opened:
        opened.catalogs.sync("demo")
        yield opened


def test_the_shipped_weights_are_whole_and_small():
    compact = PROFILES["compact"]
    files = [find_model(compact.encoder), find_model(compact.reranker or "")]
    assert all(one.delta is not None for one in files)
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.safetensors")) < 60_000_000


def test_the_shipped_manifests_carry_what_was_fitted():
    compact = PROFILES["compact"]
    encoder, reranker = find_model(compact.encoder), find_model(compact.reranker or "")
    assert set(encoder.manifest["fusion"]) == {"bm25", "dense"}
    assert set(encoder.manifest["calibration"]) == {"hybrid", "bm25", "dense"}
    assert set(reranker.manifest["stage2"]) == {"hybrid", "bm25", "dense"}
    assert 0 < reranker.manifest["none_fits_below"] < 1


@pytest.mark.model
@pytest.mark.timeout(600)
def test_the_demo_is_routed_as_graded(workspace):
    workspace.indexing.build()
    right = 0
    for query in demo_queries():
        route = workspace.routing.route(query.text, RouteOptions(top=5))
        core = {f"demo/{one}" for one in query.core}
        right += route.ranking[0] in core
        assert core & set(route.ranking[:20]), f"stage 1 lost {query.task_id}"
    assert right / len(demo_queries()) > 0.8


@pytest.mark.model
@pytest.mark.timeout(600)
def test_nothing_in_the_demo_fits_a_request_from_elsewhere(workspace):
    workspace.indexing.build()
    asked = "Knit a pair of socks with a heel flap for a child aged five"
    assert workspace.routing.route(asked).none_fits


@pytest.mark.model
@pytest.mark.timeout(600)
def test_the_demo_benchmark_gives_intervals(workspace, tmp_path):
    (report,) = workspace.evaluation.run(demo_benchmark(tmp_path / "bench"))
    figures = report.as_json()["easy"]
    low, high = figures["pipeline"]["all"]["Hit@1_ci95"]
    assert low <= figures["pipeline"]["all"]["Hit@1"] <= high
    assert figures["pipeline"]["all"]["count"] == 60
