"""A model measured against those in use, on the same queries.

Responsible for asking both and for what is kept beside the model: figures and card. Must not know
how an answer is scored (`evaluate`) nor how a card is drawn (`registry`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.errors import UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import RouteOptions
from skillrouter_core.registry import CARD, METRICS, SHIPPED, find_trained, read_fitted
from skillrouter_core.workspace.serving import DEFAULT

if TYPE_CHECKING:
    from skillrouter_core.evaluate.comparing import Figure
    from skillrouter_core.metrics import PairedDifference
    from skillrouter_core.records.evaluations import Evaluation
    from skillrouter_core.workspace import Workspace

NOTE = "measured for the model {}"


def measure(
    ws: Workspace, name: str, source: str, tier: str, listener: ProgressListener
) -> Mapping[str, Any]:
    """Ask the models in use and a trained one the same queries; keep and return the figures.

    `source` is "labels" (the workspace's held-out queries), "demo" or a benchmark's folder. A
    model that is in use itself is held against the one that answered before it. Both evaluations
    are kept and can be opened on the page Evaluate. Returned is what metrics.json beside the model
    holds: benchmark, tier, tasks, pool, fitted_on (how many of the tasks served to fit numbers
    around the model's networks: each is answered by numbers fitted without it), before (the model
    it was held against), before_id, after_id, and rows of name, before, after and change with 95%
    bootstrap intervals. Raises UsageError for the shipped pair or where nothing can be asked,
    BenchmarkError, the ModelError family and what the listener raises; what was measured earlier
    stays then.
    """
    if name == SHIPPED:
        raise UsageError("the shipped models are what others are measured against; name another")
    former, profile = ws.registry.in_use() or SHIPPED, DEFAULT
    if former == name:
        former = profile = _before(ws)
    before, after = (
        ws.evaluation.keep_source(
            source,
            tier,
            options=RouteOptions(profile=one),
            note=NOTE.format(name),
            listener=listener,
        )
        for one in (profile, name)
    )
    metrics = {
        "benchmark": before.info.benchmark,
        "tier": before.info.tier,
        "tasks": before.info.tasks,
        "pool": before.info.pool,
        "fitted_on": _fitted_on(ws, name, after),
        "before": former,
        "before_id": before.info.evaluation_id,
        "after_id": after.info.evaluation_id,
        "at": after.info.created_at.isoformat(),
        "rows": rows(before, after),
    }
    folder = ws.registry.folder / name
    _replace(folder / METRICS, json.dumps(metrics, indent=2) + "\n")
    _replace(folder / CARD, ws.registry.card(name))
    return metrics


def _before(ws: Workspace) -> str:
    """Return the model that answered before the present one; one that is gone stands for none."""
    found = ws.registry.before() or SHIPPED
    return found if find_trained(ws.registry.folder, found) is not None else SHIPPED


def _fitted_on(ws: Workspace, name: str, after: Evaluation) -> int:
    profile = ws.profile(name)
    parts = [place for place in (profile.encoder, profile.reranker) if place]
    served: frozenset[str] = frozenset().union(*(read_fitted(one).queries for one in parts))
    return sum(task.query.strip() in served for task in after.tasks)


def rows(before: Evaluation, after: Evaluation) -> list[dict[str, str]]:
    """Return each figure of two evaluations of the same tasks, in words with intervals.

    Raises UsageError where they asked other tasks: texts or labels have changed in between.
    """
    from skillrouter_core.evaluate.comparing import ALL, FIGURES, compare, part_of

    differences = compare(before, after).differences
    old, new = (part_of(ALL, one.tasks).figures for one in (before, after))
    return [
        {
            "name": name,
            "before": _figure(old[name]),
            "after": _figure(new[name]),
            "change": _change(differences[name]),
        }
        for name in FIGURES
    ]


def _figure(figure: Figure) -> str:
    return f"{figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


def _change(found: PairedDifference) -> str:
    return f"{found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _replace(path: Path, text: str) -> None:
    """Replace a file in one step: a reader sees the old text or the new."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
