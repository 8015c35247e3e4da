"""How many pairs a person graded today, and how quickly.

Responsible for that count, kept up to date verdict by verdict. Must not know how it is shown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.label.events import Said
from skillrouter_core.records import EventKind
from skillrouter_core.records.agreement import Pace

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

_DAY = "labelled today"


@dataclass(frozen=True, slots=True)
class Day:
    """What one person did since midnight, with active seconds where they were measured."""

    annotator: str
    done: Pace

    @property
    def per_hour(self) -> int | None:
        """Pairs in an hour of active time; None before any was measured."""
        return None if self.done.per_hour is None else round(self.done.per_hour)


def count_day(ws: Workspace, annotator: str, now: datetime | None = None) -> None:
    """Count a person's day from the record; once for each drawing of the page."""
    present = now or datetime.now().astimezone()
    midnight = present.replace(hour=0, minute=0, second=0, microsecond=0)
    said = [
        past.judgement.seconds
        for past in ws.labels.history(annotator)
        if not past.undone and past.judgement.created_at >= midnight
    ]
    timed = [seconds for seconds in said if seconds is not None]
    st.session_state[_DAY] = Day(annotator, Pace(len(said), len(timed), sum(timed)))


def day() -> Day:
    """Return the day as it was counted last."""
    counted: Day = st.session_state[_DAY]
    return counted


def add(said: Iterable[Said], kept: Mapping[str, bool]) -> None:
    """Count events that were kept for the first time; `kept` tells it by token."""
    counted = day()
    done = counted.done
    for each in said:
        event = each.event
        if not kept.get(event.token) or each.annotator != counted.annotator:
            continue
        if event.kind == EventKind.UNDO:
            done = replace(done, verdicts=max(done.verdicts - 1, 0))
        elif event.kind == EventKind.GRADE:
            timed, seconds = int(event.seconds is not None), event.seconds or 0.0
            done = Pace(done.verdicts + 1, done.timed + timed, done.seconds + seconds)
    st.session_state[_DAY] = replace(counted, done=done)
