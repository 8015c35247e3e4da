"""The table of jobs.

Responsible for what is stored of a job. Must not know what jobs do.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Double, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import Base


class JobRow(Base):
    """A long piece of work in its own process, and the last that was heard of it."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(50))
    params: Mapped[dict[str, str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20), index=True)
    stage: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double)
    unit: Mapped[str]
    message: Mapped[str]
    pid: Mapped[int | None]
    cancel_requested: Mapped[bool]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
