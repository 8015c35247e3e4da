"""The tables of suite runs: what a suite's queries were answered, run by run.

Responsible for what is stored of a run. Must not know how runs are compared.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, Double, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from db.models.base import HASH, NAME_CHARS, Base


class SuiteRunRow(Base):
    """One run of a suite of saved queries over one index; never changed.

    `index_version` is the index that answered, `models` what encoded and reranked, `options` how
    it was routed; `held` says that the index was not yet published.
    """

    __tablename__ = "suite_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    suite: Mapped[str] = mapped_column(String(NAME_CHARS), index=True)
    profile: Mapped[str]
    index_version: Mapped[str]
    models: Mapped[str]
    options: Mapped[dict[str, str]] = mapped_column(JSON)
    held: Mapped[bool]
    note: Mapped[str]
    seconds: Mapped[float] = mapped_column(Double)
    created_at: Mapped[datetime]


class SuiteAnswerRow(Base):
    """The answer to one query in one run of a suite, with what was expected of it then."""

    __tablename__ = "suite_answers"

    run_id: Mapped[int] = mapped_column(ForeignKey("suite_runs.id"), primary_key=True)
    query_key: Mapped[str] = mapped_column(HASH, primary_key=True)
    query_text: Mapped[str]
    expected: Mapped[list[str]] = mapped_column(JSON)
    stage1_ranking: Mapped[list[str]] = mapped_column(JSON)
    ranking: Mapped[list[str]] = mapped_column(JSON)
    confidence: Mapped[float | None] = mapped_column(Double)
    none_fits: Mapped[bool]
    milliseconds: Mapped[float] = mapped_column(Double)
