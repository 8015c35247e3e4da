"""Writing a benchmark folder that `skillrouter evaluate` reads.

Responsible for `tasks.jsonl`, `relevance.json` and the shards of one tier, written beside their
place and moved there when complete. Must not know where tasks or skills come from.
"""

from __future__ import annotations

import gzip
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from skillrouter_core.benchmark.layout import RELEVANCE_FILE, TASKS_FILE, Relevance, Task
from skillrouter_core.errors import BenchmarkError
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import Skill

SHARD_SKILLS = 20_000
"""Skills in one shard of the pool."""


def save_benchmark(
    folder: Path,
    tasks: Sequence[Task],
    relevance: Mapping[str, Relevance],
    tier: str,
    pool: Sequence[Skill],
    listener: ProgressListener = silent,
) -> tuple[Path, ...]:
    """Write a benchmark of one tier into a new or empty folder; return the files.

    The folder appears whole or not at all. Raises `BenchmarkError` where it holds something or
    cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BenchmarkError(f"{folder} is there already. Name a new or an empty folder.")
    try:
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".benchmark-") as scratch:
            draft = Path(scratch) / "draft"
            (draft / tier).mkdir(parents=True)
            _write_lines(draft / TASKS_FILE, map(_task, tasks))
            graded = {task_id: _graded(entry) for task_id, entry in relevance.items()}
            text = json.dumps(graded, ensure_ascii=False, indent=1)
            (draft / RELEVANCE_FILE).write_text(text + "\n", encoding="utf-8")
            _write_pool(draft / tier, pool, listener)
            draft.replace(folder)
    except OSError as error:
        raise BenchmarkError(
            f"{folder} cannot be written ({error.strerror}). Name a folder in a writable place."
        ) from error
    return tuple(sorted(path for path in folder.rglob("*") if path.is_file()))


def _write_pool(folder: Path, pool: Sequence[Skill], listener: ProgressListener) -> None:
    meter = Meter(listener, "writing the pool", len(pool))
    for number, start in enumerate(range(0, len(pool), SHARD_SKILLS)):
        shard = pool[start : start + SHARD_SKILLS]
        path = folder / f"part-{number:03d}.jsonl.gz"
        # No moment and no name inside, so that the same skills are the same bytes.
        with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
            for skill in shard:
                packed.write(_line(_record(skill)))
                meter.advance()


def _write_lines(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    with path.open("wb") as file:
        file.writelines(map(_line, records))


def _line(record: Mapping[str, Any]) -> bytes:
    return (json.dumps(record, ensure_ascii=False) + "\n").encode("utf-8", "backslashreplace")


def _task(task: Task) -> dict[str, str]:
    values = {"task_id": task.task_id, "instruction_text": task.query}
    return values | {"style": task.style} if task.style else values


def _graded(entry: Relevance) -> dict[str, Any]:
    right = sorted(entry.right)
    return {
        "gt_skill_ids": right,
        "core_gt_ids": right,
        "auxiliary_gt_ids": sorted(entry.auxiliary),
        "relevance": dict(sorted(entry.grades.items())),
        "task_type": entry.task_type,
    }


def _record(skill: Skill) -> dict[str, str]:
    return {
        "skill_id": skill.skill_id,
        "name": skill.name,
        "description": skill.description,
        "body": skill.body,
        "category": skill.category,
        "source": skill.source,
        "path": skill.path,
    }
