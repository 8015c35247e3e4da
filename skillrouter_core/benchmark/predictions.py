"""Predictions of any system: JSON {task id: [skill id, ...]}, best first.

Responsible for reading and writing that file. Must not know who predicts, nor how it is scored.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from skillrouter_core.benchmark.files import id_list, json_object
from skillrouter_core.errors import BenchmarkError

Predictions = dict[str, tuple[str, ...]]
"""task id -> skill ids, best first."""


def load_predictions(path: Path | str) -> Predictions:
    """Read {task id: [skill id, ...]}, best first; raises `BenchmarkError`."""
    file = Path(path)
    entries = json_object(file, "task id -> [skill id, ...]")
    return {
        task_id: id_list(ids, f"{file}, task {task_id!r}", none=False) for task_id, ids in entries
    }


def save_predictions(path: Path | str, predictions: Mapping[str, Sequence[str]]) -> None:
    """Write predictions as JSON; the file appears whole or not at all.

    Raises `BenchmarkError` where the folder cannot be written to.
    """
    file = Path(path)
    text = json.dumps({task: list(ids) for task, ids in predictions.items()}, indent=1)
    try:
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".predictions-") as scratch:
            draft = Path(scratch) / "draft.json"
            draft.write_text(text + "\n", encoding="utf-8")
            draft.replace(file)
    except OSError as error:
        raise BenchmarkError(
            f"{file} cannot be written ({error.strerror}). Name a file in a writable folder."
        ) from error
