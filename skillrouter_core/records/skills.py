"""What a catalog holds: skills, where they came from, what a sync did to them.

Responsible for the records of a skill and its identity. Must not know how any is read
or stored.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


def content_hash(name: str, description: str, body: str) -> str:
    """Return the 64-digit hex SHA-256 over name, description and body.

    Labels, vectors and decisions hang on this value, so they survive a rename of
    the folder or a rescan. The separator cannot occur inside a field.
    """
    joined = "\x1f".join(part.replace("\x1f", " ") for part in (name, description, body))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()


def normalised_name(name: str) -> str:
    """Return a name folded for comparison: NFKC, lower case, runs of punctuation as one space."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return re.sub(r"[\W_]+", " ", folded).strip()


class Problem(StrEnum):
    """What is wrong with one skill's text; the catalog's health column."""

    NO_DESCRIPTION = "no description"
    EMPTY_BODY = "empty body"
    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    NO_FRONTMATTER = "no frontmatter"
    BROKEN_FRONTMATTER = "broken frontmatter"
    BAD_ENCODING = "not UTF-8"
    DUPLICATE_NAME = "duplicate name"


@dataclass(frozen=True, slots=True)
class Skill:
    """One SKILL.md, whatever it came from.

    `skill_id` is `<catalog>/<folder>`; inside a benchmark's pool it is the benchmark's own id.
    `source` and `path` say where the text came from (repository or folder, file inside it).
    """

    skill_id: str
    name: str
    description: str
    body: str
    category: str = ""
    source: str = ""
    path: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def content_hash(self) -> str:
        """The hex digest of name, description and body (64 characters)."""
        return content_hash(self.name, self.description, self.body)


@dataclass(frozen=True, slots=True)
class ImportIssue:
    """One file that was left out or repaired, with the line and the reason."""

    path: str
    line: int | None
    reason: str
    imported: bool


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one import or re-sync did to a catalog (counts of skills)."""

    catalog: str
    added: int
    changed: int
    removed: int
    unchanged: int
    issues: tuple[ImportIssue, ...] = ()

    @property
    def total(self) -> int:
        """Skills in the catalog after the sync."""
        return self.added + self.changed + self.unchanged


@dataclass(frozen=True, slots=True)
class Catalog:
    """A named source that can be re-synced."""

    name: str
    source: str
    skills: int
    synced_at: datetime | None


@dataclass(frozen=True, slots=True)
class SkillEvent:
    """One line of a skill's history: `kind` is added, changed or removed."""

    kind: str
    content_hash: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CategoryEvent:
    """One person giving a skill a category; None, then or before, is the source's own."""

    skill_id: str
    category: str | None
    previous: str | None
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class CategoryChange:
    """What one person did to categories in one go, and to how many skills."""

    author: str
    at: datetime
    category: str | None
    skills: int
