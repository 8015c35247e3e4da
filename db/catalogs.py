"""Catalogs as a whole: the list, their issues, removal, and the fingerprint of all skills.

Must not know how a source is read. What one sync changes is decided in `db.sync`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from db.columns import utc_now
from db.models import (
    CATALOG_FINGERPRINT,
    NAME_CHARS,
    CatalogRow,
    ImportIssueRow,
    MetaRow,
    SkillEventRow,
    SkillRecord,
)
from db.sync_plan import CHUNK
from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.records import Catalog, ImportIssue


def all_catalogs(session: Session) -> tuple[Catalog, ...]:
    """Return the catalogs by name, with their number of live skills."""
    counts = (
        select(SkillRecord.catalog_id, func.count().label("skills"))
        .where(SkillRecord.removed_at.is_(None))
        .group_by(SkillRecord.catalog_id)
        .subquery()
    )
    query = (
        select(CatalogRow, func.coalesce(counts.c.skills, 0))
        .outerjoin(counts, counts.c.catalog_id == CatalogRow.id)
        .where(CatalogRow.removed_at.is_(None))
        .order_by(CatalogRow.name)
    )
    return tuple(
        Catalog(row.name, row.source, skills, row.synced_at)
        for row, skills in session.execute(query)
    )


def find(session: Session, name: str) -> CatalogRow:
    """Return a catalog's row (inside this package only); raise `NotFoundError` without one."""
    row = session.scalar(
        select(CatalogRow).where(CatalogRow.name == name, CatalogRow.removed_at.is_(None))
    )
    if row is None:
        known = ", ".join(catalog.name for catalog in all_catalogs(session)) or "none yet"
        raise NotFoundError(f"no catalog {name!r}; there are: {known}")
    return row


def source_of(session: Session, name: str) -> str:
    """Return where a catalog is read from; raise `NotFoundError` for an unknown one."""
    return find(session, name).source


def issues(session: Session, name: str) -> tuple[ImportIssue, ...]:
    """Return what the latest sync left out or repaired, in the order it was met."""
    catalog = find(session, name)
    rows = session.scalars(
        select(ImportIssueRow)
        .where(ImportIssueRow.catalog_id == catalog.id)
        .order_by(ImportIssueRow.id)
    )
    return tuple(ImportIssue(row.path, row.line, row.reason, row.imported) for row in rows)


def claim(session: Session, name: str, source: str, now: datetime) -> int:
    """Return the id of the catalog `name`, created if need be, and mark it synced at `now`.

    Raises `UsageError` where the name belongs to another source: importing that under the same
    name would remove every skill of the first.
    """
    if not name.strip() or len(name) > NAME_CHARS:
        raise UsageError(f"catalog name {name[:80]!r}; give one of 1 to {NAME_CHARS} characters")
    row = session.scalar(select(CatalogRow).where(CatalogRow.name == name))
    if row is None:
        row = CatalogRow(name=name, source=source)
        session.add(row)
    elif row.removed_at is None and row.source != source:
        raise UsageError(
            f"catalog {name!r} comes from {row.source}, not from {source}; "
            "choose another name, or remove that catalog first"
        )
    row.source, row.synced_at, row.removed_at = source, now, None
    session.flush()
    return row.id


def replace_issues(session: Session, catalog_id: int, found: Iterable[ImportIssue]) -> None:
    """Keep `found` as the catalog's issues in place of the earlier ones."""
    session.execute(delete(ImportIssueRow).where(ImportIssueRow.catalog_id == catalog_id))
    rows = [
        {
            "catalog_id": catalog_id,
            "path": issue.path,
            "line": issue.line,
            "reason": issue.reason,
            "imported": issue.imported,
        }
        for issue in found
    ]
    for start in range(0, len(rows), CHUNK):
        session.execute(insert(ImportIssueRow), rows[start : start + CHUNK])


def remove(session: Session, name: str) -> int:
    """Remove a catalog and its skills from view; return how many skills that were.

    Texts, labels and history stay: importing the source again brings everything back.
    """
    lock(session)
    catalog, now = find(session, name), utc_now()
    live = (SkillRecord.catalog_id == catalog.id, SkillRecord.removed_at.is_(None))
    events = [
        {"skill_id": skill_id, "kind": "removed", "content_hash": digest, "at": now}
        for skill_id, digest in session.execute(
            select(SkillRecord.skill_id, SkillRecord.content_hash).where(*live)
        )
    ]
    for start in range(0, len(events), CHUNK):
        session.execute(insert(SkillEventRow), events[start : start + CHUNK])
    session.execute(update(SkillRecord).where(*live).values(removed_at=now))
    catalog.removed_at = now
    replace_issues(session, catalog.id, ())
    refresh_fingerprint(session)
    return len(events)


def lock(session: Session) -> None:
    """Make other writers of catalogs wait until this transaction ends."""
    # SQLite's writers hold the only write lock already and ignore FOR UPDATE.
    session.execute(
        select(MetaRow.value).where(MetaRow.key == CATALOG_FINGERPRINT).with_for_update()
    )


def fingerprint(session: Session) -> str:
    """Return the digest over all live skills' ids and hashes; one row is read."""
    value: str = session.scalars(
        select(MetaRow.value).where(MetaRow.key == CATALOG_FINGERPRINT)
    ).one()
    return value


def refresh_fingerprint(session: Session) -> None:
    """Compute the fingerprint anew, in the transaction that changed the skills."""
    session.flush()
    rows = session.execute(
        select(SkillRecord.skill_id, SkillRecord.content_hash).where(
            SkillRecord.removed_at.is_(None)
        )
    )
    digest = hashlib.sha256()
    # Sorted here: databases disagree on the order of text.
    for skill_id, content in sorted(tuple(row) for row in rows):
        digest.update(f"{skill_id}\x1f{content}\n".encode())
    session.execute(
        update(MetaRow).where(MetaRow.key == CATALOG_FINGERPRINT).values(value=digest.hexdigest())
    )
