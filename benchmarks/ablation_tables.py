"""Pairs of evaluations of the same queries as Markdown, with 95% intervals.

Responsible for the figures of a row and for what may be said of a difference. Must not know what
was trained or how it was asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skillrouter_core.metrics import bootstrap_interval, paired_difference, task_metrics
from skillrouter_core.records.evaluations import EvaluatedTask

FIGURES = {"Hit@1": "Hit@1", "MRR@10": "MRR@10", "R@20": "Recall@20"}
"""What is printed, by what it is called in `metrics`; all are of the final order."""

HEAD = (
    "| what | Hit@1 | MRR@10 | R@20 |",
    "|---|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Side:
    """One system's answers."""

    name: str
    tasks: Sequence[EvaluatedTask]


def lines(first: Side, *others: Side) -> list[str]:
    """Return a line for each side, and below each but the first its difference from the first.

    All sides answered the same queries; the differences are paired by query, in points.
    """
    rows = [_figures(first)]
    for other in others:
        rows += [_figures(other), _difference(first, other)]
    return rows


def _figures(side: Side) -> str:
    cells = []
    for values in _values(side.tasks).values():
        low, high = bootstrap_interval(values)
        cells.append(f"{_part(sum(values) / len(values))} [{_part(low)}, {_part(high)}]")
    return f"| {side.name} | {' | '.join(cells)} |"


def _difference(first: Side, other: Side) -> str:
    places = {task.task_id: place for place, task in enumerate(other.tasks)}
    ordered = [other.tasks[places[task.task_id]] for task in first.tasks]
    before, after = _values(ordered), _values(first.tasks)
    cells = [difference_cell(after[name], before[name]) for name in FIGURES]
    return f"| *{first.name} over {other.name}* | {' | '.join(cells)} |"


def difference_cell(after: Sequence[float], before: Sequence[float]) -> str:
    """Return a paired difference in points; one whose interval holds 0 says that nothing is shown.

    How many queries got better and worse stands beside it.
    """
    found = paired_difference(after, before)
    told = f"{_points(found.difference)} [{_points(found.low)}, {_points(found.high)}]"
    counts = f"{found.better} better, {found.worse} worse"
    if found.low <= 0 <= found.high:
        return f"{told}, no difference shown ({counts})"
    return f"**{told}** ({counts})"


def _values(tasks: Sequence[EvaluatedTask]) -> dict[str, list[float]]:
    each = [task_metrics(task.final, frozenset(task.right)) for task in tasks]
    return {shown: [row[name] for row in each] for shown, name in FIGURES.items()}


def _part(value: float) -> str:
    return f"{value:.3f}".removeprefix("0") if value < 1 else "1.000"


def _points(value: float) -> str:
    return f"{100 * value:+.1f}"
