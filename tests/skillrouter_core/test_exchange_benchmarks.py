"""Labels as a benchmark and as training data: what counts as right, what is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skillrouter_core.benchmark import Relevance, Task, load_benchmark, load_pool, load_tasks
from skillrouter_core.benchmark.writing import save_benchmark
from skillrouter_core.errors import BenchmarkError
from skillrouter_core.labelling.exchange.benchmarks import benchmark_parts, benchmark_queries
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.training import listwise, triplets
from skillrouter_core.labelling.exchange.trec import query_id
from skillrouter_core.records import NewQuery, Split
from skillrouter_core.records.exchange import LabelRow
from tests.stores import skill

POOL = [skill("mine/a", body="Line\none"), skill("mine/b"), skill("mine/c")]
IDS = {one.skill_id for one in POOL}


def label(skill_id: str, grade: int | None, query: str = "q") -> LabelRow:
    return LabelRow(query, skill_id, grade, content_hash=skill_id)


# ------------------------------------------------------------------------------ benchmarks


def test_agreed_grades_become_relevance() -> None:
    rows = [label("mine/a", 3), label("mine/b", 2), label("mine/c", 0)]
    parts = benchmark_parts(rows, {"q": ()}, IDS)
    assert parts.tasks == (Task(query_id("q"), "q"),)
    entry = parts.relevance[query_id("q")]
    assert (entry.right, entry.auxiliary) == ({"mine/a"}, {"mine/b"})
    assert entry.grades == {"mine/a": 3, "mine/b": 2, "mine/c": 0}
    assert parts.notes == ()


def test_expected_skill_is_right_until_people_say_otherwise() -> None:
    parts = benchmark_parts([label("mine/a", 1)], {"q": ("mine/a", "mine/b", "gone")}, IDS)
    assert parts.relevance[query_id("q")].right == {"mine/b"}


def test_query_without_a_right_skill_is_left_out_and_counted() -> None:
    rows = [label("mine/a", 2), label("gone", 3), label("mine/a", None, "r")]
    parts = benchmark_parts(rows, {"q": (), "r": (), "s": ("mine/c",)}, IDS)
    assert [task.query for task in parts.tasks] == ["s"]
    assert parts.notes == (
        "Queries without a right skill, left out: 2.",
        "Labels on skills that are in no catalog now, left out: 1.",
    )


def test_written_benchmark_is_read_back(tmp_path: Path) -> None:
    parts = benchmark_parts([label("mine/a", 3), label("mine/b", 2)], {"q": ()}, IDS)
    folder = tmp_path / "bench"
    files = save_benchmark(folder, parts.tasks, parts.relevance, "all", POOL)
    assert {file.name for file in files} == {"tasks.jsonl", "relevance.json", "part-000.jsonl.gz"}
    found = load_benchmark(folder)
    assert (found.tasks, dict(found.relevance)) == (parts.tasks, dict(parts.relevance))
    assert (found.tiers, found.notes) == (("all",), ())
    pool = load_pool(folder, "all")
    assert pool == tuple(POOL)
    again = tmp_path / "again"
    save_benchmark(again, parts.tasks, parts.relevance, "all", POOL)
    for file in files:
        assert (again / file.relative_to(folder)).read_bytes() == file.read_bytes()


def test_benchmark_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "bench").mkdir()
    (tmp_path / "bench" / "mine.txt").write_text("keep")
    with pytest.raises(BenchmarkError, match="a new or an empty folder"):
        save_benchmark(tmp_path / "bench", (), {}, "all", POOL)
    with pytest.raises(BenchmarkError, match="writable"):
        save_benchmark(tmp_path / "no" / "where", (), {}, "all", POOL)
    assert [path.name for path in tmp_path.rglob("*")] == ["bench", "mine.txt"]


def test_tasks_become_held_out_queries(tmp_path: Path) -> None:
    relevance = {
        "1": Relevance(frozenset({"a", "gone"})),
        "2": Relevance(frozenset({"nope"})),
        "3": Relevance(frozenset({"b"}), task_type="generic_only"),
    }
    tasks = [Task("1", "merge"), Task("2", "x"), Task("3", "y"), Task("4", "z"), Task("5", "w" * 9)]
    found = benchmark_queries(tasks, relevance, KnownSkills(IDS), Limits(text_chars=8))
    assert found.queries == (
        NewQuery("merge", ("mine/a",), Split.HELD_OUT),
        NewQuery("z", (), Split.HELD_OUT),
    )
    assert [(error.row, error.value) for error in found.errors] == [(2, "nope"), (5, "w" * 9)]
    assert found.notes == (
        "Tasks that are never scored (generic_only), passed over: 1.",
        "Right skills that no catalog here has, left out: 1.",
    )


def test_tasks_are_read_without_a_pool(tmp_path: Path) -> None:
    (tmp_path / "tasks.jsonl").write_text('{"task_id": "1", "instruction_text": "merge"}\n')
    (tmp_path / "relevance.json").write_text('{"1": {"core_gt_ids": ["a"]}}')
    tasks, relevance = load_tasks(tmp_path)
    assert tasks == (Task("1", "merge"),)
    assert relevance["1"].right == {"a"}


# ------------------------------------------------------------------------------ training data

TEXTS = {name: f"text of {name}" for name in ("a", "b", "c", "d")}


def no_copies(row: LabelRow, right: object) -> bool:
    return False


def test_triplets_of_every_right_and_every_worse_skill() -> None:
    rows = [label("c", 0), label("a", 3), label("b", 3), label("d", 1), label("e", 0)]
    found = triplets([*rows, label("a", None, "r")], TEXTS, no_copies)
    lines = [json.loads(line) for line in found.text.splitlines()]
    assert [(line["positive"][-1], line["negative"][-1]) for line in lines] == [
        ("a", "d"),
        ("a", "c"),
        ("b", "d"),
        ("b", "c"),
    ]
    assert (lines[0]["anchor"], found.lines, found.queries) == ("q", 4, 1)


@pytest.mark.parametrize(
    ("grades", "pairs"),
    [
        ({"a": 2, "b": 0}, ["ab"]),
        ({"a": 3, "b": 2, "c": 0}, ["ac"]),
        ({"a": 1, "b": 0}, []),
        ({"a": 3, "b": 3}, []),
    ],
)
def test_what_is_positive_and_what_negative(grades: dict[str, int], pairs: list[str]) -> None:
    rows = [label(name, grade) for name, grade in grades.items()]
    found = triplets(rows, TEXTS, no_copies)
    lines = [json.loads(line) for line in found.text.splitlines()]
    assert [line["positive"][-1] + line["negative"][-1] for line in lines] == pairs


def test_near_copy_of_a_right_skill_is_no_negative() -> None:
    rows = [label("a", 3), label("b", 0), label("c", 1)]
    for write in (triplets, listwise):
        found = write(rows, TEXTS, lambda row, right: row.skill_id == "b")
        assert "text of b" not in found.text
        assert "text of c" in found.text
        assert found.notes == ("Low grades of near-copies of a right skill, left out: 1.",)


def test_lists_keep_the_grades() -> None:
    rows = [label("b", 0), label("a", 3), label("c", 1), label("a", 2, "r"), label("b", 2, "r")]
    found = listwise(rows, TEXTS, no_copies)
    (line,) = map(json.loads, found.text.splitlines())
    assert line == {
        "query": "q",
        "documents": ["text of a", "text of c", "text of b"],
        "labels": [3, 1, 0],
    }
    assert (found.lines, found.queries) == (1, 1)


def test_triplets_of_a_query_have_a_cap() -> None:
    names = {f"{number:03d}": f"t{number}" for number in range(30)}
    rows = [label(name, 3 if place < 15 else 0) for place, name in enumerate(names)]
    found = triplets(rows, names, no_copies)
    assert (found.lines, found.notes) == (100, ("Queries cut to 100 triplets: 1.",))
