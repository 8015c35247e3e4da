"""Runs of suites: what each saved query was answered, run by run.

Runs never change; the oldest go when there are many. Must not know how queries are routed or how
runs are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from db.columns import storable, text_key, utc_now
from db.models import SuiteAnswerRow, SuiteRunRow
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records.suites import SuiteAnswer, SuiteRun


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run about to be kept; fields as in `SuiteRun`."""

    suite: str
    profile: str
    index_version: str
    models: str
    options: Mapping[str, str] = field(hash=False)
    held: bool
    note: str
    seconds: float


def add(session: Session, run: NewRun, answers: Sequence[SuiteAnswer]) -> SuiteRun:
    """Keep a run with its answers, one a text, and return it."""
    row = SuiteRunRow(
        suite=run.suite,
        profile=run.profile,
        index_version=run.index_version,
        models=run.models,
        options=dict(run.options),
        held=run.held,
        note=storable(run.note),
        seconds=run.seconds,
        created_at=utc_now(),
    )
    session.add(row)
    session.flush()
    rows = [_values(row.id, answer) for answer in answers]
    if rows:
        session.execute(insert(SuiteAnswerRow), rows)
    return _run(row)


def runs(
    session: Session, suite: str | None = None, profile: str | None = None, limit: int | None = None
) -> tuple[SuiteRun, ...]:
    """Return the runs, of one suite and one profile if named, newest first."""
    query = select(SuiteRunRow).order_by(SuiteRunRow.id.desc()).limit(limit)
    if suite is not None:
        query = query.where(SuiteRunRow.suite == suite)
    if profile is not None:
        query = query.where(SuiteRunRow.profile == profile)
    return tuple(_run(row) for row in session.scalars(query))


def profiles(session: Session) -> tuple[str, ...]:
    """Return the profiles that runs were made with, by name."""
    query = select(SuiteRunRow.profile).distinct().order_by(SuiteRunRow.profile)
    return tuple(session.scalars(query))


def prune(
    session: Session, suite: str, profile: str, keep: int, spared: Collection[int] = ()
) -> int:
    """Remove the runs of a suite and profile but the newest `keep` and those spared.

    Returns how many were removed. Two processes may do it at once.
    """
    newest_first = (
        select(SuiteRunRow.id)
        .where(SuiteRunRow.suite == suite, SuiteRunRow.profile == profile)
        .order_by(SuiteRunRow.id.desc())
    )
    gone = [one for one in session.scalars(newest_first.offset(keep)) if one not in spared]
    if gone:
        session.execute(delete(SuiteAnswerRow).where(SuiteAnswerRow.run_id.in_(gone)))
        session.execute(delete(SuiteRunRow).where(SuiteRunRow.id.in_(gone)))
    return len(gone)


def run(session: Session, run_id: int) -> SuiteRun:
    """Return one run; raise `NotFoundError` without it."""
    row = session.get(SuiteRunRow, run_id)
    if row is None:
        raise NotFoundError(f"no suite run has the number {run_id}; list the runs again")
    return _run(row)


def answers(session: Session, run_id: int) -> tuple[SuiteAnswer, ...]:
    """Return a run's answers in order of their texts; raise `NotFoundError` without the run."""
    run(session, run_id)
    query = select(SuiteAnswerRow).where(SuiteAnswerRow.run_id == run_id)
    found = [_answer(row) for row in session.scalars(query)]
    return tuple(sorted(found, key=lambda answer: answer.query_text))


def firsts(
    session: Session, run_ids: Sequence[int]
) -> dict[int, tuple[tuple[str, tuple[str, ...], str], ...]]:
    """Return by run every query's text, what was expected of it then, and its first answer.

    The first answer is empty where there was none. Reads no whole ranking.
    """
    query = (
        select(
            SuiteAnswerRow.run_id,
            SuiteAnswerRow.query_text,
            SuiteAnswerRow.expected,
            SuiteAnswerRow.ranking[0].as_string(),
        )
        .where(SuiteAnswerRow.run_id.in_(run_ids))
        .order_by(SuiteAnswerRow.run_id, SuiteAnswerRow.query_key)
    )
    found: dict[int, list[tuple[str, tuple[str, ...], str]]] = {one: [] for one in run_ids}
    for run_id, text, expected, first in session.execute(query):
        found[run_id].append((text, tuple(expected), first or ""))
    return {run_id: tuple(rows) for run_id, rows in found.items()}


def _values(run_id: int, answer: SuiteAnswer) -> dict[str, object]:
    return {
        "run_id": run_id,
        "query_key": text_key(answer.query_text),
        "query_text": storable(answer.query_text),
        "expected": list(answer.expected),
        "stage1_ranking": list(answer.stage1_ranking),
        "ranking": list(answer.ranking),
        "confidence": answer.confidence,
        "none_fits": answer.none_fits,
        "milliseconds": answer.milliseconds,
    }


def _run(row: SuiteRunRow) -> SuiteRun:
    return SuiteRun(
        run_id=row.id,
        suite=row.suite,
        profile=row.profile,
        index_version=row.index_version,
        models=row.models,
        options=dict(row.options),
        held=row.held,
        note=row.note,
        seconds=row.seconds,
        created_at=row.created_at,
    )


def _answer(row: SuiteAnswerRow) -> SuiteAnswer:
    return SuiteAnswer(
        query_text=row.query_text,
        expected=tuple(row.expected),
        stage1_ranking=tuple(row.stage1_ranking),
        ranking=tuple(row.ranking),
        confidence=row.confidence,
        none_fits=row.none_fits,
        milliseconds=row.milliseconds,
    )
