"""A finished generation that is not published yet, and an old one that goes on answering.

Responsible for the file that says so and for every move out of that state. Must not know why a
generation is held back, nor whose texts it was made of.

    index/<profile>/HELD       {"base": ..., "generation": ..., "details": {...}}

`base` is the published generation that answers meanwhile; the file counts only while it still
is, so whatever is published ends the state. `generation` is the one that waits, empty once
somebody has thrown it away to keep the old one. Written in one step after the generation is
complete, and thrown away before the generation's folder is: whoever dies in between leaves the
published index as it was and a folder that the next build clears away.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.index.generations import (
    HELD,
    LOCK_SECONDS,
    current_name,
    publish,
    read_manifest,
    write_json,
)


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The published generation `base` answers although the catalog has moved on.

    `generation` waits to be published; None once somebody chose to keep the old one. `details`
    are whatever the holder wrote.
    """

    base: str
    generation: Path | None
    details: Mapping[str, Any] = field(hash=False)


def held_back(folder: Path) -> HeldBack | None:
    """Return what is held back in a profile's folder, None where nothing is; cheap.

    A generation that is missing or that this program cannot read counts as thrown away.
    """
    try:
        values = json.loads((folder / HELD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise WorkspaceError(
            f"{folder / HELD}: unreadable ({error}); delete it and run `skillrouter index`"
        ) from error
    if values["base"] != current_name(folder):
        return None
    generation = folder / values["generation"] if values["generation"] else None
    return HeldBack(values["base"], _readable(generation), values["details"])


def hold(folder: Path, generation: Path, base: str, details: Mapping[str, Any]) -> None:
    """Hold a complete generation back while `base` answers; one held before is thrown away.

    Raises WorkspaceError where another index than `base` was published meanwhile.
    """
    with _moving(folder):
        _require_base(folder, base)
        values = {"base": base, "generation": generation.name, "details": dict(details)}
        write_json(folder / HELD, values)
        _clear_between(folder, base, generation.name)


def publish_over(folder: Path, generation: Path, base: str) -> None:
    """Publish a generation that was compared with `base`; nothing is held back afterwards.

    Raises WorkspaceError where another index than `base` was published meanwhile.
    """
    with _moving(folder):
        _require_base(folder, base)
        publish(folder, generation)


def publish_held(folder: Path, generation: Path) -> None:
    """Publish the generation that waits; raise IndexNotReadyError where another or none does."""
    with _moving(folder):
        _require_waiting(folder, generation)
        publish(folder, generation)


def discard_held(folder: Path, generation: Path) -> None:
    """Throw the waiting generation away and keep the published one with its own texts.

    Raises IndexNotReadyError where another or none waits.
    """
    with _moving(folder):
        held = _require_waiting(folder, generation)
        values = {"base": held.base, "generation": "", "details": dict(held.details)}
        write_json(folder / HELD, values)
        shutil.rmtree(generation, ignore_errors=True)  # the next build clears what is left


def release(folder: Path) -> None:
    """Hold nothing back any more: the published generation is of the present catalog again."""
    if not (folder / HELD).exists():
        return
    with _moving(folder):
        held = held_back(folder)
        (folder / HELD).unlink(missing_ok=True)
        if held is not None and held.generation is not None:
            shutil.rmtree(held.generation, ignore_errors=True)


@contextmanager
def _moving(folder: Path) -> Iterator[None]:
    """Keep other moves out for the milliseconds one takes; builds have a lock of their own."""
    try:
        with FileLock(folder / ".moves", timeout=LOCK_SECONDS):
            yield
    except Timeout as error:
        raise WorkspaceError(
            f"{folder}: another process has been publishing for over {LOCK_SECONDS:g} s; stop it, "
            "then try again"
        ) from error


def _readable(generation: Path | None) -> Path | None:
    if generation is None or not generation.is_dir():
        return None
    try:
        read_manifest(generation)
    except (IndexNotReadyError, WorkspaceError):
        return None  # of another version of the program, or half of it removed
    return generation


def _require_base(folder: Path, base: str) -> None:
    found = current_name(folder)
    if found != base:
        raise WorkspaceError(
            f"{folder}: index {found or 'none'} was published while another was compared with "
            f"{base}; run `skillrouter index` again"
        )


def _require_waiting(folder: Path, generation: Path) -> HeldBack:
    held = held_back(folder)
    if held is None or held.generation != generation:
        raise IndexNotReadyError(
            f"{generation}: this index is not held back any more; reload to see what is"
        )
    return held


def _clear_between(folder: Path, base: str, held: str) -> None:
    """Remove what was held before and what killed builds left, newer than the published one."""
    for old in folder.iterdir():
        if old.is_dir() and old.name.isdecimal() and base < old.name < held:
            shutil.rmtree(old, ignore_errors=True)  # a reader on Windows may still hold it
