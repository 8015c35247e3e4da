"""The tables of decisions about near-copies.

Responsible for what is stored of a decision. Must not know what follows from it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import HASH, ID_CHARS, NAME_CHARS, Base


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
