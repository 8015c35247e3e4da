"""Runs of a suite of saved queries: what each query was answered, and what changed between two.

Responsible for the records. Must not know how a query is routed nor how a standing is found.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class SuiteAnswer:
    """What one query of a suite was answered.

    `expected` is what was expected of it at the time. Both rankings are skill ids, best first;
    `stage1_ranking` holds the candidates as stage 1 had them. `milliseconds` is the whole route.
    """

    query_text: str
    expected: tuple[str, ...]
    stage1_ranking: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float | None
    none_fits: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of a suite over one index; never changed once kept.

    `held`: the index that answered was not yet published. `seconds` is the whole run.
    """

    run_id: int
    suite: str
    profile: str
    index_version: str
    models: str
    options: Mapping[str, str] = field(hash=False)
    held: bool
    note: str
    seconds: float
    created_at: datetime


class Standing(StrEnum):
    """What became of a query between two runs, in order of concern.

    A query is right when its first answer is an expected one. Never retrieved: wrong both times,
    and no expected skill is among the candidates of stage 1. Open: nothing is expected of it.
    """

    BROKEN = "broken"
    NEVER = "never retrieved"
    STILL_WRONG = "still wrong"
    FIXED = "fixed"
    STILL_RIGHT = "still right"
    NEW = "new"
    GONE = "gone"
    OPEN = "nothing expected"


@dataclass(frozen=True, slots=True)
class QueryChange:
    """One query in two runs; `before` or `after` is None where that run did not hold it.

    Both are judged by `expected`. `copy_of` is the expected skill that the first answer after is
    a near-copy of, empty where it is none.
    """

    query_text: str
    expected: tuple[str, ...]
    standing: Standing
    before: SuiteAnswer | None
    after: SuiteAnswer | None
    copy_of: str = ""

    @property
    def last(self) -> SuiteAnswer:
        """The newer answer there is."""
        answer = self.after or self.before
        if answer is None:
            raise ValueError(f"{self.query_text!r} is in neither run")
        return answer


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over queries (a fraction, or a difference of two) with its 95% bootstrap interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class SuiteScore:
    """How many of a run's queries were asked, of how many something is expected, and two metrics.

    `hit`: the first answer is an expected one. `recall`: share of the expected skills among the
    candidates of stage 1. Both None where nothing is expected of any query.
    """

    queries: int
    judged: int
    right: int
    hit: Estimate | None
    recall: Estimate | None


@dataclass(frozen=True, slots=True)
class SuiteDiff:
    """Two runs of a suite, query by query; `changes` are in order of concern.

    The differences (after minus before) are over the `compared` queries that both runs hold and
    of which something is expected; None where there are none.
    """

    changes: tuple[QueryChange, ...]
    before: SuiteScore
    after: SuiteScore
    compared: int
    hit: Estimate | None
    recall: Estimate | None

    def of(self, standing: Standing) -> tuple[QueryChange, ...]:
        """Return the queries with one standing, in order."""
        return tuple(change for change in self.changes if change.standing is standing)
