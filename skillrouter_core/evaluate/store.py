"""Evaluations on disk: one compressed JSON file each, written whole or not at all.

Responsible for the files and their format. Must not know how an evaluation is made or shown.
"""

from __future__ import annotations

import gzip
import json
import os
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from skillrouter_core.errors import NotFoundError, WorkspaceError
from skillrouter_core.records.evaluations import (
    EvaluatedTask,
    Evaluation,
    EvaluationInfo,
    Ranked,
)

FORMAT = 1
"""Goes up when the layout changes; files of another are refused by name."""

ENDING = ".json.gz"
HEAD = ".head.json"
"""What a list needs stands in a small file beside each evaluation."""


def save_evaluation(folder: Path, evaluation: Evaluation) -> None:
    """Keep an evaluation; its head comes last, so a list never names half a file."""
    folder.mkdir(parents=True, exist_ok=True)
    name = evaluation.info.evaluation_id
    tasks = [asdict(task) for task in evaluation.tasks]
    document = {"format": FORMAT, "tasks": tasks}
    _replace(folder / f"{name}{ENDING}", gzip.compress(json.dumps(document).encode(), 6))
    head = asdict(evaluation.info) | {"created_at": evaluation.info.created_at.isoformat()}
    _replace(folder / f"{name}{HEAD}", json.dumps(head).encode())


def list_evaluations(folder: Path) -> tuple[EvaluationInfo, ...]:
    """Return what is kept, newest first."""
    found = [_head(path) for path in folder.glob(f"*{HEAD}")]
    return tuple(sorted(found, key=lambda info: info.created_at, reverse=True))


def load_evaluation(folder: Path, evaluation_id: str) -> Evaluation:
    """Return one evaluation; raise NotFoundError where there is none of that name."""
    path = folder / f"{evaluation_id}{ENDING}"
    if evaluation_id not in {info.evaluation_id for info in list_evaluations(folder)}:
        raise NotFoundError(f"no evaluation is called {evaluation_id!r}; list them again")
    try:
        document = json.loads(gzip.decompress(path.read_bytes()))
        if document["format"] != FORMAT:
            raise WorkspaceError(
                f"{path} has format {document['format']}, this program reads {FORMAT}; delete the "
                "evaluation and run it again"
            )
        tasks = tuple(map(_task, document["tasks"]))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(
            f"{path}: unreadable ({error}); delete the evaluation and run it again"
        ) from error
    return Evaluation(_head(folder / f"{evaluation_id}{HEAD}"), tasks)


def delete_evaluation(folder: Path, evaluation_id: str) -> None:
    """Delete one evaluation; raise NotFoundError where there is none of that name."""
    if evaluation_id not in {info.evaluation_id for info in list_evaluations(folder)}:
        raise NotFoundError(f"no evaluation is called {evaluation_id!r}; list them again")
    # The head first: without it nobody looks for the rest.
    (folder / f"{evaluation_id}{HEAD}").unlink()
    (folder / f"{evaluation_id}{ENDING}").unlink(missing_ok=True)


def _head(path: Path) -> EvaluationInfo:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        created = datetime.fromisoformat(values.pop("created_at"))
        return EvaluationInfo(**values, created_at=created)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkspaceError(f"{path}: unreadable ({error}); delete the file") from error


def _task(values: dict[str, Any]) -> EvaluatedTask:
    ranked = tuple(
        Ranked(**{**entry, "folded": tuple(entry["folded"])}) for entry in values["candidates"]
    )
    lists = ("right", "right_names", "right_hashes", "stage1", "final")
    return EvaluatedTask(
        **{**values, "candidates": ranked, **{name: tuple(values[name]) for name in lists}}
    )


def _replace(path: Path, content: bytes) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    fresh.write_bytes(content)
    fresh.replace(path)
