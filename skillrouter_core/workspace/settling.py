"""The use cases around settling what several people disagree on.

Responsible for checking a settlement before it is kept. Must not know what makes a conflict.
"""

from __future__ import annotations

from db import label_version, text_hashes
from db import settlements as stored
from skillrouter_core.records import NewJudgement, Settlement
from skillrouter_core.workspace import label_checks as checks
from skillrouter_core.workspace.label_part import LabelPart


class Settling(LabelPart):
    """What can be done with settlements."""

    def settle(
        self,
        query_text: str,
        skill_id: str,
        grade: int | None,
        author: str,
        note: str = "",
        *,
        content_hash: str | None = None,
    ) -> Settlement:
        """Append the grade on which a pair is settled, and return it; errors as in `judge`."""
        author = checks.label("author", author)
        new = checks.judgement(
            NewJudgement(query_text, skill_id, grade, author, content_hash, note=note)
        )
        with label_version.turn(self._database) as session:
            digest = text_hashes.hash_of(session, new.skill_id, new.content_hash)
            return stored.add(session, new, digest)

    def undo_settlement(self, settlement_id: int, author: str) -> Settlement:
        """Take a settlement back and return it; the one before it, if any, counts again."""
        author = checks.label("author", author)
        with label_version.turn(self._database) as session:
            return stored.undo(session, settlement_id, author)[0]

    def settlements(self) -> tuple[Settlement, ...]:
        """Return those that count, oldest first: of each pair the newest not taken back."""
        with self._database.read() as session:
            return stored.settlements(session)
