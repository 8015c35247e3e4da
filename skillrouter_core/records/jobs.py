"""Long work as the database last heard of it.

Responsible for the record of a job. Must not know what any job does.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from skillrouter_core.progress import Progress


class JobState(StrEnum):
    """Where a job stands; `lost` means its process died without a word."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Job:
    """A long piece of work in its own process, as the database last heard of it."""

    job_id: int
    kind: str
    params: dict[str, str] = field(hash=False)
    state: JobState
    progress: Progress | None
    message: str
    created_at: datetime
    finished_at: datetime | None
