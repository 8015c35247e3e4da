"""Processes that are killed in the middle of changing an index folder.

They are forked from a server that has imported what they need, so that each costs little.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import alembic.command  # noqa: F401  # what the children would import one by one
import bm25s  # noqa: F401
import faiss  # noqa: F401

import skillrouter_core.route
import skillrouter_core.workspace.holding
import skillrouter_core.workspace.suites  # noqa: F401
from skillrouter_core.workspace import Workspace
from tests.fakes import FakeModels

CHANGES = frozenset({"os.rename", "os.mkdir", "os.rmdir", "os.remove"})
"""What changes the index folder: files put in place, folders made and removed."""

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload([__name__])


def killed(home: Path, step: int, move: str) -> bool:
    """Call one method of `indexing` in a process of its own; return whether it was killed.

    That is just before it changes the index folder once more than `step` times.
    """
    child = _processes.Process(target=_dying, args=(home, step, move))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def _dying(home: Path, step: int, move: str) -> None:
    steps = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        if event in CHANGES and "/index/" in os.fsdecode(arguments[0]):  # type: ignore[arg-type]
            steps += 1
            if steps > step:
                os.kill(os.getpid(), signal.SIGKILL)

    with Workspace.open(home, models=FakeModels()) as ws:
        sys.addaudithook(watch)
        getattr(ws.indexing, move)()
