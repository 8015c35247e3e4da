"""The use cases around catalogs: import, re-sync, search, one skill, its category.

Responsible for joining the readers of sources with the store. Must not know what
a skill's text is good for (indexes, models, labels).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from db import catalogs as stored_catalogs
from db import categories as stored_categories
from db import skills as stored_skills
from db import versions as stored_versions
from db.models import NAME_CHARS
from db.session import Database
from db.sync import sync as store_scan
from skillrouter_core.errors import UsageError
from skillrouter_core.listing import SkillFilter, SkillPage
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import (
    Catalog,
    CategoryChange,
    CategoryEvent,
    ImportIssue,
    Problem,
    Skill,
    SkillEvent,
    SyncReport,
)

if TYPE_CHECKING:
    from skillrouter_core.catalog import CatalogScan

EVERYTHING = SkillFilter()


class Catalogs:
    """What can be done with catalogs; every call is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database

    def sync(
        self, source: str, name: str | None = None, listener: ProgressListener = silent
    ) -> SyncReport:
        """Read `source` and make its catalog hold exactly what was found; return the counts.

        The catalog changes at once at the end, or not at all. Raises `SourceError` where the
        source cannot be read, `UsageError` where the name belongs to another source.
        """
        from skillrouter_core.catalog import read_source

        return self.store(read_source(source, name=name, listener=listener), listener)

    def resync(self, name: str, listener: ProgressListener = silent) -> SyncReport:
        """Read a catalog's source again; raise `NotFoundError` for an unknown name."""
        with self._database.read() as session:
            source = stored_catalogs.source_of(session, name)
        return self.sync(source, name, listener)

    def store(self, scan: CatalogScan, listener: ProgressListener = silent) -> SyncReport:
        """Make the catalog hold exactly the skills of a scan; return the counts.

        `listener` is also called while the database is locked: it must not write to it.
        """
        return store_scan(
            self._database, scan.name, scan.source, scan.skills, scan.issues, listener
        )

    def remove(self, name: str) -> int:
        """Take a catalog out of view and return how many skills went with it.

        Labels and history stay; importing the same source again brings all back.
        """
        with self._database.write() as session:
            return stored_catalogs.remove(session, name)

    def all(self) -> tuple[Catalog, ...]:
        """Return the catalogs by name, each with its number of skills."""
        with self._database.read() as session:
            return stored_catalogs.all_catalogs(session)

    def issues(self, name: str) -> tuple[ImportIssue, ...]:
        """Return what the latest sync of a catalog left out or repaired."""
        with self._database.read() as session:
            return stored_catalogs.issues(session, name)

    def fingerprint(self) -> str:
        """Return a digest that changes whenever any live skill's id or text does; cheap."""
        with self._database.read() as session:
            return stored_catalogs.fingerprint(session)

    def search(
        self, wanted: SkillFilter = EVERYTHING, limit: int = 50, offset: int = 0
    ) -> SkillPage:
        """Return one page of the skills wanted, in order of their id, and how many there are."""
        with self._database.read() as session:
            return stored_skills.search(session, wanted, limit, offset)

    def categories(self) -> tuple[str, ...]:
        """Return the categories in use, sorted."""
        with self._database.read() as session:
            return stored_skills.categories(session)

    def assign_category(self, skill_ids: Sequence[str], category: str, author: str) -> int:
        """Give live skills a category that goes before their source's; return how many changed.

        It outlives re-syncs and new texts; one that a skill was given already counts as no
        change. Raises `NotFoundError` where a skill is in no catalog, `UsageError` for a category
        or an author without a name of 1 to 200 characters; nothing changes then.
        """
        category, author = _name("category", category), _name("author", author)
        with self._database.write() as session:
            return stored_categories.give(session, skill_ids, category, author)

    def clear_category(self, skill_ids: Sequence[str], author: str) -> int:
        """Let live skills have what their source says again; return how many changed.

        Raises as `assign_category` does.
        """
        author = _name("author", author)
        with self._database.write() as session:
            return stored_categories.give(session, skill_ids, None, author)

    def assigned_categories(self) -> dict[str, str]:
        """Return the categories that people assigned to live skills, by id."""
        with self._database.read() as session:
            return stored_categories.assigned(session)

    def last_category_change(self, author: str) -> CategoryChange | None:
        """Return the newest thing a person did to categories, or None."""
        with self._database.read() as session:
            return stored_categories.last_change(session, _name("author", author))

    def undo_category_change(self, change: CategoryChange, author: str) -> int:
        """Give skills what they had before a change; return how many changed.

        A skill that was given another category since keeps that one.
        """
        author = _name("author", author)
        with self._database.write() as session:
            return stored_categories.take_back(session, change, author)

    def category_events(self, skill_id: str) -> tuple[CategoryEvent, ...]:
        """Return who gave a skill which category, oldest first."""
        with self._database.read() as session:
            return stored_categories.events(session, skill_id)

    def categories_token(self) -> int:
        """Return a number that changes whenever people assign categories; cheap.

        What a sync does to categories shows in the moment of the sync.
        """
        with self._database.read() as session:
            return stored_categories.token(session)

    def health(self) -> dict[Problem, int]:
        """Return how many skills have each problem; problems nobody has are left out."""
        with self._database.read() as session:
            return stored_skills.health(session)

    def skill(self, skill_id: str) -> Skill:
        """Return one live skill with its body; raise `NotFoundError` without one."""
        with self._database.read() as session:
            return stored_skills.skill(session, skill_id)

    def skills(self, catalog: str | None = None) -> tuple[Skill, ...]:
        """Return all live skills with bodies, of one catalog if named, sorted by id."""
        with self._database.read() as session:
            owner = stored_catalogs.find(session, catalog).id if catalog is not None else None
            return stored_skills.all_skills(session, owner)

    def skills_by_id(self, skill_ids: Sequence[str]) -> dict[str, Skill]:
        """Return the live ones among `skill_ids`, with bodies; unknown ids are left out."""
        with self._database.read() as session:
            return stored_skills.by_id(session, skill_ids)

    def skills_as_of(self, hashes: Mapping[str, str]) -> dict[str, Skill]:
        """Return skills by id with the texts of these content hashes, live or removed."""
        with self._database.read() as session:
            return stored_versions.as_of(session, hashes)

    def skills_as_last_seen(self, skill_ids: Sequence[str]) -> dict[str, Skill]:
        """Return skills by id with the last text each had, live or removed."""
        with self._database.read() as session:
            return stored_versions.latest(session, skill_ids)

    def hashes(self) -> dict[str, str]:
        """Return every live skill's content hash by id, sorted by id; reads no texts."""
        with self._database.read() as session:
            return stored_skills.hashes(session)

    def history(self, skill_id: str) -> tuple[SkillEvent, ...]:
        """Return what happened to a skill, oldest first, even once it is removed."""
        with self._database.read() as session:
            return stored_skills.history(session, skill_id)

    def version(self, content_hash: str) -> Skill:
        """Return a skill as it was with this text; raise `NotFoundError` if none ever was."""
        with self._database.read() as session:
            return stored_skills.version(session, content_hash)


def _name(what: str, value: str) -> str:
    value = " ".join(value.split())
    if not value or len(value) > NAME_CHARS:
        raise UsageError(f"{what} {value[:80]!r}; give a name of 1 to {NAME_CHARS} characters")
    return value
