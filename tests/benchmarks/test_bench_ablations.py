"""The ablation script: what it draws, what its tables say, and all of it once with tiny models."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from skillrouter_core.benchmark.layout import Relevance, Task
from skillrouter_core.benchmark.writing import save_benchmark
from skillrouter_core.errors import UsageError
from skillrouter_core.records.evaluations import EvaluatedTask, Ranked
from skillrouter_core.records.training import MiningOptions, Objective, TrainConfig
from skillrouter_core.workspace import Workspace
from tests.evaluations import evaluation, task
from tests.fakes import skill
from tests.training_runs import pair, profile

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import ablation_pool
import ablation_runs
import ablation_tables
import bench_ablations
from ablation_pool import Sizes, draw, pool_of, sides_of

TIER = "easy"


def answered(task_id: str, *final: str) -> EvaluatedTask:
    return task(task_id, ["r"], final)


# ------------------------------------------------------------------------ tables


def test_a_difference_within_its_interval_is_said_to_show_nothing():
    cell = ablation_tables.difference_cell([1, 0, 1, 0, 1], [0, 1, 1, 0, 0])
    assert "no difference shown" in cell
    assert "(2 better, 1 worse)" in cell
    assert cell.startswith("+20.0 [")


def test_a_difference_beyond_its_interval_stands_out():
    assert ablation_tables.difference_cell([0.0] * 9, [1.0] * 9) == (
        "**-100.0 [-100.0, -100.0]** (0 better, 9 worse)"
    )


def test_sides_are_paired_by_query_whatever_their_order():
    good = [answered("1", "r"), answered("2", "x", "r")]
    poor = [answered("2", "x", "y", "r"), answered("1", "x", "r")]
    rows = ablation_tables.lines(ablation_tables.Side("a", good), ablation_tables.Side("b", poor))
    assert [row.split(" | ")[0] for row in rows] == ["| a", "| b", "| *a over b*"]
    assert rows[0].startswith("| a | .500 [")
    assert rows[1].split(" | ")[2].startswith(".417 [")  # (1/2 + 1/3) / 2
    assert "+50.0 [" in rows[2]
    assert "(1 better, 0 worse)" in rows[2]
    assert "(2 better, 0 worse)" in rows[2]  # by MRR@10 each query gains


def test_a_rerankers_own_score_orders_what_it_read_and_the_rest_follows():
    read = [
        Ranked(name, name, "", place, place, 1.0, 1.0, score, score)
        for place, (name, score) in enumerate(
            (("a", -1.0), ("b", 0.0), ("c", -0.5), ("d", None)), 1
        )
    ]
    one = replace(answered("1", "a", "b", "c", "d", "e", "f"), candidates=tuple(read))
    (ordered,) = ablation_runs.by_text(evaluation(one)).tasks
    assert ordered.final == ("b", "c", "a", "d", "e", "f")


# ------------------------------------------------------------------------ the draw


def pool(count: int = 30) -> tuple:
    return tuple(
        skill(f"s/{i}", name="twin" if i in (3, 17) else f"n{i}", body=f"body word{i} text")
        for i in range(count)
    )


def test_the_pool_holds_right_skills_their_namesakes_and_what_words_propose():
    kept = {one.skill_id for one in pool_of(pool(), [("word9 word12", "s/3")], 8)}
    assert len(kept) == 8
    assert {"s/3", "s/17", "s/9", "s/12"} <= kept
    assert kept == {one.skill_id for one in pool_of(pool(), [("word9 word12", "s/3")], 8)}


@pytest.mark.parametrize("size", [0, 30, 99])
def test_a_pool_that_need_not_shrink_stays(size):
    assert pool_of(pool(), [("word9", "s/3")], size) == pool()


def test_right_skills_are_never_left_out():
    with pytest.raises(UsageError, match="2 right skills do not fit into 1"):
        pool_of(pool(), [("a", "s/1"), ("b", "s/2")], 1)


def test_queries_fall_to_the_sides_that_a_workspace_gives_them():
    pairs = [(f"query {i}", f"s/{i}") for i in range(200)]
    training, held_out = sides_of(pairs, {f"s/{i}" for i in range(190)}, Sizes(0, 90, 30))
    assert len(training) == 90
    assert 0 < len(held_out) <= 30
    chosen = {right for _, right in (*training, *held_out)}
    assert not chosen & {f"s/{i}" for i in range(190, 200)}  # of skills that are not there
    ways = [ablation_pool.split_of(query).value for query, _ in (*training, *held_out)]
    assert ways == ["train"] * 90 + ["held-out"] * len(held_out)
    seen = [ablation_pool.unseen(right) for _, right in held_out]
    assert seen == sorted(seen, reverse=True)


def test_another_draw_into_the_same_folder_is_refused(tmp_path):
    source = benchmark(tmp_path / "benchmark")
    first = draw(source, TIER, None, Sizes(0, 10, 0), tmp_path / "drawn")
    assert first == draw(source, TIER, None, Sizes(0, 10, 0), tmp_path / "drawn")
    with pytest.raises(UsageError, match="give the same numbers"):
        draw(source, TIER, None, Sizes(0, 11, 0), tmp_path / "drawn")


# ------------------------------------------------------------------------ all of it


RECIPE = ablation_runs.Recipe(
    TrainConfig(1e-2, 4),
    TrainConfig(1e-2, 4),
    MiningOptions(semantic=1, lexical=1, category=0, random=0, depth=5),
    list_size=20,
)


def benchmark(folder: Path) -> Path:
    """Write a benchmark of thirty short skills, one asked for by each task."""
    made = [
        skill(
            f"s/{i}",
            name=f"skill {i}",
            description=f"{pair(i)} thing{i}",
            body=f"{pair(i)} " * 4 + " ".join(f"own{i}x{k}" for k in range(4)),
        )
        for i in range(30)
    ]
    tasks = [Task(f"t{i}", f"please {pair(i)} number{i}") for i in range(30)]
    relevance = {f"t{i}": Relevance(frozenset([f"s/{i}"])) for i in range(30)}
    save_benchmark(folder, tasks, relevance, TIER, made)
    return folder


@pytest.fixture
def bench(tmp_path):
    base = Path(profile(tmp_path / "tiny")) / "encoder"
    with Workspace.open(tmp_path / "home") as ws:
        source = benchmark(tmp_path / "benchmark")
        drawn = draw(source, TIER, None, Sizes(), tmp_path / "drawn")
        shipped = str(ws.home / "start")
        made = ablation_runs.Bench(ws, drawn, RECIPE, base=str(base), shipped=shipped)
        made.prepare()
        yield made, drawn


def test_every_table_comes_from_runs_that_differ_in_one_thing(bench, tmp_path):
    made, drawn = bench
    tables = [
        bench_ablations.body_table(made, tmp_path / "benchmark", TIER),
        bench_ablations.filter_table(made, drawn),
        bench_ablations.objective_table(made, drawn),
        bench_ablations.before_after_table(made, drawn),
    ]
    for table in tables:
        assert sum(row.startswith("| *") for row in table) in (1, 2, 3)
        assert all(row.count("|") == 5 for row in table if row.startswith("|"))
    listwise, pointwise = made.both(), made.pointwise()
    lists = [(run.folder / "lists.jsonl").read_bytes() for run in (listwise, pointwise)]
    assert lists[0] == lists[1]
    assert pointwise.options.objective is Objective.POINTWISE
    labels = [(run.folder / "labels.jsonl").read_bytes() for run in (listwise, made.unfiltered())]
    assert labels[0] == labels[1]
    asked = {task.query for task in made.asked("both").tasks}
    assert not asked & {json.loads(line)["query"] for line in labels[0].splitlines()}


def test_what_is_done_is_not_done_again(bench):
    made, _ = bench
    first = made.unfiltered()
    kept = made.asked(first.name, ablation_runs.dense())
    again = made.asked(first.name, ablation_runs.dense())
    assert (made.unfiltered(), again.info) == (first, kept.info)
