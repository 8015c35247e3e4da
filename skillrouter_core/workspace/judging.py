"""The use cases around verdicts: grading, skipping, taking back, what was said.

Responsible for checking what is said before it is kept, once however often it is sent. Must not
know how a query is routed, which pair comes next, or how a model is trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from db import label_events, label_version, skips, text_hashes
from db import labels as stored
from skillrouter_core.errors import UsageError
from skillrouter_core.records import (
    Judgement,
    LabelAck,
    LabelAction,
    LabelEvent,
    NewJudgement,
    PastJudgement,
    SavedCounts,
    Skip,
    VerdictKey,
)
from skillrouter_core.workspace import label_checks as checks
from skillrouter_core.workspace.label_part import LabelPart

RECENT = 50
"""How many of a person's last actions are listed to be taken back."""


class Judging(LabelPart):
    """What can be done with judgements and skips."""

    def judge(
        self,
        query_text: str,
        skill_id: str,
        grade: int | None,
        annotator: str,
        *,
        seconds: float | None = None,
        note: str = "",
        origin: str = "",
        token: str | None = None,
        content_hash: str | None = None,
    ) -> Judgement:
        """Append a verdict on a skill's text, and return it.

        `grade`: 3 right, 2 useful, 1 related, 0 wrong, None "can't tell". `content_hash` names
        the text that was shown, by default the present one; `seconds` beyond an hour are kept as
        an hour. The same `token` again returns the first verdict and changes nothing. Raises
        `UsageError` for a value that means nothing, `NotFoundError` for a skill never imported
        or a text never seen.
        """
        new = checks.judgement(
            NewJudgement(
                query_text=query_text,
                skill_id=skill_id,
                grade=grade,
                annotator=annotator,
                content_hash=content_hash,
                seconds=seconds,
                note=note,
                origin=origin,
                token=token,
            )
        )
        with label_version.turn(self._database) as session:
            return label_events.grade(session, new)

    def add_judgements(self, rows: Sequence[NewJudgement]) -> SavedCounts:
        """Append verdicts made elsewhere, all or none; `updated` is always 0.

        One that is there already, by its token or because the same person said the same of the
        same at the same moment, is unchanged, taken back or not. Of what one annotator said of a
        pair the newest counts, whenever it was imported. Errors as in `judge`.
        """
        new = [checks.judgement(row) for row in rows]
        with label_version.turn(self._database) as session:
            present = text_hashes.present_hashes(session, {row.skill_id for row in new})
            text_hashes.require(session, {row.content_hash for row in new if row.content_hash})
            pairs = [(row, row.content_hash or present[row.skill_id]) for row in new]
            added = stored.add_missing(session, pairs)
        return SavedCounts(added, 0, len(new) - added)

    def record(self, events: Sequence[LabelEvent], annotator: str) -> tuple[LabelAck, ...]:
        """Keep what a person did, in order and in one transaction; return an answer to each.

        Sent again, an event changes nothing and gets the same answer. A verdict or a skip gives
        back the pair that the person had claimed. One that cannot be kept is refused with the
        reason; the others are kept.
        """
        annotator = checks.label("annotator", annotator)
        checked = [_checked(event) for event in events]
        with label_version.turn(self._database) as session:
            return label_events.record(session, checked, annotator)

    def undo(self, judgement_id: int, author: str = "") -> Judgement:
        """Take a verdict back and return it; what the annotator said before counts again."""
        author = checks.optional_label("author", author)
        with label_version.turn(self._database) as session:
            return stored.undo(session, judgement_id, author)[0]

    def skip(
        self, query_text: str, skill_id: str, annotator: str, token: str | None = None
    ) -> Skip:
        """Leave a pair for later, and return the skip; errors and `token` as in `judge`."""
        query_text, skill_id = checks.query_text(query_text), checks.skill_id(skill_id)
        annotator = checks.label("annotator", annotator)
        token = None if token is None else checks.token(token)
        with label_version.turn(self._database) as session:
            return label_events.skip(session, query_text, skill_id, annotator, token)

    def undo_skip(self, skip_id: int, author: str = "") -> Skip:
        """Take a skip back and return it."""
        author = checks.optional_label("author", author)
        with label_version.turn(self._database) as session:
            return skips.undo(session, skip_id, author)[0]

    def judgements(self, query_text: str | None = None) -> tuple[Judgement, ...]:
        """Return the verdicts that count, oldest first, of one query if given.

        Of each annotator, query and skill that is the newest one not taken back.
        """
        if query_text is not None:
            query_text = query_text.strip()
        with self._database.read() as session:
            return stored.judgements(session, query_text)

    def history(self, annotator: str | None = None) -> tuple[PastJudgement, ...]:
        """Return everything ever said, of one annotator if given, oldest first."""
        with self._database.read() as session:
            return stored.history(session, annotator)

    def recent(self, annotator: str, limit: int = RECENT) -> tuple[LabelAction, ...]:
        """Return a person's last verdicts and skips, newest first, those taken back among them.

        The `token` of each is what an undo event names.
        """
        annotator = checks.label("annotator", annotator)
        with self._database.read() as session:
            return label_events.recent(session, annotator, limit)

    def skips(self, annotator: str | None = None) -> tuple[Skip, ...]:
        """Return the skips that nobody took back, of one annotator if given, oldest first."""
        with self._database.read() as session:
            return skips.skips(session, annotator)

    def verdict_keys(self, after: int = 0) -> tuple[VerdictKey, ...]:
        """Return who judged which pair, taken back or not, numbered above `after`, in order.

        Cheaper than `judgements`; no lower number turns up later.
        """
        with self._database.read() as session:
            return stored.verdict_keys(session, after)

    def undone_ids(self) -> frozenset[int]:
        """Return the numbers of the judgements that were taken back."""
        with self._database.read() as session:
            return stored.undone_ids(session)


def _checked(event: LabelEvent) -> LabelEvent | LabelAck:
    try:
        return checks.event(event)
    except UsageError as error:
        return LabelAck(event.token, False, str(error))
