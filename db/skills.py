"""Skills one by one and in lists: search, texts, history, health.

Reads only; what changes skills is `db.sync`. Lists never read bodies.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, cast, func, select
from sqlalchemy.orm import Session

from db.models import CatalogRow, SkillEventRow, SkillRecord, TextRow
from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.listing import SkillFilter, SkillPage, SkillRow, fold
from skillrouter_core.records import Problem, Skill, SkillEvent

ID_CHUNK = 500
"""Ids asked for by one statement; databases cap the number of parameters."""

_LIVE = SkillRecord.removed_at.is_(None)


def search(session: Session, wanted: SkillFilter, limit: int, offset: int) -> SkillPage:
    """Return the rows `offset` to `offset + limit` of the skills wanted, and how many there are."""
    ids, total = _page_ids(session, wanted, limit, offset)
    query = (
        select(SkillRecord, TextRow.name, TextRow.description, TextRow.body_chars, CatalogRow.name)
        .join(TextRow, TextRow.content_hash == SkillRecord.content_hash)
        .join(CatalogRow, CatalogRow.id == SkillRecord.catalog_id)
        .where(SkillRecord.skill_id.in_(ids))
        .order_by(SkillRecord.skill_id)
    )
    found = session.execute(query).all()
    shared = _shared_names(session, {row[0].normalised_name for row in found})
    rows = (
        SkillRow(
            skill_id=record.skill_id,
            name=name,
            description=description,
            category=record.category,
            catalog=catalog,
            body_chars=body_chars,
            problems=_problems(record.problems, record.normalised_name in shared),
            changed_at=record.changed_at,
        )
        for record, name, description, body_chars, catalog in found
    )
    return SkillPage(tuple(rows), total)


def _page_ids(
    session: Session, wanted: SkillFilter, limit: int, offset: int
) -> tuple[Sequence[str] | Select[str], int]:
    """Return the ids of one page, or a query for them, and how many there are in all.

    Ids first: joining texts before the cut would read them for every skill that matches.
    """
    conditions = _conditions(wanted)
    ids = select(SkillRecord.skill_id).where(*conditions).order_by(SkillRecord.skill_id)
    if wanted.among is not None:
        # Thousands of ids are more than a statement may hold, so they are picked out here.
        found = [one for one in session.scalars(ids) if one in wanted.among]
        return found[offset : offset + limit], len(found)
    total = session.scalar(select(func.count()).select_from(SkillRecord).where(*conditions))
    page = ids.limit(limit).offset(offset).subquery()
    return select(page.c.skill_id), total or 0


def _conditions(wanted: SkillFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_LIVE]
    for word in fold(wanted.text).split():
        conditions.append(SkillRecord.search_text.contains(word, autoescape=True))
    if wanted.catalog:
        named = select(CatalogRow.id).where(CatalogRow.name == wanted.catalog).scalar_subquery()
        conditions.append(SkillRecord.catalog_id == named)
    if wanted.category:
        conditions.append(SkillRecord.category == wanted.category)
    if wanted.problem:
        conditions.append(_has_problem(_problem(wanted.problem)))
    return conditions


def _problem(value: str) -> Problem:
    try:
        return Problem(value)
    except ValueError:
        known = ", ".join(Problem)
        raise UsageError(f"no problem is called {value!r}; choose one of: {known}") from None


def _has_problem(problem: Problem) -> ColumnElement[bool]:
    if problem is Problem.DUPLICATE_NAME:
        return SkillRecord.normalised_name.in_(_duplicate_names())
    return cast(SkillRecord.problems, Text).contains(f'"{problem}"', autoescape=True)


def _duplicate_names() -> Select[str]:
    return (
        select(SkillRecord.normalised_name)
        .where(_LIVE, SkillRecord.normalised_name != "")
        .group_by(SkillRecord.normalised_name)
        .having(func.count() > 1)
    )


def _shared_names(session: Session, names: Iterable[str]) -> set[str]:
    """Return those of `names` that more than one live skill has."""
    query = _duplicate_names()
    found: set[str] = set()
    for chunk in _chunks(sorted(names)):
        found.update(session.scalars(query.where(SkillRecord.normalised_name.in_(chunk))))
    return found


def _problems(stored: Sequence[str], shared_name: bool) -> tuple[Problem, ...]:
    problems = tuple(Problem(value) for value in stored)
    if shared_name and Problem.DUPLICATE_NAME not in problems:
        return (*problems, Problem.DUPLICATE_NAME)
    return problems


def health(session: Session) -> dict[Problem, int]:
    """Return how many live skills have each problem; problems nobody has are left out."""
    counts = {
        problem: session.scalar(
            select(func.count()).select_from(SkillRecord).where(_LIVE, _has_problem(problem))
        )
        for problem in Problem
    }
    return {problem: count for problem, count in counts.items() if count}


def categories(session: Session) -> tuple[str, ...]:
    """Return the categories of live skills, sorted; "" is not one."""
    rows = session.scalars(
        select(SkillRecord.category).where(_LIVE, SkillRecord.category != "").distinct()
    )
    return tuple(sorted(rows))


def skill(session: Session, skill_id: str) -> Skill:
    """Return a live skill with its body; raise `NotFoundError` without one."""
    found = by_id(session, [skill_id])
    if skill_id not in found:
        raise NotFoundError(
            f"no skill {skill_id!r} in any catalog; search for it, or re-sync its catalog"
        )
    return found[skill_id]


def by_id(session: Session, skill_ids: Sequence[str]) -> dict[str, Skill]:
    """Return the live skills among `skill_ids`, with bodies."""
    found: dict[str, Skill] = {}
    for chunk in _chunks(skill_ids):
        query = _whole_skills().where(SkillRecord.skill_id.in_(chunk))
        found.update((item.skill_id, item) for item in _read(session, query))
    return found


def all_skills(session: Session, catalog_id: int | None = None) -> tuple[Skill, ...]:
    """Return all live skills with bodies, of one catalog if given, sorted by id."""
    query = _whole_skills()
    if catalog_id is not None:
        query = query.where(SkillRecord.catalog_id == catalog_id)
    return tuple(sorted(_read(session, query), key=lambda item: item.skill_id))


def hashes(session: Session) -> dict[str, str]:
    """Return the content hash of every live skill by id, sorted by id; reads no texts."""
    query = select(SkillRecord.skill_id, SkillRecord.content_hash).where(_LIVE)
    return dict(sorted((row[0], row[1]) for row in session.execute(query)))


def first_seen(session: Session) -> dict[str, datetime]:
    """Return when each live skill's id was first imported; reads no texts."""
    query = select(SkillRecord.skill_id, SkillRecord.first_seen).where(_LIVE)
    return {row[0]: row[1] for row in session.execute(query)}


def _whole_skills() -> Select[*tuple[Any, ...]]:
    return (
        select(
            SkillRecord.skill_id,
            SkillRecord.category,
            SkillRecord.source,
            SkillRecord.path,
            SkillRecord.problems,
            SkillRecord.normalised_name,
            TextRow.name,
            TextRow.description,
            TextRow.body,
        )
        .join(TextRow, TextRow.content_hash == SkillRecord.content_hash)
        .where(_LIVE)
    )


def _read(session: Session, query: Select[*tuple[Any, ...]]) -> Iterator[Skill]:
    rows = session.execute(query).all()
    shared = _shared_names(session, {row.normalised_name for row in rows})
    for row in rows:
        yield Skill(
            skill_id=row.skill_id,
            name=row.name,
            description=row.description,
            body=row.body,
            category=row.category,
            source=row.source,
            path=row.path,
            problems=_problems(row.problems, row.normalised_name in shared),
        )


def current_hash(session: Session, skill_id: str) -> str:
    """Return the latest content hash of a skill, removed ones included."""
    digest = session.scalar(
        select(SkillRecord.content_hash).where(SkillRecord.skill_id == skill_id)
    )
    if digest is None:
        raise NotFoundError(f"no skill {skill_id!r} has ever been imported; import it first")
    return digest


def live_hashes(session: Session, skill_ids: Sequence[str]) -> dict[str, str]:
    """Return the content hash of each of some skills; NotFoundError where one is not live."""
    found: dict[str, str] = {}
    for chunk in _chunks(skill_ids):
        query = select(SkillRecord.skill_id, SkillRecord.content_hash).where(
            _LIVE, SkillRecord.skill_id.in_(chunk)
        )
        found.update((row[0], row[1]) for row in session.execute(query))
    missing = next((one for one in skill_ids if one not in found), None)
    if missing is not None:
        raise NotFoundError(
            f"no skill {missing!r} in any catalog; search for it, or re-sync its catalog"
        )
    return found


def history(session: Session, skill_id: str) -> tuple[SkillEvent, ...]:
    """Return what happened to a skill, oldest first; removed skills keep theirs."""
    current_hash(session, skill_id)
    rows = session.scalars(
        select(SkillEventRow).where(SkillEventRow.skill_id == skill_id).order_by(SkillEventRow.id)
    )
    return tuple(SkillEvent(row.kind, row.content_hash, row.at) for row in rows)


def version(session: Session, content_hash: str) -> Skill:
    """Return the skill as it was with this text, under the id that had it last."""
    query = (
        select(SkillRecord, TextRow)
        .join(SkillEventRow, SkillEventRow.skill_id == SkillRecord.skill_id)
        .join(TextRow, TextRow.content_hash == SkillEventRow.content_hash)
        .where(SkillEventRow.content_hash == content_hash)
        .order_by(SkillEventRow.id.desc())
        .limit(1)
    )
    found = session.execute(query).first()
    if found is None:
        raise NotFoundError(f"no skill ever had the content hash {content_hash!r}; see its history")
    record, words = found
    return Skill(
        skill_id=record.skill_id,
        name=words.name,
        description=words.description,
        body=words.body,
        category=record.category,
        source=record.source,
        path=record.path,
    )


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), ID_CHUNK):
        yield values[start : start + ID_CHUNK]
