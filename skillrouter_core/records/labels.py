"""What people say of queries and skills.

Responsible for saved queries, judgements and what waits for one. Must not know how any of
them is stored or used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query kept for rerun; `expected` are the skill ids that should answer it."""

    query_id: int
    text: str
    suite: str
    expected: tuple[str, ...]
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's verdict on a query and a skill: 3 right, 2 useful, 1 related, 0 wrong.

    `grade` None means "can't tell". Append-only; the newest of an annotator counts.
    """

    judgement_id: int
    query_text: str
    skill_id: str
    content_hash: str
    grade: int | None
    annotator: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class QueuedSkill:
    """A skill that waits to be labelled; `content_hash` is of the text it had when it was queued.

    Its text may have changed since, and its catalog may have lost it.
    """

    queued_id: int
    skill_id: str
    content_hash: str
    author: str
    note: str
    created_at: datetime
