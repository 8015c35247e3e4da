"""Jobs as rows: their state, their heartbeat, the wish to cancel.

Must not know processes; `skillrouter_core.jobs` starts and watches those.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from db.columns import utc_now
from db.models import JobRow
from db.session import Database
from skillrouter_core.errors import NotFoundError
from skillrouter_core.progress import Progress
from skillrouter_core.records import Job, JobState

ACTIVE = (JobState.QUEUED, JobState.RUNNING)


@dataclass(frozen=True, slots=True)
class Pulse:
    """A job with what only its watcher needs: `silent_seconds` since its last heartbeat."""

    job: Job
    silent_seconds: float
    cancel_requested: bool


def add(session: Session, kind: str, params: dict[str, str]) -> Job:
    """Queue a job and return it."""
    now = utc_now()
    row = JobRow(
        kind=kind,
        params=params,
        state=JobState.QUEUED,
        stage="",
        done=0,
        total=0,
        seconds=0.0,
        unit="",
        message="",
        cancel_requested=False,
        created_at=now,
        heartbeat_at=now,
    )
    session.add(row)
    session.flush()
    return _job(row)


def pulse(session: Session, job_id: int) -> Pulse:
    """Return a job and how long it has been silent; raise `NotFoundError` without one."""
    row = session.get(JobRow, job_id)
    if row is None:
        raise NotFoundError(f"no job has the number {job_id}; see the recent ones")
    return _pulse(row, utc_now())


def recent(session: Session, limit: int) -> tuple[Pulse, ...]:
    """Return the newest jobs, newest first."""
    now = utc_now()
    rows = session.scalars(select(JobRow).order_by(JobRow.id.desc()).limit(limit))
    return tuple(_pulse(row, now) for row in rows)


def claim(session: Session, job_id: int, pid: int) -> bool:
    """Make a queued job this process's; return False where it is not waiting any more."""
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is None or row.state != JobState.QUEUED:
        return False
    now = utc_now()
    row.state, row.pid, row.started_at, row.heartbeat_at = JobState.RUNNING, pid, now, now
    return True


def heartbeat(database: Database, job_id: int, progress: Progress | None) -> bool:
    """Note that the job lives and how far it is; return whether it has been asked to stop.

    Returns False, with nothing noted, while the database cannot be written to (another writer
    is long at work, a server restarts): a beat is repeated soon, so missing one does no harm.
    """
    try:
        with database.write() as session:
            return _beat(session, job_id, progress)
    except OperationalError:
        return False


def _beat(session: Session, job_id: int, progress: Progress | None) -> bool:
    row = session.get_one(JobRow, job_id)
    row.heartbeat_at = utc_now()
    if progress is not None:
        row.stage, row.unit = progress.stage, progress.unit
        row.done, row.total, row.seconds = progress.done, progress.total, progress.seconds
    return row.cancel_requested


def request_cancel(session: Session, job_id: int) -> None:
    """Ask an active job to stop; one that has ended is left alone."""
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is not None and row.state in ACTIVE:
        row.cancel_requested = True


def finish(session: Session, job_id: int, state: JobState, message: str) -> None:
    """Record how a job ended; the first record stands, but for a lost job that turns up again."""
    row = session.get(JobRow, job_id, with_for_update=True)
    if row is None:
        return
    if row.state in ACTIVE or (row.state == JobState.LOST and state is not JobState.LOST):
        row.state, row.message, row.finished_at = state, message, utc_now()


def _pulse(row: JobRow, now: datetime) -> Pulse:
    return Pulse(_job(row), (now - row.heartbeat_at).total_seconds(), row.cancel_requested)


def _job(row: JobRow) -> Job:
    progress = Progress(row.stage, row.done, row.total, row.seconds, row.unit)
    return Job(
        job_id=row.id,
        kind=row.kind,
        params=dict(row.params),
        state=JobState(row.state),
        progress=progress if row.stage else None,
        message=row.message,
        created_at=row.created_at,
        finished_at=row.finished_at,
    )
