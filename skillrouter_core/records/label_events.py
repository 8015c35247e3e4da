"""What annotators do, event by event, and who has which pair in hand.

Responsible for the records of grading, skipping, taking back and claiming. Must not know how any
of them is stored, nor which pair is handed out next.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from skillrouter_core.records.labels import Judgement


class EventKind(StrEnum):
    """What an annotator did with a pair of query and skill."""

    GRADE = "grade"
    SKIP = "skip"
    UNDO = "undo"


@dataclass(frozen=True, slots=True)
class LabelEvent:
    """One thing an annotator did, as a page sends it; sent twice, it is kept once.

    `token` is made by the sender: 1 to 64 letters, digits, hyphens or underscores, another for
    every event. `content_hash` names the text that was shown; None stands for the present one.
    An undo names the token of what it takes back in `undoes`, and needs no other field.
    """

    token: str
    kind: EventKind | str
    query_text: str = ""
    skill_id: str = ""
    content_hash: str | None = None
    grade: int | None = None
    seconds: float | None = None
    note: str = ""
    origin: str = ""
    undoes: str | None = None


@dataclass(frozen=True, slots=True)
class LabelAck:
    """The answer to one event: kept (now or by an earlier sending), or refused and why.

    Either is final: the sender forgets the event.
    """

    token: str
    ok: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LabelAction:
    """One verdict or skip of an annotator, newest first in their list; it can be taken back.

    `kind` is grade or skip, `id` the number of the judgement or of the skip. `token` is what an
    undo names, there whether or not the sender gave one. `query_text` is empty where a skipped
    query is no longer saved and was never judged.
    """

    kind: EventKind
    id: int
    token: str
    query_text: str
    skill_id: str
    grade: int | None
    note: str
    at: datetime
    undone: bool


@dataclass(frozen=True, slots=True)
class PastJudgement:
    """A verdict as history has it: `undone_at` is None while nobody has taken it back."""

    judgement: Judgement
    undone_at: datetime | None = None
    undone_by: str = ""

    @property
    def undone(self) -> bool:
        """Whether somebody has taken it back."""
        return self.undone_at is not None


@dataclass(frozen=True, slots=True)
class VerdictKey:
    """Who graded which pair how, without any text; numbers grow with every verdict."""

    judgement_id: int
    query_key: str
    skill_id: str
    annotator: str
    grade: int | None = None


@dataclass(frozen=True, slots=True)
class Skip:
    """One person leaving a pair for later."""

    skip_id: int
    query_key: str
    skill_id: str
    annotator: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A pair in one person's hands until a moment; `place` counts from 1 among those who may."""

    query_key: str
    skill_id: str
    place: int
    annotator: str
    until: datetime
