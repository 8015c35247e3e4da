"""The tables of what people say: queries, judgements, what waits for one, settlements.

Responsible for what is stored of labelling. Must not know any query of the database, nor who
labels in which order.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Double, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import HASH, ID_CHARS, NAME_CHARS, Base


class QueryRow(Base):
    """A query kept for rerun; one suite holds a text once."""

    __tablename__ = "queries"
    __table_args__ = (UniqueConstraint("suite", "text_key", name="uq_queries_suite"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text_key: Mapped[str] = mapped_column(HASH)
    suite: Mapped[str] = mapped_column(String(NAME_CHARS))
    text: Mapped[str]
    expected: Mapped[list[str]] = mapped_column(JSON)
    author: Mapped[str]
    created_at: Mapped[datetime]
    source: Mapped[str] = mapped_column(String(NAME_CHARS), server_default=sql("''"))
    split: Mapped[str] = mapped_column(String(20), server_default=sql("'train'"), index=True)


class JudgementRow(Base):
    """One verdict of one person; append-only.

    Not tied to the skill by a foreign key: a verdict outlives whatever happens to its skill.
    `seconds` is the time the person took, None where nobody measured it; `token` is given by
    whoever sends the verdict, so that one sent twice is kept once.
    """

    __tablename__ = "judgements"
    __table_args__ = (Index("uq_judgements_token", "token", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    query_key: Mapped[str] = mapped_column(HASH, index=True)
    query_text: Mapped[str]
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    content_hash: Mapped[str] = mapped_column(HASH, index=True)
    grade: Mapped[int | None]
    annotator: Mapped[str] = mapped_column(String(NAME_CHARS))
    created_at: Mapped[datetime]
    seconds: Mapped[float | None] = mapped_column(Double)
    note: Mapped[str] = mapped_column(server_default=sql("''"))
    origin: Mapped[str] = mapped_column(String(50), server_default=sql("''"))
    token: Mapped[str | None] = mapped_column(String(64))


class JudgementUndoRow(Base):
    """The event that takes a judgement back; append-only. `author` is empty in old ones."""

    __tablename__ = "judgement_undos"

    judgement_id: Mapped[int] = mapped_column(ForeignKey("judgements.id"), primary_key=True)
    at: Mapped[datetime]
    author: Mapped[str] = mapped_column(String(NAME_CHARS), server_default=sql("''"))


class LabelSkipRow(Base):
    """One person leaving a query-skill pair for later; append-only."""

    __tablename__ = "label_skips"

    id: Mapped[int] = mapped_column(primary_key=True)
    query_key: Mapped[str] = mapped_column(HASH)
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS))
    annotator: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    created_at: Mapped[datetime]
    token: Mapped[str | None] = mapped_column(String(64), unique=True)


class LabelClaimRow(Base):
    """A pair in one person's hands until a moment; `place` tells apart those who share a pair.

    The key makes a second person's claim of the same place fail. Rows are deleted once the pair
    is graded, skipped or given back, and may be taken over once `until` has passed.
    """

    __tablename__ = "label_claims"

    query_key: Mapped[str] = mapped_column(HASH, primary_key=True)
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    annotator: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    until: Mapped[datetime]


class QueuedRow(Base):
    """A skill put aside to be labelled, with the text it had then; append-only.

    Not tied to the skill by a foreign key, like a judgement.
    """

    __tablename__ = "label_queue"

    id: Mapped[int] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    content_hash: Mapped[str] = mapped_column(HASH)
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    note: Mapped[str]
    created_at: Mapped[datetime]


class QueuedRemovalRow(Base):
    """The event that takes a skill out of the queue, by whoever did; append-only."""

    __tablename__ = "label_queue_removals"

    queued_id: Mapped[int] = mapped_column(ForeignKey("label_queue.id"), primary_key=True)
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    at: Mapped[datetime]


class SettlementRow(Base):
    """The grade on which a conflict of several people was settled; append-only."""

    __tablename__ = "settlements"

    id: Mapped[int] = mapped_column(primary_key=True)
    query_key: Mapped[str] = mapped_column(HASH, index=True)
    query_text: Mapped[str]
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS))
    content_hash: Mapped[str] = mapped_column(HASH)
    grade: Mapped[int | None]
    note: Mapped[str]
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    created_at: Mapped[datetime]


class SettlementUndoRow(Base):
    """The event that takes a settlement back; append-only."""

    __tablename__ = "settlement_undos"

    settlement_id: Mapped[int] = mapped_column(ForeignKey("settlements.id"), primary_key=True)
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    at: Mapped[datetime]
