"""Asking a router every query of a benchmark's tier.

Responsible for the order of the work, its progress, the latencies and the report of both stages.
Must not know how a router works: it is anything with `rank`, so no model code is imported here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from skillrouter_core.benchmark import Benchmark, Predictions, count_of, read_pool
from skillrouter_core.errors import BenchmarkError, UsageError
from skillrouter_core.evaluate.scoring import (
    ScoredTask,
    ScoreReport,
    score_predictions,
    scored_tasks,
)
from skillrouter_core.metrics import (
    HIT,
    RECALL_AT,
    RESAMPLES,
    SEED,
    PairedDifference,
    paired_difference,
)
from skillrouter_core.progress import Meter, ProgressListener, silent

DEEPEST = max(RECALL_AT)
"""Ids a ranking needs so that no metric is cut short by the ranking instead of the router."""


@dataclass(frozen=True, slots=True)
class RankedAnswer:
    """What a router says to one query: both rankings, best first, and the milliseconds it took.

    `stage1` carries at least 50 ids where the pool does, or Recall@50 is cut short. `final` is the
    reranked candidates followed by the rest of stage 1.
    """

    stage1: tuple[str, ...]
    final: tuple[str, ...]
    encode_ms: float
    stage1_ms: float
    stage2_ms: float
    total_ms: float


class RankingRouter(Protocol):
    """Anything that ranks the ids of one tier's pool for a query."""

    def rank(self, query: str) -> RankedAnswer:
        """Return both stages' rankings for one query."""
        ...


@dataclass(frozen=True, slots=True)
class EvaluateOptions:
    """How an evaluation runs.

    `limit` asks only the first so many scored tasks (None: all); the report says when it bit.
    """

    limit: int | None = None
    resamples: int = RESAMPLES
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class TierReport:
    """Both stages of one router on one tier.

    `retrieval` scores stage 1, `pipeline` the final order; `gain` is Hit@1 of the pipeline minus
    that of stage 1, paired by task. `latency_ms` has p50 and p95 of the whole answer and p50 of
    each part. `stage1_predictions` and `predictions` are the rankings, fit for `save_predictions`.
    """

    tier: str
    retrieval: ScoreReport
    pipeline: ScoreReport
    gain: PairedDifference
    latency_ms: Mapping[str, float] = field(hash=False)
    stage1_predictions: Predictions = field(hash=False)
    predictions: Predictions = field(hash=False)
    notes: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """What a reader of the figures must be told, a sentence each."""
        return (*self.notes, *self.pipeline.messages)

    def as_json(self) -> dict[str, Any]:
        """Return tier -> {retrieval, pipeline} -> {all, single, multi} -> metrics (DESIGN.md).

        Beside the two stand `latency_ms` and `stage2_gain`. Several tiers merge with `|`.
        """
        gain = self.gain
        report = {
            "retrieval": self.retrieval.as_json(),
            "pipeline": self.pipeline.as_json(),
            "latency_ms": dict(self.latency_ms),
            "stage2_gain": {
                "difference": gain.difference,
                "ci95": [gain.low, gain.high],
                "fixed": gain.better,
                "spoiled": gain.worse,
            },
        }
        return {self.tier: report}


def evaluate(
    benchmark: Benchmark,
    tier: str,
    router: RankingRouter,
    options: EvaluateOptions | None = None,
    listener: ProgressListener = silent,
    *,
    pool_ids: Set[str] | None = None,
) -> TierReport:
    """Ask the router every task that counts in a tier and score both its stages.

    Queries are asked one at a time, so the latencies are those of a lone user; a router should be
    warm before. `pool_ids` saves reading the pool again where the caller has it.

    Raises `BenchmarkError` when no task counts in the tier, `UsageError` for a limit below 1, and
    whatever the router or the listener (`Cancelled`) raises.
    """
    options = options or EvaluateOptions()
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"A limit of {options.limit} leaves no query to ask. Ask for 1 or more.")
    ids, notes = (pool_ids, ()) if pool_ids is not None else _pool_ids(benchmark, tier)
    counted = scored_tasks(benchmark, ids)
    if not counted:
        raise BenchmarkError(
            f"None of the {len(benchmark.tasks)} tasks of {benchmark.folder} has a right answer in "
            f"tier {tier!r}. Check core_gt_ids in relevance.json against the pool's skill_id."
        )
    asked = counted[: options.limit]
    answers = _ask(router, asked, tier, listener)
    later = {scored.task for scored in counted[len(asked) :]}
    part = replace(benchmark, tasks=tuple(task for task in benchmark.tasks if task not in later))
    notes = (*benchmark.notes, *notes, *_cut_short(len(counted), answers, len(ids)))
    return _report(part, tier, ids, answers, options, notes)


def _pool_ids(benchmark: Benchmark, tier: str) -> tuple[Set[str], tuple[str, ...]]:
    pool = read_pool(benchmark.folder, tier)
    if not pool.issues:
        return pool.ids, ()
    first = pool.issues[0]
    return pool.ids, (
        f"{count_of(pool.issues, 'record')} of the pool left out or repaired; the first: "
        f"{first.path}:{first.line}: {first.reason}.",
    )


def _ask(
    router: RankingRouter, tasks: Sequence[ScoredTask], tier: str, listener: ProgressListener
) -> dict[str, RankedAnswer]:
    meter = Meter(listener, f"evaluate {tier}", len(tasks), unit="queries")
    answers = {}
    for scored in tasks:
        answers[scored.task.task_id] = router.rank(scored.task.query)
        meter.advance()
    return answers


def _report(
    benchmark: Benchmark,
    tier: str,
    ids: Set[str],
    answers: Mapping[str, RankedAnswer],
    options: EvaluateOptions,
    notes: tuple[str, ...],
) -> TierReport:
    stage1 = {task_id: answer.stage1 for task_id, answer in answers.items()}
    final = {task_id: answer.final for task_id, answer in answers.items()}
    retrieval, pipeline = (
        score_predictions(side, benchmark, ids, resamples=options.resamples, seed=options.seed)
        for side in (stage1, final)
    )
    gain = paired_difference(
        pipeline.values(HIT), retrieval.values(HIT), resamples=options.resamples, seed=options.seed
    )
    latency = _latency(list(answers.values()))
    return TierReport(tier, retrieval, pipeline, gain, latency, stage1, final, notes)


def _latency(answers: Sequence[RankedAnswer]) -> dict[str, float]:
    total = [answer.total_ms for answer in answers]
    parts = ("encode", "stage1", "stage2")
    return {
        "p50": float(np.percentile(total, 50)),
        "p95": float(np.percentile(total, 95)),
        **{
            f"{part}_p50": float(np.percentile([getattr(a, f"{part}_ms") for a in answers], 50))
            for part in parts
        },
    }


def _cut_short(counted: int, answers: Mapping[str, RankedAnswer], pool: int) -> tuple[str, ...]:
    """Say where a cap lowered a figure."""
    notes = []
    if len(answers) < counted:
        notes.append(f"Only the first {len(answers)} of {counted} scored tasks were asked.")
    enough = min(DEEPEST, pool)
    short = sum(min(len(a.stage1), len(a.final)) < enough for a in answers.values())
    if short:
        notes.append(
            f"{short} of {len(answers)} rankings hold fewer than {enough} ids, so Recall@{DEEPEST} "
            "may be cut short by the ranking. Ask the router for a deeper one."
        )
    return tuple(notes)
