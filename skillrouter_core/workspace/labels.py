"""The use cases around what people say: saved queries, judgements, what waits for one.

Responsible for checking what is said before it is kept. Must not know how a
query is routed or a model is trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from db import label_queue
from db import labels as stored
from db import skills as stored_skills
from db.models import NAME_CHARS
from db.session import Database
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Judgement, QueuedSkill, SavedQuery

GRADES = (None, 0, 1, 2, 3)
NOTE_CHARS = 10_000
"""Longest note kept with a queued skill (characters); a longer one is refused."""


class Labels:
    """What can be done with queries and judgements; every call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def save_query(
        self, text: str, suite: str = "default", expected: Sequence[str] = (), author: str = ""
    ) -> SavedQuery:
        """Keep a query for rerun; the same text again in a suite replaces what it expects."""
        text = _query_text(text)
        suite = _label("suite", suite)
        with self._database.write() as session:
            return stored.save_query(session, text, suite, tuple(expected), author)

    def queries(self, suite: str | None = None) -> tuple[SavedQuery, ...]:
        """Return the saved queries, of one suite if named, oldest first."""
        with self._database.read() as session:
            return stored.queries(session, suite)

    def suites(self) -> tuple[str, ...]:
        """Return the names of the suites, sorted."""
        with self._database.read() as session:
            return stored.suites(session)

    def remove_query(self, query_id: int) -> None:
        """Delete a saved query; judgements of the same text stay."""
        with self._database.write() as session:
            stored.remove_query(session, query_id)

    def judge(self, query_text: str, skill_id: str, grade: int | None, annotator: str) -> Judgement:
        """Append a verdict on a skill's present text, and return it.

        `grade`: 3 right, 2 useful, 1 related, 0 wrong, None "can't tell". Raises `UsageError`
        for another grade or an empty name, `NotFoundError` for a skill never imported.
        """
        if isinstance(grade, bool) or grade not in GRADES:
            raise UsageError(f'grade {grade!r}; give 3, 2, 1, 0, or none for "can\'t tell"')
        query_text, annotator = _query_text(query_text), _label("annotator", annotator)
        with self._database.write() as session:
            digest = stored_skills.current_hash(session, skill_id)
            return stored.add_judgement(session, query_text, skill_id, digest, grade, annotator)

    def undo(self, judgement_id: int) -> Judgement:
        """Take a verdict back and return it; what the annotator said before counts again."""
        with self._database.write() as session:
            return stored.undo(session, judgement_id)

    def judgements(self, query_text: str | None = None) -> tuple[Judgement, ...]:
        """Return the verdicts that count, oldest first, of one query if given.

        Of each annotator, query and skill that is the newest one not taken back.
        """
        if query_text is not None:
            query_text = query_text.strip()
        with self._database.read() as session:
            return stored.judgements(session, query_text)

    def enqueue(self, skill_ids: Sequence[str], author: str, note: str = "") -> int:
        """Put live skills aside to be labelled, with their present texts; return how many.

        Those that wait already are passed over. Raises `NotFoundError` where a skill is in no
        catalog, `UsageError` for an author without a name or a note over 10,000 characters;
        nothing is queued then.
        """
        author, note = _label("author", author), note.strip()
        if len(note) > NOTE_CHARS:
            raise UsageError(
                f"the note has {len(note)} characters; shorten it to at most {NOTE_CHARS}"
            )
        with self._database.write() as session:
            return label_queue.enqueue(session, skill_ids, author, note)

    def dequeue(self, skill_ids: Sequence[str], author: str) -> int:
        """Take skills out of the queue; return how many waited.

        Those that do not wait are passed over.
        """
        author = _label("author", author)
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


def _query_text(text: str) -> str:
    if not text.strip():
        raise UsageError("the query is empty; write what the agent should do")
    return text.strip()


def _label(what: str, value: str) -> str:
    value = value.strip()
    if not value or len(value) > NAME_CHARS:
        raise UsageError(f"{what} {value[:80]!r}; give one of 1 to {NAME_CHARS} characters")
    return value
