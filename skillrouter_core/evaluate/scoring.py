"""Scoring predictions, whoever made them.

Responsible for deciding which tasks count (as the released scoring script does), for their means,
and for saying what was skipped. Must not know how a ranking is made or where it came from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from skillrouter_core.benchmark import GENERIC_ONLY, Benchmark, Task, count_of, named
from skillrouter_core.metrics import RESAMPLES, SEED, Summary, distinct, summarise, task_metrics

STRATA = ("all", "single", "multi")


# --------------------------------------------------------------------------- which tasks count


@dataclass(frozen=True, slots=True)
class ScoredTask:
    """A task that counts in one tier: its right answers and graded ids inside the pool."""

    task: Task
    right: frozenset[str]
    grades: Mapping[str, float] = field(hash=False)

    @property
    def stratum(self) -> str:
        """`single` with one right answer in the pool, else `multi`."""
        return "single" if len(self.right) == 1 else "multi"


def scored_tasks(benchmark: Benchmark, pool_ids: Set[str]) -> tuple[ScoredTask, ...]:
    """Return the tasks that count against a pool, in the benchmark's order.

    Left out are tasks of type `generic_only`, tasks nobody judged, and tasks none of whose right
    answers is in the pool.
    """
    counted = []
    for task in benchmark.tasks:
        entry = benchmark.relevance.get(task.task_id)
        if entry is None or entry.task_type == GENERIC_ONLY or not entry.right & pool_ids:
            continue
        grades = {
            skill_id: grade for skill_id, grade in entry.grades.items() if skill_id in pool_ids
        }
        counted.append(ScoredTask(task, entry.right & pool_ids, grades))
    return tuple(counted)


# --------------------------------------------------------------------------- predictions


@dataclass(frozen=True, slots=True)
class TaskScore:
    """The metrics of one scored task; `missing`: wrong for want of a prediction."""

    task_id: str
    stratum: str
    metrics: Mapping[str, float] = field(hash=False)
    missing: bool = False


@dataclass(frozen=True, slots=True)
class ScoreReport:
    """One set of predictions against one tier.

    `rows` hold each scored task, `strata` their means by all, single and multi. `left_out` are
    tasks that do not count in this tier, `missing` those that do but have no prediction (skipped,
    or counted as wrong if asked), `unknown_tasks` predicted tasks the benchmark does not have.
    `unknown_ids` counts predicted ids outside the pool (wrong answers), `repeats` ids predicted
    again for the same task (dropped).
    """

    rows: tuple[TaskScore, ...]
    strata: Mapping[str, Summary] = field(hash=False)
    left_out: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unknown_tasks: tuple[str, ...] = ()
    unknown_ids: int = 0
    repeats: int = 0

    @property
    def missing_counted(self) -> bool:
        """Whether tasks without a prediction were counted as wrong."""
        return any(row.missing for row in self.rows)

    @property
    def messages(self) -> tuple[str, ...]:
        """What a reader of the figures must be told, a sentence each; the CLI's stderr."""
        fate = "counted as wrong" if self.missing_counted else "skipped"
        lines = (
            (self.left_out, "not scored (generic or no right answer in the pool)"),
            (self.missing, f"without a prediction, {fate}"),
            (self.unknown_tasks, "predicted that the benchmark does not have, ignored"),
        )
        told = [f"{count_of(ids, 'task')} {what}: {named(ids)}." for ids, what in lines if ids]
        if self.unknown_ids:
            told.append(
                f"Predicted ids that are not in the pool count as wrong: {self.unknown_ids}."
            )
        if self.repeats:
            told.append(f"Predicted ids that repeat an earlier one are dropped: {self.repeats}.")
        return tuple(told)

    def values(self, metric: str) -> list[float]:
        """Return one metric of each scored task, in the order of `rows`."""
        return [row.metrics[metric] for row in self.rows]

    def as_json(self) -> dict[str, Any]:
        """Return {all, single, multi} -> metrics: what the JSON of `score` holds for one tier."""
        return {stratum: dict(summary) for stratum, summary in self.strata.items()}


def score_predictions(
    predictions: Mapping[str, Sequence[str]],
    benchmark: Benchmark,
    tier_pool_ids: Set[str],
    missing_as_wrong: bool = False,
    *,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> ScoreReport:
    """Score rankings (task id -> skill ids, best first) against one tier's pool.

    A task without a prediction is skipped, or counted as wrong in every metric if asked. A task
    whose prediction is an empty list is always counted as wrong: the system was asked.
    """
    tasks = scored_tasks(benchmark, tier_pool_ids)
    missing = tuple(t.task.task_id for t in tasks if t.task.task_id not in predictions)
    rows = tuple(
        _task_score(scored, predictions)
        for scored in tasks
        if missing_as_wrong or scored.task.task_id in predictions
    )
    known = {task.task_id for task in benchmark.tasks}
    rankings = [predictions[row.task_id] for row in rows if not row.missing]
    return ScoreReport(
        rows=rows,
        strata=_strata(rows, resamples, seed),
        left_out=tuple(sorted(known - {scored.task.task_id for scored in tasks})),
        missing=missing,
        unknown_tasks=tuple(sorted(predictions.keys() - known)),
        unknown_ids=sum(len(set(ranking) - tier_pool_ids) for ranking in rankings),
        repeats=sum(len(ranking) - len(distinct(ranking)) for ranking in rankings),
    )


def _task_score(scored: ScoredTask, predictions: Mapping[str, Sequence[str]]) -> TaskScore:
    task_id = scored.task.task_id
    metrics = task_metrics(predictions.get(task_id, ()), scored.right, scored.grades)
    return TaskScore(task_id, scored.stratum, metrics, missing=task_id not in predictions)


def _strata(rows: Sequence[TaskScore], resamples: int, seed: int) -> dict[str, Summary]:
    return {
        stratum: summarise(
            [row.metrics for row in rows if stratum in ("all", row.stratum)],
            resamples=resamples,
            seed=seed,
        )
        for stratum in STRATA
    }
