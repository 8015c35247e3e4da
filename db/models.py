"""The tables, as SQLAlchemy models.

Responsible for what is stored and what constrains it. Must not know any query;
rows never leave this package. Every change here needs a migration beside it
(a test compares the two).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Double, ForeignKey, Index, MetaData, String, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from db.columns import StoredText, UtcDateTime

HASH = String(64)
ID_CHARS = 500
"""Longest skill id kept (characters); a longer one is left out of an import, with an issue."""
NAME_CHARS = 200
"""Longest catalog, category, suite or annotator name (characters)."""
CATALOG_FINGERPRINT = "catalog_fingerprint"
"""Name of the `meta` row that holds the digest over all live skills; writers lock this row."""


class Base(DeclarativeBase):
    """Base of all models; constraints get predictable names, so migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {str: StoredText, datetime: UtcDateTime}  # noqa: RUF012


class MetaRow(Base):
    """One named value of the whole workspace."""

    __tablename__ = "meta"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    value: Mapped[str]


class CatalogRow(Base):
    """A named source; removed ones stay, so that their skills' labels keep an owner."""

    __tablename__ = "catalogs"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    source: Mapped[str]
    synced_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]


class ImportIssueRow(Base):
    """A file that the latest sync of a catalog left out or repaired."""

    __tablename__ = "import_issues"

    id: Mapped[int] = mapped_column(primary_key=True)
    catalog_id: Mapped[int] = mapped_column(ForeignKey("catalogs.id"), index=True)
    path: Mapped[str]
    line: Mapped[int | None]
    reason: Mapped[str]
    imported: Mapped[bool]


class TextRow(Base):
    """One version of a skill's text, stored once whoever has it; never changed or deleted.

    The body comes last: SQLite then lists the other columns without reading its pages.
    """

    __tablename__ = "texts"

    content_hash: Mapped[str] = mapped_column(HASH, primary_key=True)
    name: Mapped[str]
    description: Mapped[str]
    body_chars: Mapped[int]
    body: Mapped[str]


class SkillRecord(Base):
    """A skill as it stands now; `removed_at` is set while its source no longer has it.

    `category` is the one that counts: what people assigned, else `own_category`, the source's.
    `normalised_name` is cut to its column, `search_text` is the folded text that search looks in.
    """

    __tablename__ = "skills"
    __table_args__ = (
        # With the id last, these also give a listing its order.
        Index("ix_skills_live_catalog", "catalog_id", "removed_at", "skill_id"),
        Index("ix_skills_live_category", "category", "removed_at", "skill_id"),
        Index("ix_skills_live_name", "normalised_name", "removed_at", "skill_id"),
    )

    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), primary_key=True)
    catalog_id: Mapped[int] = mapped_column(ForeignKey("catalogs.id"))
    content_hash: Mapped[str] = mapped_column(HASH, ForeignKey("texts.content_hash"), index=True)
    first_seen: Mapped[datetime]
    changed_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    category: Mapped[str] = mapped_column(String(NAME_CHARS))
    normalised_name: Mapped[str] = mapped_column(String(NAME_CHARS))
    problems: Mapped[list[str]] = mapped_column(JSON)
    source: Mapped[str]
    path: Mapped[str]
    search_text: Mapped[str]
    own_category: Mapped[str] = mapped_column(String(NAME_CHARS), server_default=text("''"))
    assigned_category: Mapped[str | None] = mapped_column(String(NAME_CHARS))


class SkillEventRow(Base):
    """One line of a skill's history; append-only."""

    __tablename__ = "skill_events"

    id: Mapped[int] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(
        String(ID_CHARS), ForeignKey("skills.skill_id"), index=True
    )
    kind: Mapped[str] = mapped_column(String(20))
    content_hash: Mapped[str] = mapped_column(HASH, ForeignKey("texts.content_hash"), index=True)
    at: Mapped[datetime]


class CategoryEventRow(Base):
    """One person giving a skill a category; append-only.

    `category` is what they gave and `previous` what was given before; None is the source's own.
    """

    __tablename__ = "category_events"
    __table_args__ = (Index("ix_category_events_author_at", "author", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    skill_id: Mapped[str] = mapped_column(
        String(ID_CHARS), ForeignKey("skills.skill_id"), index=True
    )
    category: Mapped[str | None] = mapped_column(String(NAME_CHARS))
    previous: Mapped[str | None] = mapped_column(String(NAME_CHARS))
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    at: Mapped[datetime]


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


class JudgementRow(Base):
    """One verdict of one person; append-only.

    Not tied to the skill by a foreign key: a verdict outlives whatever happens to its skill.
    """

    __tablename__ = "judgements"

    id: Mapped[int] = mapped_column(primary_key=True)
    query_key: Mapped[str] = mapped_column(HASH, index=True)
    query_text: Mapped[str]
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    content_hash: Mapped[str] = mapped_column(HASH, index=True)
    grade: Mapped[int | None]
    annotator: Mapped[str] = mapped_column(String(NAME_CHARS))
    created_at: Mapped[datetime]


class JudgementUndoRow(Base):
    """The event that takes a judgement back; append-only."""

    __tablename__ = "judgement_undos"

    judgement_id: Mapped[int] = mapped_column(ForeignKey("judgements.id"), primary_key=True)
    at: Mapped[datetime]


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


class DecisionRow(Base):
    """One person's decision about a skill that has near-copies; append-only.

    Not tied to the skills by foreign keys, like a judgement. `other_id` and `other_hash` are
    empty where the verdict needs no second skill.
    """

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    verdict: Mapped[str] = mapped_column(String(20))
    skill_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    content_hash: Mapped[str] = mapped_column(HASH, index=True)
    other_id: Mapped[str] = mapped_column(String(ID_CHARS), index=True)
    other_hash: Mapped[str] = mapped_column(HASH)
    note: Mapped[str]
    author: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    created_at: Mapped[datetime]


class DecisionUndoRow(Base):
    """The event that takes a decision back, by whoever did; append-only."""

    __tablename__ = "decision_undos"

    decision_id: Mapped[int] = mapped_column(ForeignKey("decisions.id"), primary_key=True)
    author: Mapped[str] = mapped_column(String(NAME_CHARS))
    at: Mapped[datetime]


class JobRow(Base):
    """A long piece of work in its own process, and the last that was heard of it."""

    __tablename__ = "jobs"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(50))
    params: Mapped[dict[str, str]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(20), index=True)
    stage: Mapped[str]
    done: Mapped[int]
    total: Mapped[int]
    seconds: Mapped[float] = mapped_column(Double)
    unit: Mapped[str]
    message: Mapped[str]
    pid: Mapped[int | None]
    cancel_requested: Mapped[bool]
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
