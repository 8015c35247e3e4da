"""What people decide about near-copies: checked, then appended.

Responsible for refusing decisions that mean nothing and for naming the texts decided on.
Must not know how near-copies are found, nor what becomes of a group once it is decided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from db import decisions as stored
from db import skills as stored_skills
from db.decisions import NewDecision
from db.models import NAME_CHARS
from db.session import Database
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Choice, Decision, Verdict

NAMES_ANOTHER = frozenset({Verdict.MERGE, Verdict.DISTINCT})
"""Verdicts about two skills; the others are about one."""

NOTE_CHARS = 10_000
"""Longest note kept (characters); a longer one is refused."""


class Deciding:
    """Appends and reads decisions; every call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def decide(self, choices: Sequence[Choice], author: str) -> tuple[Decision, ...]:
        """Append decisions on the skills' present texts, all or none; return them in order.

        Raises UsageError for a choice that means nothing, NotFoundError for a skill never
        imported.
        """
        author = _author(author)
        for choice in choices:
            _require_meaning(choice)
        named = {one for choice in choices for one in (choice.skill_id, choice.other_id) if one}
        with self._database.write() as session:
            hashes = {one: stored_skills.current_hash(session, one) for one in sorted(named)}
            return stored.add(session, [_new(choice, hashes, author) for choice in choices])

    def undo(self, decision_ids: Sequence[int], author: str) -> tuple[Decision, ...]:
        """Take decisions back, all or none; what was decided before counts again."""
        author = _author(author)
        with self._database.write() as session:
            return stored.undo(session, decision_ids, author)

    def all(
        self, skill_ids: Sequence[str] | None = None, *, undone: bool = False
    ) -> tuple[Decision, ...]:
        """Return decisions, oldest first; of some skills if given, with undone ones if asked."""
        with self._database.read() as session:
            return stored.decisions(session, skill_ids, undone=undone)

    def last(self, author: str) -> Decision | None:
        """Return an author's newest decision that counts, or None."""
        with self._database.read() as session:
            return stored.last(session, _author(author))

    def token(self) -> tuple[int, int, int]:
        """Return what changes with every decision and every undo; cheap."""
        with self._database.read() as session:
            return stored.token(session)


def _new(choice: Choice, hashes: Mapping[str, str], author: str) -> NewDecision:
    return NewDecision(
        verdict=choice.verdict,
        skill_id=choice.skill_id,
        content_hash=hashes[choice.skill_id],
        other_id=choice.other_id,
        other_hash=hashes.get(choice.other_id, ""),
        note=choice.note.strip(),
        author=author,
    )


def _require_meaning(choice: Choice) -> None:
    verdict, named = choice.verdict, f"{choice.skill_id!r}"
    if verdict in NAMES_ANOTHER and not choice.other_id:
        what = "the skill it is merged into" if verdict is Verdict.MERGE else "the other skill"
        raise UsageError(f"{verdict} for {named} names no other skill; name {what}")
    if verdict not in NAMES_ANOTHER and choice.other_id:
        raise UsageError(
            f"{verdict} for {named} is about one skill; leave {choice.other_id!r} out, "
            "or decide merge or distinct"
        )
    if choice.other_id == choice.skill_id:
        raise UsageError(f"{verdict} for {named} names the same skill twice; name another")
    if len(choice.note) > NOTE_CHARS:
        raise UsageError(
            f"the note for {named} has {len(choice.note)} characters; "
            f"shorten it to at most {NOTE_CHARS}"
        )


def _author(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_CHARS:
        raise UsageError(f"author {name[:80]!r}; give a name of 1 to {NAME_CHARS} characters")
    return name
