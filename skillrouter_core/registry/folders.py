"""Model folders: what lies in `models/`, and which of it can answer.

Responsible for finding trained models by name and for what their folders tell. Must not know
which of them is in use.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from skillrouter_core.errors import ModelIntegrityError, UsageError
from skillrouter_core.models import MANIFEST, Profile, profile_named

RUN = "run.json"
METRICS = "metrics.json"
CARD = "README.md"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a model may be called: its name is a folder's."""

DONE = "done"


def trained_names(models: Path) -> tuple[str, ...]:
    """Return the names of the models that can answer, sorted."""
    if not models.is_dir():
        return ()
    return tuple(sorted(path.name for path in models.iterdir() if _answers(path)))


def find_trained(models: Path, name: str) -> Profile | None:
    """Return a trained model as a profile of its own name; None where there is none to use."""
    if not NAME.fullmatch(name) or not _answers(models / name):
        return None
    return replace(profile_named(str(models / name)), name=name)


def checked_name(name: str) -> str:
    """Return a model's name; raise UsageError for one that is no folder's."""
    if not NAME.fullmatch(name):
        raise UsageError(
            f"a model cannot be called {name[:100]!r}; use 1 to 100 letters, digits, dots, dashes "
            "and underscores, a letter or digit first"
        )
    return name


def read_record(folder: Path, file: str) -> dict[str, Any]:
    """Return a JSON object kept with a model; empty where the file is missing.

    Raises ModelIntegrityError for anything else than an object.
    """
    path = folder / file
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ModelIntegrityError(f"{path}: unreadable ({error}); restore the file") from error
    if not isinstance(found, dict):
        raise ModelIntegrityError(f"{path} must hold one JSON object; restore the file")
    return found


def _answers(folder: Path) -> bool:
    """Return whether a folder holds a finished model: an encoder, and no run still at work."""
    encoder = folder / "encoder"
    if not (encoder / MANIFEST).is_file() and not (encoder / "config.json").is_file():
        return False
    return bool(read_record(folder, RUN).get("state", DONE) == DONE)
