"""Two evaluations held against each other, and one cut into parts.

Responsible for metrics by style, cluster and number of right skills, for paired differences, and
for the tasks that changed. Must not know where evaluations are kept or how they are drawn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from skillrouter_core.errors import UsageError
from skillrouter_core.metrics import (
    HIT,
    PairedDifference,
    bootstrap_interval,
    paired_difference,
    task_metrics,
)
from skillrouter_core.records.evaluations import EvaluatedTask, Evaluation, EvaluationInfo

STAGE1_HIT, TOLERANT_HIT, RETRIEVED = "Stage-1 Hit@1", "Hit@1, copies allowed", "Recall@20"
FIGURES = (
    HIT,
    TOLERANT_HIT,
    STAGE1_HIT,
    "MRR@10",
    "nDCG@10",
    RETRIEVED,
    "FullCoverage@3",
    "FullCoverage@5",
    "FullCoverage@10",
)
"""The figures of an evaluation, in the order they are shown; each lies in [0, 1]."""

ALL = "all"


@dataclass(frozen=True, slots=True)
class Figure:
    """One mean over tasks with its 95% bootstrap interval."""

    mean: float
    low: float
    high: float
    tasks: int


@dataclass(frozen=True, slots=True)
class Part:
    """The figures of some tasks of an evaluation, by name of the metric."""

    name: str
    tasks: int
    figures: Mapping[str, Figure] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations of the same tasks: `after` minus `before`, and what changed.

    `fixed` and `spoiled` pair the tasks (before, after) whose first answer became right or wrong.
    """

    differences: Mapping[str, PairedDifference] = field(hash=False)
    fixed: tuple[tuple[EvaluatedTask, EvaluatedTask], ...] = ()
    spoiled: tuple[tuple[EvaluatedTask, EvaluatedTask], ...] = ()


def figures_of(task: EvaluatedTask) -> dict[str, float]:
    """Return every figure of one task; recall is stage 1's, of what stage 2 gets to see."""
    final = task_metrics(task.final, frozenset(task.right))
    stage1 = task_metrics(task.stage1, frozenset(task.right))
    own = {
        TOLERANT_HIT: float(task.tolerant_hit),
        STAGE1_HIT: stage1[HIT],
        RETRIEVED: stage1[RETRIEVED],
    }
    return {name: own.get(name, final.get(name, 0.0)) for name in FIGURES}


def part_of(name: str, tasks: Sequence[EvaluatedTask]) -> Part:
    """Return the figures of some tasks; raises UsageError where there are none."""
    rows = [figures_of(task) for task in tasks]
    if not rows:
        raise UsageError(f"the part {name!r} holds no task; choose another")
    return Part(
        name, len(rows), {figure: _figure([row[figure] for row in rows]) for figure in FIGURES}
    )


def parts(tasks: Iterable[EvaluatedTask], key: Callable[[EvaluatedTask], str]) -> tuple[Part, ...]:
    """Return all tasks as one part and then each group that `key` makes, the largest first."""
    groups: dict[str, list[EvaluatedTask]] = defaultdict(list)
    everything = list(tasks)
    for task in everything:
        groups[key(task)].append(task)
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return (part_of(ALL, everything), *(part_of(name, group) for name, group in ordered))


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """Return what changed from one evaluation to another of the same tasks and pool.

    Raises UsageError where the two did not ask the same tasks over the same pool.
    """
    _require_fellows(before.info, after.info)
    later = {task.task_id: task for task in after.tasks}
    both = [(task, later[task.task_id]) for task in before.tasks]
    old, new = ([figures_of(pair[side]) for pair in both] for side in (0, 1))
    differences = {
        name: paired_difference([row[name] for row in new], [row[name] for row in old])
        for name in FIGURES
    }
    fixed = tuple(pair for pair in both if pair[1].hit and not pair[0].hit)
    spoiled = tuple(pair for pair in both if pair[0].hit and not pair[1].hit)
    return Comparison(differences, fixed, spoiled)


def compare_parts(
    before: Evaluation, after: Evaluation, key: Callable[[EvaluatedTask], str]
) -> dict[str, Comparison]:
    """Return what changed in each group that `key` makes of the tasks, by the group's name.

    Raises UsageError as `compare` does.
    """
    _require_fellows(before.info, after.info)
    groups: dict[str, list[EvaluatedTask]] = defaultdict(list)
    for task in after.tasks:
        groups[key(task)].append(task)
    earlier = {task.task_id: task for task in before.tasks}
    return {
        name: compare(
            replace(before, tasks=tuple(earlier[one.task_id] for one in group)),
            replace(after, tasks=tuple(group)),
        )
        for name, group in groups.items()
    }


def stage2_effect(
    tasks: Sequence[EvaluatedTask],
) -> tuple[tuple[EvaluatedTask, ...], tuple[EvaluatedTask, ...]]:
    """Return the tasks that stage 2 fixed and those it spoiled."""
    fixed = tuple(task for task in tasks if task.hit and not task.stage1_hit)
    return fixed, tuple(task for task in tasks if task.stage1_hit and not task.hit)


def misses(tasks: Sequence[EvaluatedTask]) -> tuple[EvaluatedTask, ...]:
    """Return the tasks whose first answer is wrong, the most confident first."""
    wrong = [task for task in tasks if not task.hit]
    return tuple(sorted(wrong, key=lambda task: -(task.confidence or 0.0)))


def _figure(values: Sequence[float]) -> Figure:
    low, high = bootstrap_interval(values)
    return Figure(sum(values) / len(values), low, high, len(values))


def _require_fellows(before: EvaluationInfo, after: EvaluationInfo) -> None:
    if before.fingerprint != after.fingerprint:
        raise UsageError(
            f"{before.evaluation_id} and {after.evaluation_id} asked other tasks or searched "
            "another pool; compare evaluations of one benchmark and tier"
        )
