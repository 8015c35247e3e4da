"""A program that runs jobs of made-up kinds: `python -m tests.fake_jobs <home> <job number>`."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping

from skillrouter_core import jobs
from skillrouter_core.errors import SourceError
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.workspace import Workspace
from tests.stores import many

MODULE = "tests.fake_jobs"


def steps(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Count to `steps`, a fiftieth of a second each."""
    total = int(params["steps"])
    meter = Meter(listener, "Counting", total, unit="steps", interval=0)
    for _ in range(total):
        time.sleep(0.02)
        meter.advance()
    return f"counted to {total}"


def store(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Store made-up skills, holding the write lock for a while."""

    def slow(progress: object) -> None:
        listener(progress)  # type: ignore[arg-type]
        time.sleep(0.2)

    report = ws.catalogs.store(many(int(params["skills"])), slow)
    return f"{report.added} added"


def refuse(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Fail the way the library fails on purpose."""
    raise SourceError("/nowhere is not a folder; check the path")


def crash(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Fail the way nobody foresaw."""
    return f"{1 / 0}"


def vanish(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Leave without a word to the database."""
    sys.stderr.write("the ground is opening\n")
    sys.stderr.flush()

    os._exit(3)


def describe(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    """Say what the process is like."""

    own_session = os.getsid(0) == os.getpid()
    return f"nice={os.nice(0)} own_session={own_session} safe_path={sys.flags.safe_path}"


FAKES = {
    "steps": steps,
    "store": store,
    "refuse": refuse,
    "crash": crash,
    "vanish": vanish,
    "describe": describe,
}

if __name__ == "__main__":
    jobs.KINDS.update(FAKES)
    raise SystemExit(jobs.main())
