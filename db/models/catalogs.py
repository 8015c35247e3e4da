"""The tables of catalogs, skills, their texts and their history.

Responsible for what is stored of a catalog. Must not know any query.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import HASH, ID_CHARS, NAME_CHARS, Base


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
