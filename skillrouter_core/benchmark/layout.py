"""Tasks, relevance and tiers of a benchmark folder.

Responsible for `tasks.jsonl`, `relevance.json` and the names of the tier folders. Must not know
how anything is routed or scored. Keys the layout does not name are ignored.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from skillrouter_core.benchmark.files import (
    count_of,
    id_list,
    json_object,
    named,
    records,
    required,
    shown,
)
from skillrouter_core.errors import BenchmarkError

TASKS_FILE, RELEVANCE_FILE = "tasks.jsonl", "relevance.json"
SHARD_ENDINGS = (".jsonl", ".jsonl.gz")
GENERIC_ONLY = "generic_only"
"""The task type that is never scored: only all-purpose skills would help."""


@dataclass(frozen=True, slots=True)
class Task:
    """One query of a benchmark; `style` is how it is worded, empty where nobody says."""

    task_id: str
    query: str
    style: str = ""


@dataclass(frozen=True, slots=True)
class Relevance:
    """What is right for one task.

    `right` are the core ground-truth ids, `grades` every graded id (3 right, 1 degraded copy);
    either may name ids that a tier's pool does not hold.
    """

    right: frozenset[str]
    auxiliary: frozenset[str] = frozenset()
    grades: Mapping[str, float] = field(default_factory=dict, hash=False)
    task_type: str = ""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """Tasks in file order, relevance by task id, and the names of the tiers found.

    `notes` are sentences about oddities that stop nothing but explain a figure.
    """

    folder: Path
    tasks: tuple[Task, ...]
    relevance: Mapping[str, Relevance] = field(hash=False)
    tiers: tuple[str, ...]
    notes: tuple[str, ...] = ()


def load_benchmark(folder: Path | str) -> Benchmark:
    """Read tasks and relevance and find the tiers; pools are left for `load_pool`.

    Raises `BenchmarkError` naming file, line and remedy.
    """
    root = Path(folder)
    if not root.is_dir():
        raise BenchmarkError(
            f"{root} is not a folder. Name a folder that holds {TASKS_FILE}, {RELEVANCE_FILE} "
            "and a folder for each tier."
        )
    tasks, relevance = load_tasks(root)
    return Benchmark(root, tasks, relevance, find_tiers(root), _oddities(tasks, relevance))


def load_tasks(folder: Path) -> tuple[tuple[Task, ...], dict[str, Relevance]]:
    """Read the tasks in file order and the relevance by task id; the folder needs no pool.

    Raises `BenchmarkError` naming file, line and remedy.
    """
    return _read_tasks(folder / TASKS_FILE), _read_relevance(folder / RELEVANCE_FILE)


def _read_tasks(path: Path) -> tuple[Task, ...]:
    tasks: dict[str, Task] = {}
    for line, record in records(path):
        task_id = required(record, "task_id", path, line)
        if task_id in tasks:
            raise BenchmarkError(
                f"{path}:{line}: task {task_id!r} comes twice. Remove one of them."
            )
        style = record.get("style")
        tasks[task_id] = Task(
            task_id,
            required(record, "instruction_text", path, line),
            style if isinstance(style, str) else "",
        )
    if not tasks:
        raise BenchmarkError(f"{path} holds no tasks. Put one JSON object on each line.")
    return tuple(tasks.values())


def _read_relevance(path: Path) -> dict[str, Relevance]:
    entries = json_object(path, "task id -> {core_gt_ids, relevance, ...}")
    return {task_id: _relevance(entry, f"{path}, task {task_id!r}") for task_id, entry in entries}


def _relevance(entry: object, where: str) -> Relevance:
    if not isinstance(entry, dict):
        raise BenchmarkError(f"{where}: {shown(entry)} is not an object. Write {{...}} there.")
    fallback = "gt_skill_ids" if entry.get("core_gt_ids") is None else "core_gt_ids"
    task_type = entry.get("task_type")
    return Relevance(
        right=frozenset(id_list(entry.get(fallback), f"{where}, {fallback}")),
        auxiliary=frozenset(id_list(entry.get("auxiliary_gt_ids"), f"{where}, auxiliary_gt_ids")),
        grades=_grades(entry.get("relevance"), f"{where}, relevance"),
        task_type=task_type if isinstance(task_type, str) else "",
    )


def _grades(value: object, where: str) -> dict[str, float]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BenchmarkError(f"{where}: {shown(value)} is not an object. Map skill ids to grades.")
    return {skill_id: _grade(grade, f"{where}, {skill_id!r}") for skill_id, grade in value.items()}


def _grade(value: Any, where: str) -> float:
    try:
        grade = float(value)
    except (TypeError, ValueError, OverflowError):
        grade = math.nan
    if not 0 <= grade < math.inf:
        raise BenchmarkError(f"{where}: grade {shown(value)} is not a number from 0 up. Write one.")
    return grade


def find_tiers(root: Path) -> tuple[str, ...]:
    """Return the sorted names of the folders that hold shards; `BenchmarkError` without any."""
    tiers = sorted(path.name for path in root.iterdir() if path.is_dir() and shards_of(path))
    if not tiers:
        raise BenchmarkError(
            f"{root} has no pool. Put its *.jsonl or *.jsonl.gz shards into a folder named after "
            "the tier, such as easy/."
        )
    return tuple(tiers)


def _oddities(tasks: Sequence[Task], relevance: Mapping[str, Relevance]) -> tuple[str, ...]:
    """Name what lets a figure differ from what its reader expects, a sentence each."""
    known = {task.task_id for task in tasks}
    unjudged = sorted(known - relevance.keys())
    orphans = sorted(relevance.keys() - known)
    ungraded = sorted(
        task_id
        for task_id, entry in relevance.items()
        if entry.grades and entry.right - entry.grades.keys()
    )
    found = (
        (unjudged, f"not in {RELEVANCE_FILE}, so never scored"),
        (orphans, f"in {RELEVANCE_FILE} but not in {TASKS_FILE}"),
        (ungraded, "with a right skill that has no grade: nDCG counts it as wrong"),
    )
    return tuple(f"{count_of(ids, 'task')} {what}: {named(ids)}." for ids, what in found if ids)


def shards_of(folder: Path) -> list[Path]:
    """Return the shards straight inside a folder; hidden files are none."""
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith(SHARD_ENDINGS) and not path.name.startswith(".") and path.is_file()
    )
