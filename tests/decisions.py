"""Decisions made by hand, numbered and dated in the order they are made."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from skillrouter_core.records import Decision, Verdict

START = datetime(2026, 1, 1, tzinfo=UTC)
"""Day 0: when everything that is not said to be newer was first imported."""


def day(number: float) -> datetime:
    return START + timedelta(days=number)


class Log:
    """A list of decisions; each comes a day after the one before."""

    def __init__(self, hashes: dict[str, str]) -> None:
        """Take the hashes that skills have when they are decided on, by id."""
        self.decisions: list[Decision] = []
        self._hashes = hashes

    def add(
        self, verdict: Verdict | str, skill_id: str, other_id: str = "", *, author: str = "ann"
    ) -> Decision:
        number = len(self.decisions) + 1
        made = Decision(
            decision_id=number,
            verdict=Verdict(verdict),
            skill_id=skill_id,
            content_hash=self._hashes[skill_id],
            other_id=other_id,
            other_hash=self._hashes.get(other_id, ""),
            note="",
            author=author,
            created_at=day(number),
        )
        self.decisions.append(made)
        return made

    def undo(self, number: int) -> None:
        """Take back decision `number` (from 1)."""
        at = number - 1
        self.decisions[at] = replace(
            self.decisions[at], undone_at=day(len(self.decisions) + 1), undone_by="bob"
        )
