"""Files that are whole or not there.

Responsible for writing in one step, whatever happens half-way, and for errors a person can act
on. Must not know what is in a file.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from skillrouter_core.errors import WorkspaceError


def write_whole(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file beside its place, force it to disk, then rename it there.

    A process killed at any moment leaves the old file or the new one, and at most a `.new` file
    that nobody reads. Raises WorkspaceError where the folder cannot be written or is full.
    """
    fresh = path.with_name(f"{path.name}.{uuid4().hex[:8]}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with fresh.open("wb") as file:
                write(file)
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(path)
        finally:
            fresh.unlink(missing_ok=True)
        _sync_folder(path.parent)
    except OSError as error:
        raise WorkspaceError(
            f"{path} cannot be written ({error.strerror or error}); make room or fix the "
            "permissions of the workspace, then scan again"
        ) from error


def remove_abandoned(folder: Path, pattern: str, seconds: float, now: float) -> None:
    """Remove `.new` files that a killed process left `seconds` ago or earlier."""
    for path in folder.glob(f"{pattern}.new"):
        try:
            if now - path.stat().st_mtime >= seconds:
                path.unlink()
        except FileNotFoundError:  # its writer finished, or another process was quicker
            continue


def _sync_folder(folder: Path) -> None:
    """Force the rename itself to disk, where the system lets folders be opened."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
