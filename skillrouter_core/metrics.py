"""The benchmark's metrics: from one ranking and its right answers to means with intervals.

Responsible for the arithmetic of PAPER.md, "The benchmark (Eval-Core)", and for the bootstrap.
Must not know where rankings come from or how a benchmark lies on disk: no I/O.

The definitions follow the benchmark's released scoring script. Gains are linear, so
DCG@k sums grade / log2(rank + 1) over the first k ranks (not 2^grade - 1), and the ideal order is
taken over every graded id of the pool, right answers and degraded copies alike. In one point the
script is not followed: it counts an id as often as a ranking repeats it, which can lift nDCG above
1; here only the first occurrence counts and later ones close up.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from skillrouter_core.errors import UsageError

NDCG_AT = (1, 3, 10)
RECALL_AT = (10, 20, 50)
COVERAGE_AT = (3, 5, 10)
HIT, HIT_INTERVAL, COUNT = "Hit@1", "Hit@1_ci95", "count"
METRIC_NAMES = (
    *(f"nDCG@{k}" for k in NDCG_AT),
    HIT,
    "Precision@3",
    "MRR@10",
    *(f"Recall@{k}" for k in RECALL_AT),
    *(f"FullCoverage@{k}" for k in COVERAGE_AT),
)
"""The metrics of one task, in the order they are printed; each lies in [0, 1]."""

RESAMPLES = 10_000
"""Bootstrap resamples: the interval's ends are then steady to about a tenth of a point."""
SEED = 20_260_322
LEVEL = 0.95

Summary = dict[str, float | int | list[float] | None]
"""Metric name -> mean, with `count` and `Hit@1_ci95` [low, high]; None where no task was scored."""


# --------------------------------------------------------------------------- one task


def distinct(ranking: Iterable[str]) -> tuple[str, ...]:
    """Return the ranking with only the first occurrence of each id; later ids move up."""
    return tuple(dict.fromkeys(ranking))


def task_metrics(
    ranking: Iterable[str], right: Set[str], grades: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Return every metric of `METRIC_NAMES` for one task (fractions in [0, 1]).

    `ranking` is best first; ids nobody graded are wrong answers, and a ranking shorter than k
    counts as if wrong answers followed. `right` is the ground truth inside the pool; `grades` are
    the graded ids inside the pool, without which each right answer has the same gain. The order
    is taken as given, so whoever made the ranking has settled its ties.

    Raises `UsageError` when `right` is empty: such a task cannot be scored and must be left out.
    """
    if not right:
        raise UsageError(
            "A task without a right answer in the pool has no metrics. Leave it out of the means."
        )
    ranked = distinct(ranking)
    gains = dict(grades) if grades else dict.fromkeys(right, 1.0)
    found = [skill_id in right for skill_id in ranked]
    values = {f"nDCG@{k}": _ndcg(ranked, gains, k) for k in NDCG_AT}
    values[HIT] = float(any(found[:1]))
    values["Precision@3"] = sum(found[:3]) / 3
    values["MRR@10"] = _reciprocal_rank(found[:10])
    values |= {f"Recall@{k}": sum(found[:k]) / len(right) for k in RECALL_AT}
    values |= {f"FullCoverage@{k}": float(sum(found[:k]) == len(right)) for k in COVERAGE_AT}
    return values


def _dcg(gains: Iterable[float]) -> float:
    return math.fsum(gain / math.log2(rank + 1) for rank, gain in enumerate(gains, start=1))


def _ndcg(ranked: Sequence[str], grades: Mapping[str, float], k: int) -> float:
    ideal = _dcg(sorted(grades.values(), reverse=True)[:k])
    if ideal <= 0:
        return 0.0
    # Equal sums may differ in the last bit once divided; a perfect order is exactly 1.
    return min(_dcg(grades.get(skill_id, 0.0) for skill_id in ranked[:k]) / ideal, 1.0)


def _reciprocal_rank(found: Sequence[bool]) -> float:
    return next((1.0 / rank for rank, hit in enumerate(found, start=1) if hit), 0.0)


# --------------------------------------------------------------------------- many tasks


def summarise(
    rows: Sequence[Mapping[str, float]], *, resamples: int = RESAMPLES, seed: int = SEED
) -> Summary:
    """Return the mean of each metric over tasks, `count`, and the interval of Hit@1.

    `rows` are results of `task_metrics`. Without rows every metric is None, because the mean of
    nothing is neither 0 nor 1. The order of the rows changes nothing, not even the interval.
    """
    count = len(rows)
    summary: Summary = {
        name: math.fsum(row[name] for row in rows) / count if count else None
        for name in METRIC_NAMES
    }
    hits = [row[HIT] for row in rows]
    interval = bootstrap_interval(hits, resamples=resamples, seed=seed) if count else None
    return summary | {COUNT: count, HIT_INTERVAL: list(interval) if interval else None}


def bootstrap_interval(
    values: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED, level: float = LEVEL
) -> tuple[float, float]:
    """Return the percentile bootstrap interval (low, high) of the mean of `values`, one a task.

    Tasks are drawn with replacement `resamples` times. Where all values are equal the interval
    has no width: the sample holds no sign of its own spread, so few tasks prove little.

    Raises `UsageError` without values, below one resample, or for a level outside (0, 1).
    """
    if not len(values):
        raise UsageError("An interval of no values was asked for. Score at least one task.")
    if resamples < 1:
        raise UsageError(f"{resamples} bootstrap resamples are too few. Ask for 1 or more.")
    if not 0 < level < 1:
        raise UsageError(f"A level of {level} is not between 0 and 1. Ask for 0.95, say.")
    # How often each distinct value is drawn is multinomial: the same distribution as drawing
    # tasks one by one, but the cost grows with the distinct values (two, for a hit or a miss).
    distinct_values, counts = np.unique(np.asarray(values, dtype=np.float64), return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(
        len(values), counts / len(values), size=resamples
    )
    tail = (1 - level) / 2
    low, high = np.quantile(drawn @ distinct_values / len(values), [tail, 1 - tail])
    return float(low), float(high)


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """By how much `a` beats `b` on the same tasks.

    `difference` is mean(a) - mean(b), [`low`, `high`] its 95% bootstrap interval; `better` and
    `worse` count the tasks on which a is above and below b.
    """

    difference: float
    low: float
    high: float
    better: int
    worse: int

    @property
    def p_value(self) -> float:
        """The exact two-sided sign test over the tasks that differ: McNemar's for a hit or miss.

        The chance of a split at least as uneven as `better` to `worse` if neither were better;
        1 where no task differs.
        """
        differ = self.better + self.worse
        ways = tail = 1  # to choose k of them, and to choose k or fewer
        for k in range(min(self.better, self.worse)):
            ways = ways * (differ - k) // (k + 1)
            tail += ways
        return min(1.0, 2 * tail / (1 << differ))


def paired_difference(
    a: Sequence[float], b: Sequence[float], *, resamples: int = RESAMPLES, seed: int = SEED
) -> PairedDifference:
    """Compare two systems task by task: `a[i]` and `b[i]` are one metric of the same task.

    The interval is over the per-task differences, so the tasks' own difficulty cancels out; it is
    much narrower than the difference of two separate intervals.

    Raises `UsageError` when the lengths differ or there is no task.
    """
    if len(a) != len(b):
        raise UsageError(f"{len(a)} values cannot be paired with {len(b)}. Score the same tasks.")
    gains = [x - y for x, y in zip(a, b, strict=True)]
    low, high = bootstrap_interval(gains, resamples=resamples, seed=seed)
    better, worse = sum(gain > 0 for gain in gains), sum(gain < 0 for gain in gains)
    return PairedDifference(math.fsum(gains) / len(gains), low, high, better, worse)
