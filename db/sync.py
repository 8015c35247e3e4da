"""Turns a fresh reading of a source into rows.

Responsible for what counts as added, changed, removed and unchanged, and for all
of it becoming visible at once. Must not know how a source is read.

Texts go first, in small transactions of their own: nothing refers to them yet, so
a process killed there leaves the catalog as it was. Then one transaction of small
rows moves the catalog to its new state, or leaves it alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from db import catalogs
from db.columns import storable, utc_now
from db.models import ID_CHARS, NAME_CHARS, CatalogRow, SkillRecord, TextRow
from db.session import Database
from db.sync_plan import Entry, Plan, Stored, details, text_row, write
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import ImportIssue, Skill, SyncReport

TEXT_CHUNK = 500
"""Texts stored by one transaction: a few megabytes, so other writers never wait long."""


def sync(
    database: Database,
    name: str,
    source: str,
    skills: Sequence[Skill],
    issues: Sequence[ImportIssue] = (),
    listener: ProgressListener = silent,
) -> SyncReport:
    """Make the catalog `name` hold exactly `skills`; return what that changed.

    Skills that cannot be stored (an id that is taken or too long) are left out, each with an
    issue. `listener` may raise to stop the work: the catalog then stays as it was. It is called
    while the database is locked for writing, so it must not write to it.
    """
    entries, refused = _prepare(skills)
    _store_texts(database, entries, listener)
    with database.write() as session:
        catalogs.lock(session)
        now = utc_now()
        catalog_id = catalogs.claim(session, name, source, now)
        refused += _drop_taken(entries, _ids_elsewhere(session, name))
        plan = _compare(_stored(session, catalog_id), entries, catalog_id)
        plan.issues = [*issues, *refused]
        write(session, plan, catalog_id, now, listener)
        catalogs.replace_issues(session, catalog_id, plan.issues)
        if plan.changes_skills():
            catalogs.refresh_fingerprint(session)
    return plan.report(name)


def _ids_elsewhere(session: Session, name: str) -> dict[str, str]:
    """Return the ids of other catalogs' live skills, each with its catalog's name."""
    query = (
        select(SkillRecord.skill_id, CatalogRow.name)
        .join(CatalogRow, CatalogRow.id == SkillRecord.catalog_id)
        .where(SkillRecord.removed_at.is_(None), CatalogRow.name != name)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _prepare(skills: Iterable[Skill]) -> tuple[dict[str, Entry], list[ImportIssue]]:
    """Return the storable skills by id, and an issue for each that is left out."""
    entries: dict[str, Entry] = {}
    refused: list[ImportIssue] = []
    for skill in map(_storable, skills):
        first = entries.get(skill.skill_id)
        if len(skill.skill_id) > ID_CHARS:
            length = len(skill.skill_id)
            refused.append(_left_out(skill, f"its id has {length} characters, over {ID_CHARS}"))
        elif first is not None:
            owner = first.skill.path or "an earlier skill"
            refused.append(_left_out(skill, f"id {skill.skill_id!r} is already used by {owner}"))
        else:
            entries[skill.skill_id] = Entry(skill, skill.content_hash)
    return entries, refused


def _drop_taken(entries: dict[str, Entry], taken: dict[str, str]) -> list[ImportIssue]:
    """Take out the skills whose ids other catalogs have; return an issue for each."""
    return [
        _left_out(
            entries.pop(skill_id).skill,
            f"id {skill_id!r} already belongs to catalog {taken[skill_id]!r}",
        )
        for skill_id in sorted(entries.keys() & taken.keys())
    ]


def _left_out(skill: Skill, reason: str) -> ImportIssue:
    return ImportIssue(skill.path, None, reason, imported=False)


def _storable(skill: Skill) -> Skill:
    """Return the skill as the database will hold it, so that its hash is that of what is stored."""
    return replace(
        skill,
        skill_id=storable(skill.skill_id),
        name=storable(skill.name),
        description=storable(skill.description),
        body=storable(skill.body),
        category=storable(skill.category)[:NAME_CHARS],
        source=storable(skill.source),
        path=storable(skill.path),
    )


def _store_texts(database: Database, entries: dict[str, Entry], listener: ProgressListener) -> None:
    by_hash = list({entry.content_hash: entry for entry in entries.values()}.values())
    meter = Meter(listener, "Storing texts", len(by_hash))
    for start in range(0, len(by_hash), TEXT_CHUNK):
        chunk = by_hash[start : start + TEXT_CHUNK]
        hashes = [entry.content_hash for entry in chunk]
        known_query = select(TextRow.content_hash).where(TextRow.content_hash.in_(hashes))
        with database.read() as session:
            known = set(session.scalars(known_query))
        if len(known) < len(chunk):
            with database.write() as session:
                catalogs.lock(session)
                known = set(session.scalars(known_query))
                rows = [text_row(entry) for entry in chunk if entry.content_hash not in known]
                if rows:
                    session.execute(insert(TextRow), rows)
        meter.advance(len(chunk))


def _stored(session: Session, catalog_id: int) -> dict[str, Stored]:
    """Return this catalog's skills, removed ones too, and the removed ones of other catalogs."""
    query = select(
        SkillRecord.skill_id,
        SkillRecord.catalog_id,
        SkillRecord.content_hash,
        SkillRecord.removed_at,
        SkillRecord.own_category,
        SkillRecord.source,
        SkillRecord.path,
        SkillRecord.problems,
    ).where((SkillRecord.catalog_id == catalog_id) | SkillRecord.removed_at.is_not(None))
    return {
        skill_id: Stored(owner, digest, removed is not None, (category, source, path, problems))
        for skill_id, owner, digest, removed, category, source, path, problems in session.execute(
            query
        )
    }


def _compare(stored: dict[str, Stored], entries: dict[str, Entry], catalog_id: int) -> Plan:
    plan = Plan()
    for skill_id, entry in entries.items():
        before = stored.get(skill_id)
        if before is None:
            plan.new.append(entry)
        elif before.removed:
            plan.returned.append(entry)
        elif before.content_hash != entry.content_hash:
            plan.changed.append(entry)
        else:
            plan.unchanged += 1
            if before.details != details(entry):
                plan.refreshed.append(entry)
    plan.removed = [
        (skill_id, before.content_hash)
        for skill_id, before in stored.items()
        if before.catalog_id == catalog_id and not before.removed and skill_id not in entries
    ]
    return plan
