"""Reading benchmarks and predictions: what the layout allows, and what each fault is told as."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skillrouter_core.benchmark import (
    Task,
    count_of,
    load_benchmark,
    load_pool,
    load_predictions,
    named,
    read_pool,
    save_predictions,
)
from skillrouter_core.catalog import read_source
from skillrouter_core.errors import BenchmarkError

TASKS = [
    {"task_id": "t1", "instruction_text": "Cut a video", "domain": "media", "excluded": False},
    {"task_id": "t2", "instruction_text": "映画を切る", "tags": ["x"]},
]
RELEVANCE = {
    "t1": {
        "gt_skill_ids": ["gt/cut", "gt/pdf"],
        "core_gt_ids": ["gt/cut"],
        "auxiliary_gt_ids": ["gt/pdf"],
        "relevance": {"gt/cut": 3, "gt/pdf": 3, "degraded/cut_1": 1},
        "task_type": "mixed",
    },
    "t2": {"core_gt_ids": ["gt/cut"]},
}
POOL = [
    {"skill_id": "gt/cut", "name": "cut", "description": "Cuts.", "body": "# Cut", "extra": 1},
    {"skill_id": "gt/pdf", "name": "pdf", "description": None, "body": "# PDF"},
    {"skill_id": "other", "name": "other", "category": "misc"},
]


def jsonl(records) -> bytes:
    return b"".join(json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "bench"
    (root / "easy").mkdir(parents=True)
    (root / "tasks.jsonl").write_bytes(jsonl(TASKS))
    (root / "relevance.json").write_text(json.dumps(RELEVANCE))
    (root / "easy" / "part-1.jsonl").write_bytes(jsonl(POOL[1:]))
    (root / "easy" / "part-0.jsonl.gz").write_bytes(gzip.compress(jsonl(POOL[:1])))
    return root


# --------------------------------------------------------------------------- what is read


def test_tasks_keep_their_order_and_extra_keys_are_ignored(folder) -> None:
    assert load_benchmark(folder).tasks == (Task("t1", "Cut a video"), Task("t2", "映画を切る"))


def test_relevance_is_read_whole(folder) -> None:
    entry = load_benchmark(str(folder)).relevance["t1"]
    assert entry.right == {"gt/cut"}
    assert entry.auxiliary == {"gt/pdf"}
    assert entry.grades == {"gt/cut": 3.0, "gt/pdf": 3.0, "degraded/cut_1": 1.0}
    assert entry.task_type == "mixed"


@pytest.mark.parametrize(
    ("entry", "right", "grades"),
    [
        ({"core_gt_ids": ["a"]}, {"a"}, {}),
        ({"core_gt_ids": ["a"], "relevance": None, "auxiliary_gt_ids": None}, {"a"}, {}),
        ({"gt_skill_ids": ["a", "b"]}, {"a", "b"}, {}),
        ({"gt_skill_ids": ["a"], "core_gt_ids": None}, {"a"}, {}),
        ({"gt_skill_ids": ["a"], "core_gt_ids": []}, set(), {}),
        ({}, set(), {}),
        ({"core_gt_ids": ["a", "a"], "relevance": {"a": "3", "b": 0.5}}, {"a"}, {"a": 3, "b": 0.5}),
        ({"core_gt_ids": ["a"], "task_type": 7}, {"a"}, {}),
    ],
)
def test_variants_of_a_relevance_entry(folder, entry, right, grades) -> None:
    (folder / "relevance.json").write_text(json.dumps({"t1": entry}))
    found = load_benchmark(folder).relevance["t1"]
    assert (found.right, found.grades) == (right, grades)


def test_tiers_are_the_folders_with_shards(folder) -> None:
    for name, file in (("hard", "p.jsonl"), ("notes", "a.txt"), ("hidden", ".p.jsonl")):
        (folder / name).mkdir()
        (folder / name / file).write_bytes(jsonl(POOL))
    assert load_benchmark(folder).tiers == ("easy", "hard")


def test_pool_joins_shards_in_the_order_of_their_names(folder) -> None:
    pool = read_pool(folder, "easy")
    assert [skill.skill_id for skill in pool.skills] == ["gt/cut", "gt/pdf", "other"]
    assert pool.ids == {"gt/cut", "gt/pdf", "other"}
    assert pool.issues == ()
    cut, pdf, other = load_pool(folder, "easy")
    assert (cut.name, cut.description, cut.body) == ("cut", "Cuts.", "# Cut")
    assert (pdf.description, other.body, other.category) == ("", "", "misc")


def test_repeated_pool_id_keeps_the_first_and_is_reported(folder) -> None:
    changed = {**POOL[0], "body": "something else"}
    (folder / "easy" / "part-2.jsonl").write_bytes(b"\n" + jsonl([POOL[0], changed]))
    pool = read_pool(folder, "easy")
    assert len(pool.skills) == 3
    assert pool.skills[0].body == "# Cut"
    assert [(issue.line, issue.imported) for issue in pool.issues] == [(2, False), (3, False)]
    assert "'gt/cut' comes again with the same text" in pool.issues[0].reason
    assert "'gt/cut' comes again with other text" in pool.issues[1].reason
    assert pool.issues[0].path.endswith("part-2.jsonl")


def test_field_that_is_no_text_is_read_as_empty_and_reported(folder) -> None:
    odd = {"skill_id": "odd", "name": "odd", "description": ["a"], "body": 5}
    (folder / "easy" / "part-2.jsonl").write_bytes(jsonl([odd]))
    pool = read_pool(folder, "easy")
    assert (pool.skills[-1].description, pool.skills[-1].body) == ("", "")
    assert pool.issues[0].imported
    assert pool.issues[0].reason == "not a text, so read as empty: description, body"


def test_a_pool_has_the_hashes_of_the_same_files_imported(folder) -> None:
    messy = {
        "skill_id": "gt/messy",
        "name": " two\n lines ",
        "description": "  padded\r\n",
        "body": "# A\r\n\x00b\x85c\ud800\n",
    }
    (folder / "easy" / "part-2.jsonl").write_text(
        json.dumps(messy) + "\n" + json.dumps({"skill_id": "gt/nameless", "body": "# B"})
    )
    imported = read_source(str(folder / "easy")).skills
    pool = load_pool(folder, "easy")
    assert [s.content_hash for s in pool] == [s.content_hash for s in imported]
    assert [s.name for s in pool] == ["cut", "pdf", "other", "two lines", "nameless"]


def test_byte_order_mark_crlf_and_blank_lines_are_no_fault(folder) -> None:
    text = b"\xef\xbb\xbf" + b"\r\n\r\n".join(jsonl([task]).strip() for task in TASKS) + b"\r\n"
    (folder / "tasks.jsonl").write_bytes(text)
    assert [task.task_id for task in load_benchmark(folder).tasks] == ["t1", "t2"]


def test_oddities_are_noted(folder) -> None:
    relevance = {
        "t1": {"core_gt_ids": ["gt/cut"], "relevance": {"degraded/cut_1": 1}},
        "gone": {"core_gt_ids": ["gt/cut"]},
    }
    (folder / "relevance.json").write_text(json.dumps(relevance))
    assert load_benchmark(folder).notes == (
        "1 task not in relevance.json, so never scored: t2.",
        "1 task in relevance.json but not in tasks.jsonl: gone.",
        "1 task with a right skill that has no grade: nDCG counts it as wrong: t1.",
    )


# --------------------------------------------------------------------------- faults

GOOD = jsonl(TASKS[:1])
FAULTS = {
    # name: (file, content or None to delete it, what the message must say)
    "no tasks file": ("tasks.jsonl", None, ["tasks.jsonl", "cannot be read"]),
    "empty tasks file": ("tasks.jsonl", b"\n\n", ["tasks.jsonl holds no tasks"]),
    "broken line": ("tasks.jsonl", GOOD + b'{"task_id": \n', ["tasks.jsonl:2: not JSON at column"]),
    "line that is no object": ("tasks.jsonl", GOOD + b"[1]\n", ["tasks.jsonl:2: [1]", "{...}"]),
    "not UTF-8": ("tasks.jsonl", GOOD + b'{"a": "\xff"}\n', ["tasks.jsonl:2", "0xff", "UTF-8"]),
    "no task id": ("tasks.jsonl", b'{"instruction_text": "x"}', [":1: task_id is missing"]),
    "task id is a number": ("tasks.jsonl", b'{"task_id": 5}', [":1: task_id is 5"]),
    "no text": ("tasks.jsonl", b'{"task_id": "t"}', [":1: instruction_text is missing"]),
    "blank text": ("tasks.jsonl", b'{"task_id": "t", "instruction_text": " "}', ["is ' '"]),
    "same task twice": ("tasks.jsonl", GOOD + GOOD, ["tasks.jsonl:2: task 't1' comes twice"]),
    "nested beyond reason": ("tasks.jsonl", b"[" * 100_000, ["tasks.jsonl:1: cannot be used"]),
    "no relevance file": ("relevance.json", None, ["relevance.json", "core_gt_ids"]),
    "relevance is a list": ("relevance.json", b"[]", ["relevance.json: [] is not an object"]),
    "relevance is cut off": ("relevance.json", b'{\n"t1": {', ["relevance.json:2: not JSON"]),
    "entry is a list": ("relevance.json", b'{"t1": ["a"]}', ["task 't1': ['a'] is not an object"]),
    "ids are a text": ("relevance.json", b'{"t1": {"core_gt_ids": "a"}}', ["core_gt_ids: 'a'"]),
    "id is a number": ("relevance.json", b'{"t1": {"core_gt_ids": ["a", 5]}}', ["entry 2, 5"]),
    "grades are a list": ("relevance.json", b'{"t1": {"relevance": [3]}}', ["[3] is not an obj"]),
    "grade is a word": ("relevance.json", b'{"t1": {"relevance": {"a": "hi"}}}', ["grade 'hi'"]),
    "grade is null": ("relevance.json", b'{"t1": {"relevance": {"a": null}}}', ["grade missing"]),
    "grade is negative": ("relevance.json", b'{"t1": {"relevance": {"a": -1}}}', ["grade -1"]),
    "grade is infinite": ("relevance.json", b'{"t1": {"relevance": {"a": 1e999}}}', ["grade inf"]),
    "same task judged twice": ("relevance.json", b'{"t1": {}, "t1": {}}', ["'t1' comes twice"]),
    "pool line broken": ("easy/part-1.jsonl", b"{}\n{", ["part-1.jsonl:1: skill_id is missing"]),
    "pool id is null": ("easy/part-1.jsonl", b'{"skill_id": null}', ["skill_id is missing"]),
    "gzip is cut off": (
        "easy/part-0.jsonl.gz",
        gzip.compress(b"{}" * 99)[:-9],
        ["part-0.jsonl.gz"],
    ),
    "gzip is none": ("easy/part-0.jsonl.gz", b"{}", ["part-0.jsonl.gz cannot be read", "again"]),
    "gzip is damaged": ("easy/part-0.jsonl.gz", gzip.compress(GOOD)[:12] + b"\xff" * 30, ["again"]),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_fault_names_file_line_and_remedy(folder, fault) -> None:
    file, content, says = fault
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(BenchmarkError) as caught:
        read_pool(load_benchmark(folder).folder, "easy")
    message = str(caught.value)
    assert all(part in message for part in [Path(file).name, *says])
    assert message.endswith(".")
    assert message.count(". ") >= 1, "a remedy follows the fault"


def test_folder_that_is_none(tmp_path) -> None:
    with pytest.raises(BenchmarkError, match="nowhere is not a folder"):
        load_benchmark(tmp_path / "nowhere")


def test_folder_without_a_pool(folder) -> None:
    for shard in (folder / "easy").iterdir():
        shard.unlink()
    with pytest.raises(BenchmarkError, match="has no pool"):
        load_benchmark(folder)


@pytest.mark.parametrize("tier", ["hard", "", ".", "..", "../bench/easy", "easy/../easy"])
def test_unknown_tier_names_those_there_are(folder, tier) -> None:
    with pytest.raises(BenchmarkError, match=r"no tier .* its tiers: easy"):
        load_pool(folder, tier)


# --------------------------------------------------------------------------- predictions


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.dictionaries(st.text(), st.lists(st.text()).map(tuple)))
def test_predictions_come_back_as_saved(tmp_path, predictions) -> None:
    save_predictions(tmp_path / "p.json", predictions)
    assert load_predictions(tmp_path / "p.json") == predictions
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b'{"t1": ["a"]', "not JSON"),
        (b'["a"]', "is not an object"),
        (b'{"t1": "a"}', "task 't1': 'a' is not a list"),
        (b'{"t1": null}', "task 't1': missing is not a list"),
        (b'{"t1": [["a", 0.5]]}', r"entry 1, \['a', 0.5\], is not a skill id"),
        (b'{"t1": ["a"], "t1": ["b"]}', "'t1' comes twice"),
        (b'{"t1": ["\xff"]}', "not UTF-8"),
    ],
)
def test_faulty_predictions(tmp_path, content, says) -> None:
    (tmp_path / "p.json").write_bytes(content)
    with pytest.raises(BenchmarkError, match=says) as caught:
        load_predictions(tmp_path / "p.json")
    assert "p.json" in str(caught.value)


def test_missing_predictions_file(tmp_path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be read"):
        load_predictions(tmp_path / "p.json")


def test_predictions_that_cannot_be_written_leave_nothing_behind(tmp_path) -> None:
    with pytest.raises(BenchmarkError, match="cannot be written"):
        save_predictions(tmp_path / "no" / "p.json", {})
    (tmp_path / "p.json").mkdir()
    with pytest.raises(BenchmarkError, match="cannot be written"):
        save_predictions(tmp_path / "p.json", {})
    assert [path.name for path in tmp_path.iterdir()] == ["p.json"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,t1a0 \n').map(str.encode))
def test_any_bytes_are_read_or_refused_with_a_reason(tmp_path, content) -> None:
    (tmp_path / "p.json").write_bytes(content)
    with suppress(BenchmarkError):
        predictions = load_predictions(tmp_path / "p.json")
        assert all(isinstance(i, str) for ids in predictions.values() for i in ids)


# --------------------------------------------------------------------------- sentences


def test_many_ids_are_counted_not_named() -> None:
    assert named(["a", "b", "c"], at_most=2) == "a, b and 1 more"
    assert named(["a", "b"], at_most=2) == "a, b"
    assert (count_of("a", "task"), count_of("", "task")) == ("1 task", "0 tasks")
