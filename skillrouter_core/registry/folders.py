"""Model folders: what lies in `models/`, and which of it can answer.

Responsible for finding trained models by name and for what their folders tell. Must not know
which of them is in use.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from skillrouter_core.errors import ModelIntegrityError, UsageError
from skillrouter_core.models import MANIFEST, PROFILES, Profile, profile_named

RUN = "run.json"
METRICS = "metrics.json"
CARD = "README.md"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
"""What a model may be called: its name is a folder's."""

SHIPPED = "shipped"
"""Stands for the default pair as it came with the program, whatever was promoted."""
RESERVED = frozenset({*PROFILES, SHIPPED, "benchmarks"})
"""Names that mean something else: profiles, and folders beside those of models' indexes."""

DONE = "done"


@dataclass(frozen=True, slots=True)
class Damaged:
    """A run or model that a list leaves out; `message` says which file is wrong and what to do."""

    name: str
    message: str


def trained_names(models: Path) -> tuple[str, ...]:
    """Return the names of the models that can answer, sorted; a damaged one cannot."""
    if not models.is_dir():
        return ()
    return tuple(sorted(path.name for path in models.iterdir() if _usable(path)))


def damaged_records(models: Path) -> tuple[Damaged, ...]:
    """Return the models whose record of training is no JSON object, with what to do, by name."""
    found = []
    for path in sorted(models.iterdir()) if models.is_dir() else ():
        try:
            if _free(path.name):
                _answers(path)
        except ModelIntegrityError as error:
            found.append(Damaged(path.name, str(error)))
    return tuple(found)


def find_trained(models: Path, name: str) -> Profile | None:
    """Return a trained model as a profile of its own name; None where there is none to use.

    Raises ModelIntegrityError where its record is damaged.
    """
    if not _free(name) or not _answers(models / name):
        return None
    return replace(profile_named(str(models / name)), name=name)


def checked_name(name: str) -> str:
    """Return a model's name; raise UsageError for one that is no folder's or is taken."""
    if name in RESERVED:
        raise UsageError(f"{name!r} stands for something else here; choose another name")
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


def standing_on(models: Path, name: str) -> tuple[str, ...]:
    """Return the other models whose weights are, or build on, those in a model's folder."""
    own = (models / name).resolve()
    found = set()
    for path in models.glob(f"*/*/{MANIFEST}"):
        manifest = read_record(path.parent, MANIFEST)
        below = manifest.get("base", manifest.get("same_as"))
        if below is None or path.parent.parent.name == name:
            continue
        if Path(str(below)).expanduser().resolve().is_relative_to(own):
            found.add(path.parent.parent.name)
    return tuple(sorted(found))


def _free(name: str) -> bool:
    return NAME.fullmatch(name) is not None and name not in RESERVED


def _usable(folder: Path) -> bool:
    try:
        return _free(folder.name) and _answers(folder)
    except ModelIntegrityError:
        return False  # whoever asks for it by name is told what is wrong with it


def _answers(folder: Path) -> bool:
    """Return whether a folder holds a finished model: an encoder, and no run still at work."""
    encoder = folder / "encoder"
    if not (encoder / MANIFEST).is_file() and not (encoder / "config.json").is_file():
        return False
    return bool(read_record(folder, RUN).get("state", DONE) == DONE)
