"""Long work in processes of its own, watched through the database.

Responsible for starting a job's process, for what runs inside it, and for telling
a living job from a dead one. Must not know who watches: a job outlives the server
that started it.

A job says every `BEAT_SECONDS` that it lives and holds a lock file while it does.
Silence alone is not death: the database may be locked for writing by the job's own
work. Silence and a free lock are.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from db import jobs as stored
from skillrouter_core.errors import Cancelled, SkillRouterError
from skillrouter_core.kinds import KINDS, function_of
from skillrouter_core.progress import Progress
from skillrouter_core.records import Job, JobState
from skillrouter_core.workspace import Workspace

__all__ = ["KINDS", "cancel", "get", "log_path", "main", "recent", "start"]

BEAT_SECONDS = 0.3
LOST_AFTER_SECONDS = 10.0
"""Silence of a running job after which its lock is tried."""
START_SECONDS = 60.0
"""The same for a job whose process is still starting: imports are slow on a busy machine."""
NICENESS = 10


def start(
    ws: Workspace, kind: str, params: Mapping[str, str], *, module: str = "skillrouter_core.jobs"
) -> Job:
    """Start a job in its own process and return it at once.

    It runs `python -m module <home> <job number>`, in a session of its own so that it outlives
    this process, with its output in `jobs/<number>.log`. Raises `UsageError` for an unknown kind.
    """
    function_of(kind)
    with ws.database.write() as session:
        job = stored.add(session, kind, dict(params))
    log = log_path(ws, job.job_id)
    command = [sys.executable, "-P", "-m", module, str(ws.home), str(job.job_id)]
    with log.open("wb") as output:
        _CHILDREN[log] = subprocess.Popen(  # noqa: S603  # our own interpreter and module
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(ws),
            start_new_session=True,
        )
    return job


def get(ws: Workspace, job_id: int) -> Job:
    """Return a job as it stands now; raise `NotFoundError` for an unknown number."""
    with ws.database.read() as session:
        pulse = stored.pulse(session, job_id)
    return _observed(ws, pulse)


def recent(ws: Workspace, limit: int = 20) -> tuple[Job, ...]:
    """Return the newest jobs, newest first."""
    with ws.database.read() as session:
        pulses = stored.recent(session, limit)
    return tuple(_observed(ws, pulse) for pulse in pulses)


def cancel(ws: Workspace, job_id: int) -> Job:
    """Ask a job to stop at its next step and return it; one that has ended is left alone."""
    get(ws, job_id)
    with ws.database.write() as session:
        stored.request_cancel(session, job_id)
    return get(ws, job_id)


def log_path(ws: Workspace, job_id: int) -> Path:
    """Return the file that holds what the job's process wrote."""
    return ws.home / "jobs" / f"{job_id}.log"


# ------------------------------------------------------------------------ the watching side

_CHILDREN: dict[Path, subprocess.Popen[bytes]] = {}
"""Processes this one started, by log file: polled, so that they do not stay as zombies."""


def _observed(ws: Workspace, pulse: stored.Pulse) -> Job:
    """Return the job, marked lost if its process is gone."""
    job = pulse.job
    exited = _has_exited(log_path(ws, job.job_id))
    if job.state not in stored.ACTIVE or not (exited or _is_dead(ws, pulse)):
        return job
    message = (
        "the job's process ended without a word (killed, out of memory, or a restart); "
        f"start it again. Its log: {log_path(ws, job.job_id)}{_last_words(ws, job.job_id)}"
    )
    with ws.database.write() as session:
        # Leaves the job alone if its process got to record its end meanwhile.
        stored.finish(session, job.job_id, JobState.LOST, message)
        return stored.pulse(session, job.job_id).job


def _has_exited(log: Path) -> bool:
    """Return whether this process started the job and has seen it end; leaves no zombie."""
    child = _CHILDREN.get(log)
    if child is None or child.poll() is None:
        return False
    _CHILDREN.pop(log, None)
    return True


def _is_dead(ws: Workspace, pulse: stored.Pulse) -> bool:
    """Return whether a job of any process has been silent for long and holds no lock."""
    queued = pulse.job.state is JobState.QUEUED
    if pulse.silent_seconds < (START_SECONDS if queued else LOST_AFTER_SECONDS):
        return False
    try:
        with _lock(ws, pulse.job.job_id, 0):
            return True
    except Timeout:
        return False


def _last_words(ws: Workspace, job_id: int) -> str:
    try:
        text = log_path(ws, job_id).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    lines = text.strip().splitlines()
    return f" ({lines[-1][:500]})" if lines else ""


def _lock(ws: Workspace, job_id: int, seconds: float) -> FileLock:
    return FileLock(log_path(ws, job_id).with_suffix(".lock"), timeout=seconds)


def _environment(ws: Workspace) -> dict[str, str]:
    """Return the child's environment: the same workspace, this very code, patient threads."""
    environment = {
        **os.environ,
        "SKILLROUTER_HOME": str(ws.home),
        "SKILLROUTER_DATABASE_URL": ws.database_url,
    }
    # Two processes' tensor threads spinning against each other are many times slower.
    environment.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    root = Path(__file__).parent.parent
    if root != Path(sysconfig.get_path("purelib")):
        inherited = [environment["PYTHONPATH"]] if environment.get("PYTHONPATH") else []
        environment["PYTHONPATH"] = os.pathsep.join([str(root), *inherited])
    return environment


# ------------------------------------------------------------------------ inside the job


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the job named by `<home> <job number>`; return 0 once done, else 1."""
    home, job_id = arguments if arguments is not None else sys.argv[1:]
    os.nice(NICENESS)
    with Workspace.open(Path(home)) as ws, _lock(ws, int(job_id), START_SECONDS):
        with ws.database.write() as session:
            if not stored.claim(session, int(job_id), os.getpid()):
                return 1
        return 0 if _run(ws, int(job_id)) is JobState.DONE else 1


def _run(ws: Workspace, job_id: int) -> JobState:
    with ws.database.read() as session:
        job = stored.pulse(session, job_id).job
    heart = _Heart(ws, job_id)
    try:
        with heart.beating():
            message = function_of(job.kind)(ws, job.params, heart.listen)
        state = JobState.DONE
    except Cancelled as error:
        state, message = JobState.CANCELLED, str(error)
    except SkillRouterError as error:
        state, message = JobState.FAILED, str(error)
    except Exception as error:
        log = log_path(ws, job_id)
        _finish(ws, job_id, JobState.FAILED, f"{type(error).__name__}: {error}; see {log}")
        raise
    _finish(ws, job_id, state, message)
    return state


def _finish(ws: Workspace, job_id: int, state: JobState, message: str) -> None:
    with ws.database.write() as session:
        stored.finish(session, job_id, state, message)


class _Heart:
    """Beats in a thread of its own, and is the listener that the work tells its progress.

    The listener writes nothing: the work may hold the database's write lock when it calls.
    """

    def __init__(self, ws: Workspace, job_id: int) -> None:
        self._ws, self._job_id = ws, job_id
        self._progress: Progress | None = None
        self._cancel, self._stop = threading.Event(), threading.Event()

    def listen(self, progress: Progress) -> None:
        """Take note of the progress; raise `Cancelled` if a person asked to stop."""
        self._progress = progress
        if self._cancel.is_set():
            raise Cancelled("stopped on request; what was finished is kept")

    @contextmanager
    def beating(self) -> Iterator[None]:
        """Beat until the block ends, and once more with the last progress."""
        self._beat()
        thread = threading.Thread(target=self._beat_on, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            thread.join()
            self._beat()

    def _beat_on(self) -> None:
        while not self._stop.wait(BEAT_SECONDS):
            self._beat()

    def _beat(self) -> None:
        if stored.heartbeat(self._ws.database, self._job_id, self._progress):
            self._cancel.set()


if __name__ == "__main__":
    raise SystemExit(main())
