"""Who labels what next: the order asked for, one pair to be graded, and what is left.

Responsible for the records of the queue and for a queue's form in an address. Must not know how
a pair is chosen, claimed or drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from skillrouter_core.errors import UsageError
from skillrouter_core.records.labels import Judgement, Split
from skillrouter_core.records.maps import Level
from skillrouter_core.records.routes import Passage
from skillrouter_core.records.skills import Skill


class Strategy(StrEnum):
    """In which order pairs come, and which of them.

    SELECTION: skills put aside on the map. DUPLICATES: near-copies among one query's candidates
    that were judged differently, or only one of them. QUERY: one query's candidates in order.
    """

    LEAST_CERTAIN = "least-certain"
    RANDOM = "random"
    CATALOG = "catalog"
    CLUSTER = "cluster"
    SELECTION = "selection"
    DUPLICATES = "duplicates"
    QUERY = "query"


@dataclass(frozen=True, slots=True)
class QueueSpec:
    """What somebody wants to label: an order and what it is narrowed to.

    `suite` None means the queries of all sets. `catalog`, `cluster` (level and number) and
    `query` narrow any strategy; CATALOG, CLUSTER and QUERY need theirs.
    """

    strategy: Strategy = Strategy.LEAST_CERTAIN
    suite: str | None = None
    catalog: str = ""
    cluster: tuple[Level, int] | None = None
    query: str = ""

    def to_params(self) -> dict[str, str]:
        """Return the queue as words for an address; what is not narrowed is left out."""
        given = {
            "strategy": self.strategy.value,
            "suite": self.suite or "",
            "catalog": self.catalog,
            "cluster": "" if self.cluster is None else f"{self.cluster[0].value}:{self.cluster[1]}",
            "query": self.query,
        }
        return {key: value for key, value in given.items() if value}

    @classmethod
    def from_params(cls, params: Mapping[str, str]) -> QueueSpec:
        """Return the queue that `to_params` wrote; raise UsageError for a word it never writes."""
        return cls(
            strategy=_strategy(params.get("strategy", "")),
            suite=params.get("suite") or None,
            catalog=params.get("catalog", ""),
            cluster=_cluster(params.get("cluster", "")),
            query=params.get("query", ""),
        )


def _strategy(word: str) -> Strategy:
    try:
        return Strategy(word or Strategy.LEAST_CERTAIN)
    except ValueError:
        known = ", ".join(one.value for one in Strategy)
        raise UsageError(f"no queue is called {word[:80]!r}; choose one of: {known}") from None


def _cluster(word: str) -> tuple[Level, int] | None:
    if not word:
        return None
    level, _, number = word.partition(":")
    if level not in set(Level) or not (number.isascii() and number.isdecimal()):
        raise UsageError(f"cluster {word[:80]!r}; write its level and number, as coarse:3")
    return Level(level), int(number[:9])


@dataclass(frozen=True, slots=True)
class QueryCopy:
    """What one suite says of a query: the side it is on and what should answer it."""

    suite: str
    split: Split
    expected: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LabelScores:
    """What the stages said of a pair; None where a stage did not run or never saw the pair.

    `confidence` is that of the whole answer to the query, not of the pair.
    """

    bm25: float | None = None
    dense: float | None = None
    stage1: float | None = None
    stage2: float | None = None
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class LabelItem:
    """One pair to be graded, with all that a screen shows of it.

    `token` is the same for the same person, pair and number of verdicts said before: sent with
    the verdict, it makes two tabs that show one item count once. A second verdict after an undo
    needs a token of its own. `reason` says why the pair is asked and tells scores, ranks or
    others' grades: not to be shown while somebody grades blind. `stage1_rank` and
    `place` count from 1 and are None where the query's candidates do not hold the skill.
    `origin` goes into the judgement. `repeat`: this person graded the pair before and is asked
    again to measure drift. `judged` is the person's own verdict that counts (lists show it; the
    queue never sets it, so that a repeat stays blind). `notes` say what is unusual: the text
    changed since the candidates were found, or the pair is not `open`. That is so only in lists:
    others have the pair in hand, or gave it the verdicts it wants.
    """

    token: str
    query_text: str
    suite: str
    split: Split
    skill: Skill
    evidence: tuple[Passage, ...]
    reason: str
    stage1_rank: int | None
    place: int | None
    scores: LabelScores
    origin: str
    repeat: bool = False
    expected: bool = False
    judged: Judgement | None = None
    notes: tuple[str, ...] = ()
    open: bool = True


@dataclass(frozen=True, slots=True)
class Remaining:
    """What a queue still holds for one person.

    `pairs` they could be asked now or once others give theirs back, of `queries` queries.
    `prepared_queries` of `all_queries` have the candidates of the published index.
    """

    pairs: int
    queries: int
    prepared_queries: int
    all_queries: int


@dataclass(frozen=True, slots=True)
class Prepared:
    """What preparing candidates did: queries routed now, and queries of `queries` that are ready.

    `notes` say what did not run as it should, as models that could not be loaded.
    """

    routed: int
    ready: int
    queries: int
    notes: tuple[str, ...] = ()
