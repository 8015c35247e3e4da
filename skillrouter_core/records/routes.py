"""A query on its way through the router, and the answer.

Responsible for the options, hits, candidates and the route. Must not know how any is
computed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from skillrouter_core.records.skills import Skill


class Stage1(StrEnum):
    """Which retriever fills the candidate list."""

    HYBRID = "hybrid"
    DENSE = "dense"
    BM25 = "bm25"


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """How one query is to be routed.

    `top` answers are shown; `candidates` go into stage 2 (the paper's K = 20 beat 10 and 50).
    `body=False` hides bodies from both stages, to show what that costs. `fold=False` shows
    near-copies as answers of their own, as labelling needs them. Below
    `none_fits_below` the route says that no skill fits (None: the profile's calibrated value).
    """

    stage1: Stage1 = Stage1.HYBRID
    rerank: bool = True
    body: bool = True
    top: int = 10
    candidates: int = 20
    profile: str = "compact"
    none_fits_below: float | None = None
    fold: bool = True


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
