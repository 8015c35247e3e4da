"""What the labels come to, counted once: a plan asks for it at every choice.

Responsible for the counts that a plan needs of labels and skills, which take reading every skill
of the catalogs, and for keeping them until either changes. Must not know what a run would make of
them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from skillrouter_core.records.training import LabelCount

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of labels: by source and side, of queries to train on and their right answers.

    `left_out` are queries by the reason why they are not trained on, `held_out` the texts of those
    that numbers may be fitted on, `skills` how many there are.
    """

    counts: tuple[LabelCount, ...]
    queries: int
    right: int
    left_out: Mapping[str, int] = field(hash=False)
    held_out: tuple[str, ...]
    skills: int


class Tallies:
    """The tallies of one workspace, by what is asked, until labels, skills or an index change."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read."""
        self._ws = workspace
        self._lock = Lock()  # pages of several people ask at once
        self._known: dict[tuple[bool, str], tuple[object, Tally]] = {}

    def of(self, profile: str, *, shared_answers: bool) -> Tally:
        """Return the counts for runs of a profile; reads every skill where they are not known."""
        state = (
            self._ws.labels.version(),
            self._ws.catalogs.fingerprint(),
            self._ws.routing.version(profile),
        )
        with self._lock:
            kept = self._known.get((shared_answers, profile))
            if kept is None or kept[0] != state:
                kept = state, self._read(profile, shared_answers=shared_answers)
                self._known[shared_answers, profile] = kept
            return kept[1]

    def _read(self, profile: str, *, shared_answers: bool) -> Tally:
        from skillrouter_core.workspace.training_labels import Collector

        collector = Collector(self._ws, shared_answers=shared_answers, profile=profile)
        collected = collector.collect()
        return Tally(
            counts=collected.counts,
            queries=len(collected.queries),
            right=sum(len(one.targets) for one in collected.queries),
            left_out=dict(collected.left_out),
            held_out=tuple(one.text for one in collected.held_out),
            skills=len(collector.live),
        )
