"""Frozen records that cross module borders.

Responsible for naming the things the project talks about. Must not know how
any of them is read, stored, scored or drawn: no I/O and no third-party imports.

Read top to bottom they follow a skill into the catalog, a query through the
router, and a person's verdict back.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from skillrouter_core.progress import Progress


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


class Stage1(StrEnum):
    """Which retriever fills the candidate list."""

    HYBRID = "hybrid"
    DENSE = "dense"
    BM25 = "bm25"


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """How one query is to be routed.

    `top` answers are shown; `candidates` go into stage 2 (the paper's K = 20 beat 10 and 50).
    `body=False` hides bodies from both stages, to show what that costs. Below
    `none_fits_below` the route says that no skill fits (None: the profile's calibrated value).
    """

    stage1: Stage1 = Stage1.HYBRID
    rerank: bool = True
    body: bool = True
    top: int = 10
    candidates: int = 20
    profile: str = "compact"
    none_fits_below: float | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One row of stage 1: what each retriever said of a skill.

    `bm25` and `dense` are None where that retriever did not run; `score` is what stage 1 sorts by.
    """

    row: int
    score: float
    bm25: float | None
    dense: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open character range [start, end)."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of a skill's text that speaks for it.

    `field` is name, description or body; `start` is the character offset of `text` in that
    field; `matches` are the query's terms inside `text`; `score` is their summed rarity (idf).
    """

    field: str
    text: str
    start: int
    score: float
    matches: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """One answer of a route with everything that put it where it is (ranks count from 1).

    `rank` counts the answers shown; `place` is the position in `Route.ranking`, near-copies
    counted, and so comparable with `stage1_rank`.
    """

    skill: Skill
    rank: int
    place: int
    stage1_rank: int
    stage1_score: float
    stage2_score: float | None
    bm25: float | None
    dense: float | None
    text_score: float | None
    folded: tuple[Skill, ...] = ()
    evidence: tuple[Passage, ...] = ()

    @property
    def moved(self) -> int:
        """Places won by stage 2 (negative: lost)."""
        return self.stage1_rank - self.place


@dataclass(frozen=True, slots=True)
class Timings:
    """Milliseconds spent per stage."""

    encode: float
    stage1: float
    stage2: float
    total: float


@dataclass(frozen=True, slots=True)
class Route:
    """The answer to one query.

    `candidates` is in final order, near-copies folded under their better-ranked twin;
    `ranking` is the whole candidate list in final order, nothing folded (what metrics see), and
    `stage1_ranking` the same skills as stage 1 had them.
    `notes` say what did not run as asked and why ("vectors are still being made: BM25 alone").
    """

    query: str
    options: RouteOptions
    candidates: tuple[Candidate, ...]
    ranking: tuple[str, ...]
    stage1_ranking: tuple[str, ...]
    confidence: float | None
    threshold: float
    timings: Timings
    notes: tuple[str, ...] = ()

    @property
    def none_fits(self) -> bool:
        """Whether the best answer is too unsure to be worth loading."""
        if not self.candidates:
            return True
        return self.confidence is not None and self.confidence < self.threshold

    def with_threshold(self, threshold: float) -> Route:
        """Return the same route judged by another threshold; nothing is recomputed."""
        return replace(self, threshold=threshold)


@dataclass(frozen=True, slots=True)
class SavedQuery:
    """A query kept for rerun; `expected` are the skill ids that should answer it."""

    query_id: int
    text: str
    suite: str
    expected: tuple[str, ...]
    author: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Judgement:
    """One person's verdict on a query and a skill: 3 right, 2 useful, 1 related, 0 wrong.

    `grade` None means "can't tell". Append-only; the newest of an annotator counts.
    """

    judgement_id: int
    query_text: str
    skill_id: str
    content_hash: str
    grade: int | None
    annotator: str
    created_at: datetime


class JobState(StrEnum):
    """Where a job stands; `lost` means its process died without a word."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class Job:
    """A long piece of work in its own process, as the database last heard of it."""

    job_id: int
    kind: str
    params: dict[str, str] = field(hash=False)
    state: JobState
    progress: Progress | None
    message: str
    created_at: datetime
    finished_at: datetime | None
