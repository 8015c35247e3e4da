"""Generations of index folders: written beside those in use, published in one step.

Responsible for the layout on disk, the pointer to the published generation, and
clearing away what nobody reads. Must not know how rows are scored.

    index/<profile>/CURRENT              the name of the generation to load
    index/<profile>/HELD                 a finished one that waits for a person, see `holding`
    index/<profile>/<generation>/        rows.json, manifest.json, one folder a view
        full/lexical/, full/dense-*      name, description and body
        no-body/lexical/, no-body/...    name and description alone

Every file is replaced whole or never touched again, so a reader keeps what it loaded.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from skillrouter_core.errors import IndexNotReadyError, UsageError, WorkspaceError
from skillrouter_core.tokens import TOKENS_VERSION

FORMAT = 1
"""Goes up when the layout of a generation changes; others must be rebuilt."""

FULL, NO_BODY = "full", "no-body"
VIEWS = (FULL, NO_BODY)
"""What a retriever may read of a skill: everything, or all but its body."""

LOCK_SECONDS = 60.0
"""How long a second indexing run waits for the first before it gives up."""

HELD = "HELD"
"""The file that says which generation is not published yet; see `holding`."""

REBUILD = "run `skillrouter index` to rebuild it"


@dataclass(frozen=True, slots=True)
class DensePart:
    """One view's vectors: file names inside the generation, and what approximation costs.

    `graph` is empty and `recall` 1 where search is exact.
    """

    model_key: str
    text_version: str
    matrix: str
    graph: str = ""
    recall: float = 1.0


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What a generation holds; `fingerprint` changes with any row's id or text.

    `model` names the trained model that answers with it, empty for the profile's own: whoever
    swaps the generation swaps the models with it. `promoted_by` is who let that model answer,
    empty where a build only carried it on.
    """

    format: int
    tokens_version: int
    rows: int
    fingerprint: str
    preset: str
    dense: Mapping[str, DensePart] = field(default_factory=dict)
    model: str = ""
    promoted_by: str = ""


def fingerprint(rows: Sequence[tuple[str, str]]) -> str:
    """Return 16 hex digits over (skill id, content hash) pairs in order."""
    return sha256(json.dumps(list(rows)).encode()).hexdigest()[:16]


@contextmanager
def building(folder: Path, *, lock_seconds: float = LOCK_SECONDS) -> Iterator[None]:
    """Keep other indexing runs of a profile out while the block runs.

    Raises WorkspaceError if another holds it for longer than `lock_seconds`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / ".lock")
    try:
        lock.acquire(timeout=lock_seconds)
    except Timeout as error:
        raise WorkspaceError(
            f"{folder}: another process has been indexing for over {lock_seconds:g} s; wait for "
            "it or stop it, then try again"
        ) from error
    try:
        yield
    finally:
        lock.release()


def publish(folder: Path, generation: Path) -> None:
    """Make `generation` the one that `SkillIndex.load` finds; drop all but it and the one before.

    The one before stays for readers that have just looked up its name.
    """
    before = current_name(folder)
    if before == generation.name:
        return
    _write_text(folder / "CURRENT", generation.name)
    (folder / HELD).unlink(missing_ok=True)  # it counted while `before` answered
    kept = {generation.name, before}
    for old in folder.iterdir():
        if old.is_dir() and old.name < generation.name and old.name not in kept:
            shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may still hold it


def current_generation(folder: Path) -> Path:
    """Return the published generation's folder; raise IndexNotReadyError where there is none."""
    name = current_name(folder)
    if not name or not (folder / name).is_dir():
        raise IndexNotReadyError(f"{folder}: no index here yet; run `skillrouter index`")
    return folder / name


def current_version(folder: Path) -> str:
    """Return a token that changes when another index, or its vectors, are published.

    Empty where there is none; cheap enough to ask before every query.
    """
    try:
        generation = current_generation(folder)
        return version_of(generation.name, read_manifest(generation))
    except IndexNotReadyError:
        return ""


def current_model(folder: Path) -> str | None:
    """Return the trained model that the published generation answers with, empty for none.

    None where nothing is published. It is told of a generation in another format too: whoever
    rebuilds that one keeps its model.
    """
    found = current_promotion(folder)
    return None if found is None else found[0]


def current_promotion(folder: Path) -> tuple[str, str, datetime] | None:
    """Return the model that answers, who let it ("" where nobody is named), and since when.

    None where nothing is published.
    """
    try:
        published = datetime.fromtimestamp((folder / "CURRENT").stat().st_mtime, UTC)
        values = read_json(current_generation(folder) / "manifest.json")
    except (FileNotFoundError, IndexNotReadyError):
        return None
    return str(values.get("model", "")), str(values.get("promoted_by", "")), published


def sign(generation: Path, author: str) -> None:
    """Write into a generation who lets its model answer."""
    write_manifest(generation, replace(read_manifest(generation), promoted_by=author))


def version_of(name: str, manifest: IndexManifest) -> str:
    """Return the token that tells one published state from another."""
    parts = sorted(f"{view}:{part.matrix}" for view, part in manifest.dense.items())
    return " ".join([name, *parts])


def checked_view(view: str) -> str:
    """Return `view`, or raise UsageError naming the views there are."""
    if view not in VIEWS:
        raise UsageError(f"no view {view!r} of a skill; choose one of: {', '.join(VIEWS)}")
    return view


def next_generation(folder: Path) -> Path:
    """Make and return the next numbered folder; two builders at once get one each."""
    folder.mkdir(parents=True, exist_ok=True)
    number = max((int(old.name) for old in folder.iterdir() if old.name.isdecimal()), default=0)
    while True:
        number += 1
        generation = folder / f"{number:08d}"
        try:
            generation.mkdir()
        except FileExistsError:
            continue
        return generation


def current_name(folder: Path) -> str:
    """Return the name of the published generation, empty where there is none."""
    try:
        return (folder / "CURRENT").read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""


def read_manifest(generation: Path) -> IndexManifest:
    """Return a generation's manifest; raise IndexNotReadyError where its format is another."""
    values = read_json(generation / "manifest.json")
    found = (values.get("format"), values.get("tokens_version"))
    if found != (FORMAT, TOKENS_VERSION):
        wanted = f"format and token rules {found}, this program reads {(FORMAT, TOKENS_VERSION)}"
        raise IndexNotReadyError(f"{generation}: {wanted}; {REBUILD}")
    dense = {view: DensePart(**part) for view, part in values.pop("dense").items()}
    return IndexManifest(**values, dense=dense)


def write_manifest(generation: Path, manifest: IndexManifest) -> None:
    """Replace a generation's manifest in one step."""
    write_json(generation / "manifest.json", asdict(manifest))


def read_json(path: Path) -> Any:
    """Return a JSON file's value; raise WorkspaceError where it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{path}: unreadable ({error}); delete {path.parent} and run `skillrouter index`"
        ) from error


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step."""
    _write_text(path, json.dumps(value))


def _write_text(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
