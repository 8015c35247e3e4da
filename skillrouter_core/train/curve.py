"""The loss curve of a run, one line of JSON a step, readable while it grows.

Responsible for the file `curve.jsonl` of a run's folder. Must not know tensors, nor who draws.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path

from skillrouter_core.records.training import CurvePoint, TrainReport

CURVE = "curve.jsonl"


class CurveFile:
    """Adds points to a curve; each is in the file before the next step begins."""

    def __init__(self, path: Path) -> None:
        """Continue the file, without half a line that a kill left at its end."""
        self._path = path
        if path.exists():
            text = path.read_bytes()
            os.truncate(path, text.rfind(b"\n") + 1)

    def add(self, point: CurvePoint) -> None:
        """Append one point."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(point)) + "\n")


def read_curve(path: Path) -> tuple[CurvePoint, ...]:
    """Return a curve's points by network and step; empty before the first.

    A step done again after a kill counts once, as it was done last; half a line counts not.
    """
    if not path.exists():
        return ()
    found: dict[tuple[str, int], CurvePoint] = {}
    for line in path.read_text(encoding="utf-8").split("\n")[:-1]:
        point = CurvePoint(**json.loads(line))
        found[point.part, point.step] = point
    return tuple(found[key] for key in sorted(found))


def report_of(points: tuple[CurvePoint, ...], part: str, folder: Path) -> TrainReport:
    """Return what one network's curve says of its training."""
    return summary([point.loss for point in points if point.part == part], folder)


def summary(losses: list[float], folder: Path) -> TrainReport:
    """Return steps and the mean loss over the first and the last tenth."""
    tenth = max(len(losses) // 10, 1)
    first, last = losses[:tenth], losses[-tenth:]
    return TrainReport(len(losses), sum(first) / len(first), sum(last) / len(last), folder)
