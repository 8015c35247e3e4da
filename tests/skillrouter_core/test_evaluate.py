"""Which tasks count, what is said about the rest, and the reports' shapes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core.benchmark import Benchmark, Relevance, Task, load_benchmark
from skillrouter_core.errors import BenchmarkError, Cancelled, UsageError
from skillrouter_core.evaluate import (
    EvaluateOptions,
    RankedAnswer,
    RankingRouter,
    evaluate,
    score_predictions,
    scored_tasks,
)
from skillrouter_core.metrics import METRIC_NAMES

POOL = frozenset({"a", "b", "c", "a-bad", *(f"x{i}" for i in range(100))})
METRIC_KEYS = {*METRIC_NAMES, "count", "Hit@1_ci95"}


def judged(*right: str, **more) -> Relevance:
    return Relevance(frozenset(right), **more)


BENCHMARK = Benchmark(
    folder=Path("bench"),
    tasks=tuple(
        Task(task_id, f"query {task_id}")
        for task_id in ("one", "two", "half", "generic", "elsewhere", "unjudged")
    ),
    relevance={
        "one": judged("a", grades={"a": 3.0, "a-bad": 1.0, "absent": 1.0}),
        "two": judged("a", "b", auxiliary=frozenset({"c"})),
        "half": judged("c", "absent"),
        "generic": judged("a", task_type="generic_only"),
        "elsewhere": judged("absent"),
    },
    tiers=("easy",),
)
PERFECT = {"one": ("a", "a-bad"), "two": ("b", "a"), "half": ("c",)}


# --------------------------------------------------------------------------- which tasks count


def test_tasks_that_count_and_their_stratum() -> None:
    counted = scored_tasks(BENCHMARK, POOL)
    assert [(s.task.task_id, s.right, s.stratum) for s in counted] == [
        ("one", {"a"}, "single"),
        ("two", {"a", "b"}, "multi"),
        ("half", {"c"}, "single"),
    ]
    assert counted[0].grades == {"a": 3.0, "a-bad": 1.0}, "grades outside the pool are dropped"


def test_another_pool_scores_other_tasks() -> None:
    counted = scored_tasks(BENCHMARK, frozenset({"absent"}))
    assert [scored.task.task_id for scored in counted] == ["half", "elsewhere"]
    assert scored_tasks(BENCHMARK, frozenset()) == ()


# --------------------------------------------------------------------------- predictions


def test_perfect_predictions() -> None:
    report = score_predictions(PERFECT, BENCHMARK, POOL)
    strata = report.as_json()
    assert {name: strata[name]["count"] for name in strata} == {"all": 3, "single": 2, "multi": 1}
    for name in set(METRIC_NAMES) - {"Precision@3"}:
        assert strata["all"][name] == 1.0, name
    assert strata["all"]["Precision@3"] == pytest.approx((1 / 3 + 2 / 3 + 1 / 3) / 3)
    assert report.left_out == ("elsewhere", "generic", "unjudged")
    assert report.messages == (
        "3 tasks not scored (generic or no right answer in the pool): "
        "elsewhere, generic, unjudged.",
    )


CASES = {
    # name: (predictions, missing as wrong, (count, Hit@1) of all, attributes of the report)
    "a wrong first answer": ({**PERFECT, "two": ("x1", "a")}, False, (3, 2 / 3), {}),
    "a task without prediction is skipped": (
        {"one": ("a",), "two": ("a",)}, False, (2, 1.0), {"missing": ("half",)},
    ),
    "a task without prediction counts as wrong if asked": (
        {"one": ("a",), "two": ("a",)}, True, (3, 2 / 3), {"missing": ("half",)},
    ),
    "an empty prediction is wrong, not missing": (
        {**PERFECT, "half": ()}, False, (3, 2 / 3), {"missing": ()},
    ),
    "nothing predicted": ({}, False, (0, None), {"missing": ("one", "two", "half")}),
    "nothing predicted, as wrong": ({}, True, (3, 0.0), {"missing": ("one", "two", "half")}),
    "unknown ids stay in as wrong answers": (
        {**PERFECT, "one": ("nobody", "a")}, False, (3, 2 / 3), {"unknown_ids": 1},
    ),
    "right answer outside the pool is not right": (
        {**PERFECT, "half": ("absent", "c")}, False, (3, 2 / 3), {"unknown_ids": 1},
    ),
    "repeats are dropped and counted": (
        {**PERFECT, "one": ("a", "a", "a-bad", "a")}, False, (3, 1.0), {"repeats": 2},
    ),
    "unknown tasks are ignored and named": (
        {**PERFECT, "zz": ("a",), "who": ("a",)}, False, (3, 1.0), {"unknown_tasks": ("who", "zz")},
    ),
    "predictions for tasks that do not count change nothing": (
        {**PERFECT, "generic": ("x1",), "elsewhere": ("x1",)}, False, (3, 1.0),
        {"unknown_tasks": (), "unknown_ids": 0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_score(case) -> None:
    predictions, as_wrong, (count, hit), attributes = case
    report = score_predictions(predictions, BENCHMARK, POOL, missing_as_wrong=as_wrong)
    everything = report.as_json()["all"]
    assert everything["count"] == count
    assert everything["Hit@1"] == (None if hit is None else pytest.approx(hit))
    assert {name: getattr(report, name) for name in attributes} == attributes


def test_messages_say_what_was_done() -> None:
    predictions = {"one": ("a", "a", "nobody"), "zz": ("a",)}
    skipped = score_predictions(predictions, BENCHMARK, POOL).messages
    assert skipped[1:] == (
        "2 tasks without a prediction, skipped: two, half.",
        "1 task predicted that the benchmark does not have, ignored: zz.",
        "Predicted ids that are not in the pool count as wrong: 1.",
        "Predicted ids that repeat an earlier one are dropped: 1.",
    )
    wrong = score_predictions(predictions, BENCHMARK, POOL, missing_as_wrong=True).messages
    assert wrong[1] == "2 tasks without a prediction, counted as wrong: two, half."


def test_stratum_without_tasks_is_null_in_valid_json() -> None:
    report = score_predictions({"one": ("a",)}, BENCHMARK, POOL)
    multi = json.loads(json.dumps(report.as_json(), allow_nan=False))["multi"]
    assert multi == {**dict.fromkeys(METRIC_NAMES), "count": 0, "Hit@1_ci95": None}


def test_degraded_copy_first_costs_ndcg_as_graded() -> None:
    report = score_predictions({"one": ("a-bad", "a")}, BENCHMARK, POOL)
    assert report.as_json()["single"]["nDCG@1"] == pytest.approx(1 / 3)


def test_task_order_does_not_matter() -> None:
    turned = replace(BENCHMARK, tasks=BENCHMARK.tasks[::-1])
    predictions = {**PERFECT, "two": ("x1", "a")}
    one = score_predictions(predictions, BENCHMARK, POOL).as_json()
    assert one == score_predictions(predictions, turned, POOL).as_json()


# --------------------------------------------------------------------------- routers


class ScriptedRouter:
    """Answers from two tables; whatever is not scripted is answered with filler."""

    def __init__(self, stage1, final, depth: int = 60) -> None:
        self._tables, self._depth = (stage1, final), depth
        self.asked: list[str] = []

    def rank(self, query: str) -> RankedAnswer:
        self.asked.append(query)
        filler = [f"x{i}" for i in range(self._depth)]
        heads = [table.get(query.removeprefix("query "), ()) for table in self._tables]
        stage1, final = ((*head, *filler)[: self._depth] for head in heads)
        turn = float(len(self.asked))
        return RankedAnswer(stage1, final, turn, 2 * turn, 4 * turn, 10 * turn)


def fixed_and_spoiled() -> ScriptedRouter:
    stage1 = {"one": ("x1", "a"), "two": ("a", "b"), "half": ("x1", "x2", "c")}
    final = {"one": ("a", "x1"), "two": ("x1", "a", "b"), "half": ("c", "x1")}
    return ScriptedRouter(stage1, final)


def test_report_has_the_shape_of_the_design() -> None:
    router: RankingRouter = fixed_and_spoiled()
    report = evaluate(BENCHMARK, "easy", router, pool_ids=POOL)
    document = json.loads(json.dumps(report.as_json(), allow_nan=False))
    assert set(document) == {"easy"}
    tier = document["easy"]
    assert set(tier) == {"retrieval", "pipeline", "latency_ms", "stage2_gain"}
    for side in ("retrieval", "pipeline"):
        assert set(tier[side]) == {"all", "single", "multi"}
        assert all(set(metrics) == METRIC_KEYS for metrics in tier[side].values())
        low, high = tier[side]["all"]["Hit@1_ci95"]
        assert low <= tier[side]["all"]["Hit@1"] <= high


def test_both_stages_are_scored_and_paired() -> None:
    tier = evaluate(BENCHMARK, "easy", fixed_and_spoiled(), pool_ids=POOL).as_json()["easy"]
    assert tier["retrieval"]["all"]["Hit@1"] == pytest.approx(1 / 3)
    assert tier["pipeline"]["all"]["Hit@1"] == pytest.approx(2 / 3)
    assert tier["retrieval"]["all"]["MRR@10"] == pytest.approx((1 / 2 + 1 + 1 / 3) / 3)
    gain = tier["stage2_gain"]
    assert (gain["fixed"], gain["spoiled"]) == (2, 1)
    assert gain["difference"] == pytest.approx(1 / 3)
    assert gain["ci95"][0] <= 1 / 3 <= gain["ci95"][1]


def test_latency_is_of_the_answers() -> None:
    report = evaluate(BENCHMARK, "easy", fixed_and_spoiled(), pool_ids=POOL)
    latency = report.as_json()["easy"]["latency_ms"]
    assert latency == pytest.approx(
        {"p50": 20.0, "p95": 29.0, "encode_p50": 2.0, "stage1_p50": 4.0, "stage2_p50": 8.0}
    )


def test_only_tasks_that_count_are_asked_once_each_in_order() -> None:
    router = fixed_and_spoiled()
    evaluate(BENCHMARK, "easy", router, pool_ids=POOL)
    assert router.asked == ["query one", "query two", "query half"]


def test_rankings_come_back_as_predictions() -> None:
    report = evaluate(BENCHMARK, "easy", fixed_and_spoiled(), pool_ids=POOL)
    assert report.predictions["one"][:2] == ("a", "x1")
    assert report.stage1_predictions["one"][:2] == ("x1", "a")
    again = score_predictions(report.predictions, BENCHMARK, POOL)
    assert again.as_json() == report.pipeline.as_json()


def test_limit_asks_the_first_and_says_so() -> None:
    router = fixed_and_spoiled()
    report = evaluate(BENCHMARK, "easy", router, EvaluateOptions(limit=2), pool_ids=POOL)
    assert len(router.asked) == 2
    assert report.pipeline.as_json()["all"]["count"] == 2
    assert report.messages[0] == "Only the first 2 of 3 scored tasks were asked."
    assert not report.pipeline.missing


@pytest.mark.parametrize(("depth", "said"), [(60, 0), (50, 0), (49, 1)])
def test_shallow_rankings_are_pointed_out(depth, said) -> None:
    report = evaluate(BENCHMARK, "easy", ScriptedRouter({}, {}, depth), pool_ids=POOL)
    assert sum("fewer than 50 ids" in message for message in report.messages) == said


def test_a_small_pool_needs_no_deep_ranking() -> None:
    small = frozenset({"a", "b", "c"})
    router = ScriptedRouter({"one": ("a", "b", "c")}, {"one": ("a", "b", "c")}, depth=3)
    report = evaluate(BENCHMARK, "easy", router, pool_ids=small)
    assert not any("fewer than" in message for message in report.messages)


def test_progress_counts_queries() -> None:
    heard = []
    evaluate(BENCHMARK, "easy", fixed_and_spoiled(), listener=heard.append, pool_ids=POOL)
    assert (heard[0].done, heard[-1].done, heard[-1].total) == (0, 3, 3)
    assert heard[-1].unit == "queries"
    assert heard[-1].stage == "evaluate easy"


def test_cancelling_stops_before_the_next_query() -> None:
    router = fixed_and_spoiled()

    def stop(progress) -> None:
        raise Cancelled("The evaluation was stopped.")

    with pytest.raises(Cancelled):
        evaluate(BENCHMARK, "easy", router, listener=stop, pool_ids=POOL)
    assert router.asked == []


def test_no_task_that_counts_is_an_error() -> None:
    with pytest.raises(BenchmarkError, match=r"None of the 6 tasks .* tier 'easy'"):
        evaluate(BENCHMARK, "easy", fixed_and_spoiled(), pool_ids=frozenset({"x1"}))


@pytest.mark.parametrize("limit", [0, -1])
def test_limit_without_a_query_is_refused(limit) -> None:
    with pytest.raises(UsageError, match="leaves no query"):
        evaluate(BENCHMARK, "easy", fixed_and_spoiled(), EvaluateOptions(limit), pool_ids=POOL)


def test_pool_is_read_from_the_folder_when_not_given(tmp_path) -> None:
    (tmp_path / "hard").mkdir()
    lines = [json.dumps({"skill_id": skill_id}) for skill_id in ("a", "x1", "a")]
    (tmp_path / "hard" / "pool.jsonl").write_text("\n".join(lines))
    (tmp_path / "tasks.jsonl").write_text('{"task_id": "one", "instruction_text": "query one"}')
    (tmp_path / "relevance.json").write_text('{"one": {"core_gt_ids": ["a"]}, "gone": {}}')
    router = ScriptedRouter({"one": ("x1", "a")}, {"one": ("a", "x1")}, depth=2)
    report = evaluate(load_benchmark(tmp_path), "hard", router)
    assert report.as_json()["hard"]["pipeline"]["single"]["Hit@1"] == 1.0
    assert report.messages[0] == "1 task in relevance.json but not in tasks.jsonl: gone."
    assert report.messages[1].startswith("1 record of the pool left out or repaired; the first: ")
    assert "pool.jsonl:3: skill id 'a' comes again" in report.messages[1]
