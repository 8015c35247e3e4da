"""What people say of queries and skills.

Responsible for saved queries, judgements, settlements and what waits for a judgement; what
annotators do event by event is in `label_events`. Must not know how any of them is stored or
used.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Split(StrEnum):
    """Which side of training a query is on; all copies of a text are on the same side."""

    TRAIN = "train"
    HELD_OUT = "held-out"


class QuerySource(StrEnum):
    """Where a query came from."""

    ROUTE = "route"
    TYPED = "typed"
    UPLOAD = "upload"
    EVAL_CORE = "eval-core"


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query kept for rerun and for labelling; `expected` are the skill ids that should answer it.

    `source` is a `QuerySource`, or empty in queries kept before sources were.
    """

    query_id: int
    text: str
    suite: str
    expected: tuple[str, ...]
    author: str
    created_at: datetime
    source: str = ""
    split: Split = Split.TRAIN


@dataclass(frozen=True, slots=True)
class NewQuery:
    """A query about to be kept; the same text may be there already.

    `expected` empty says nothing of what should answer it. `split` declares a side; None leaves
    the one that a kept copy has, else the one that the text decides.
    """

    text: str
    expected: tuple[str, ...] = ()
    split: Split | None = None


@dataclass(frozen=True, slots=True)
class SavedCounts:
    """What keeping a batch did: how many were new, changed one that was there, or changed none."""

    added: int
    updated: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class SuiteSize:
    """How many queries a suite has, on each side, and how many of them with an expected skill."""

    name: str
    queries: int
    train: int
    held_out: int
    expected: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's verdict on a query and a skill: 3 right, 2 useful, 1 related, 0 wrong.

    `grade` None means "can't tell". Append-only; the newest of an annotator counts. `seconds` is
    the time the person took, None where nobody measured it; `origin` says where the pair was
    shown ("route", "import", a queue's strategy).
    """

    judgement_id: int
    query_text: str
    skill_id: str
    content_hash: str
    grade: int | None
    annotator: str
    created_at: datetime
    seconds: float | None = None
    note: str = ""
    origin: str = ""


@dataclass(frozen=True, slots=True)
class NewJudgement:
    """A verdict about to be kept; fields as in `Judgement`.

    `content_hash` None stands for the skill's present text, `created_at` None for now. `token`
    is the sender's name for it: the same one again changes nothing.
    """

    query_text: str
    skill_id: str
    grade: int | None
    annotator: str
    content_hash: str | None = None
    created_at: datetime | None = None
    seconds: float | None = None
    note: str = ""
    origin: str = ""
    token: str | None = None


@dataclass(frozen=True, slots=True)
class Settlement:
    """The grade on which a conflict of several people was settled; the newest not undone counts."""

    settlement_id: int
    query_text: str
    skill_id: str
    content_hash: str
    grade: int | None
    note: str
    author: str
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
