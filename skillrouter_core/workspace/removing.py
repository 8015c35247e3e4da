"""A trained model taken away, with what only it needed: its indexes and its vectors.

Responsible for what may go and in which order, so that a kill leaves a whole model or none. Must
not know who asks.
"""

from __future__ import annotations

import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import (
    IndexNotReadyError,
    ModelError,
    ModelIntegrityError,
    UsageError,
    WorkspaceError,
)
from skillrouter_core.models import PROFILES, Profile, find_model, target_of
from skillrouter_core.registry import read_record, standing_on, trained_names

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DELETED = ".deleted-"
"""How the folders begin of which only the removal is left to do."""


def delete(ws: Workspace, name: str) -> None:
    """Delete a trained model that nothing needs, its indexes and its vectors.

    Vectors stay where an index of a catalog still holds them; those of an encoder that a model only
    points to are not its own. Raises as `require_unused`; WorkspaceError while the model is being
    promoted or trained.
    """
    from skillrouter_core.workspace.training_runs import RunFolders

    with RunFolders(ws.registry.folder).working(name):
        require_unused(ws, name)
        _take_away(ws, name)


def discard(ws: Workspace, name: str) -> None:
    """Delete a run that is not done, with what it made; WorkspaceError while it is at work."""
    from skillrouter_core.workspace.training_runs import RunFolders

    with RunFolders(ws.registry.folder).working(name):
        _take_away(ws, name)


def require_unused(ws: Workspace, name: str) -> None:
    """Raise UsageError where a model is needed as it is, saying by whom."""
    from skillrouter_core.index import held_back
    from skillrouter_core.workspace.holding import promotes

    for profile in PROFILES:
        if ws.registry.answers(profile, name):
            raise UsageError(f"{name} answers for {profile}; promote another one first")
        if ws.registry.before(profile) == name:
            raise UsageError(
                f"{name} is what a rollback of {profile} goes back to; promote once more first"
            )
        held = held_back(ws.indexing.place(profile))
        if held is not None and held.generation is not None and promotes(held) == name:
            raise UsageError(
                f"{name} waits to answer for {profile}; throw its index away first, see the "
                "page Suites"
            )
    others = standing_on(ws.registry.folder, name)
    if others:
        raise UsageError(f"{', '.join(others)} stands on {name}; delete that one first")


def _take_away(ws: Workspace, name: str) -> None:
    models, indexes = ws.registry.folder, ws.home / "index"
    key = _own_key(models / name)
    own = _own_indexes(ws, name)
    _drop(models / name)  # in one step: half a model must not answer
    for folder in own:
        _drop(folder)
    others = {_own_key(models / other) for other in trained_names(models)}
    if key and key not in others:
        _drop_vectors(ws, key)
    for place in (models, indexes, indexes / "benchmarks", ws.home / "vectors"):
        for old in place.glob(f"{DELETED}*"):
            shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may still hold it


def _own_indexes(ws: Workspace, name: str) -> list[Path]:
    """Return where a model's own indexes lie: by its name, and by its folder while it trained."""
    by_folder = Profile(str((ws.registry.folder / name).resolve()), "", None, "", "")
    return [ws.home / "index" / name, ws.indexing.folder(by_folder)]


def _own_key(folder: Path) -> str:
    """Return the key of the vectors that a model's encoder made, empty where it has none."""
    encoder = str(folder / "encoder")
    try:
        own = target_of(encoder) == encoder  # else they are those of the model it points to
        return find_model(encoder).key if own else ""
    except ModelError:
        return ""  # too damaged to have made any that could be used again


def _drop_vectors(ws: Workspace, key: str) -> None:
    """Remove the stores of a key's vectors, unless an index of a catalog holds them."""
    indexes = ws.home / "index"
    for folder in _folders(indexes / "benchmarks"):
        if key in _keys_in(folder):  # asked of the model that is gone: nobody will ask again
            _drop(folder)
    if any(key in _keys_in(folder) for folder in _folders(indexes)):
        return
    for store in _folders(ws.home / "vectors"):
        if _model_of(store) == key:
            _drop(store)


def _model_of(store: Path) -> str:
    try:
        return str(read_record(store, "manifest.json").get("model_key", ""))
    except ModelIntegrityError:
        return ""  # whoever opens it is told how to mend it


def _keys_in(folder: Path) -> frozenset[str]:
    """Return which encoders made the vectors of an index, published or held back."""
    from skillrouter_core.index import SkillIndex, current_generation, held_back

    held = held_back(folder)
    found = [] if held is None or held.generation is None else [held.generation]
    keys: set[str] = set()
    try:
        found.append(current_generation(folder))
        for generation in found:
            parts = SkillIndex.open_generation(generation).manifest.dense.values()
            keys |= {part.model_key for part in parts}
    except (IndexNotReadyError, WorkspaceError):
        return frozenset(keys)  # whoever rebuilds it embeds with another model
    return frozenset(keys)


def _folders(place: Path) -> list[Path]:
    """Return the folders in a place that are not about to go."""
    found = place.iterdir() if place.is_dir() else ()
    return [one for one in found if one.is_dir() and not one.name.startswith(DELETED)]


def _drop(folder: Path) -> None:
    """Take a folder out of its place in one step; what is left of it goes at the end."""
    if folder.is_dir():
        folder.rename(folder.with_name(f"{DELETED}{folder.name}-{secrets.token_hex(4)}"))
