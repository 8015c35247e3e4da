"""The use cases around skills that people put aside to be labelled.

Responsible for checking who queues what. Must not know in which order they are labelled.
"""

from __future__ import annotations

from collections.abc import Sequence

from db import label_queue
from skillrouter_core.records import QueuedSkill
from skillrouter_core.workspace import label_checks as checks
from skillrouter_core.workspace.label_part import LabelPart


class Waiting(LabelPart):
    """What can be done with the queue of skills."""

    def enqueue(self, skill_ids: Sequence[str], author: str, note: str = "") -> int:
        """Put live skills aside to be labelled, with their present texts; return how many.

        Those that wait already are passed over. Raises `NotFoundError` where a skill is in no
        catalog, `UsageError` for an author without a name or a note over 10,000 characters;
        nothing is queued then.
        """
        author, note = checks.label("author", author), checks.note(note)
        with self._database.write() as session:
            return label_queue.enqueue(session, skill_ids, author, note)

    def dequeue(self, skill_ids: Sequence[str], author: str) -> int:
        """Take skills out of the queue; return how many waited.

        Those that do not wait are passed over.
        """
        author = checks.label("author", author)
        with self._database.write() as session:
            return label_queue.dequeue(session, skill_ids, author)

    def queued(self) -> tuple[QueuedSkill, ...]:
        """Return the skills that wait to be labelled, oldest first.

        One that has left its catalog since is among them until somebody takes it out.
        """
        with self._database.read() as session:
            return label_queue.queued(session)

    def queued_ids(self) -> frozenset[str]:
        """Return the ids of the skills that wait; cheaper than `queued`."""
        with self._database.read() as session:
            return label_queue.waiting_ids(session)
