"""How long work reports how far it is, and how it is told to stop.

Responsible for the progress record and the throttle between a tight loop and a
slow listener. Must not know who listens: a terminal, a database row, a page.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a piece of work is: `done` of `total` units after `seconds`.

    `total` is 0 while it is unknown.
    """

    stage: str
    done: int
    total: int
    seconds: float
    unit: str = "skills"

    @property
    def rate(self) -> float:
        """Units a second so far; 0 before the first."""
        return self.done / self.seconds if self.seconds > 0 else 0.0

    @property
    def remaining_seconds(self) -> float | None:
        """Seconds left at the present rate; None while it cannot be known."""
        if not self.total or not self.rate:
            return None
        return max(self.total - self.done, 0) / self.rate


ProgressListener = Callable[[Progress], None]
"""Called now and then with the state of the work; raises `Cancelled` to stop it."""


def silent(progress: Progress) -> None:
    """Listen to nothing."""


class Meter:
    """Counts units of one stage and tells a listener at most every `interval` seconds.

    The first and the last unit are always reported, so a listener sees 0 and 100%.
    """

    def __init__(
        self,
        listener: ProgressListener,
        stage: str,
        total: int,
        *,
        unit: str = "skills",
        interval: float = 0.2,
    ) -> None:
        """Start the clock; `total` is 0 where the amount of work is unknown."""
        self._listener, self._stage, self._total, self._unit = listener, stage, total, unit
        self._interval, self._started, self._told = interval, time.monotonic(), 0.0
        self.done = 0
        self._tell()

    def advance(self, units: int = 1) -> None:
        """Count `units` as finished; may raise what the listener raises (`Cancelled`)."""
        self.done += units
        due = time.monotonic() - self._told >= self._interval
        if due or self.done == self._total:
            self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        seconds = self._told - self._started
        self._listener(Progress(self._stage, self.done, self._total, seconds, self._unit))
