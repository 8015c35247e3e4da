"""Words for runs: how long, how much memory, where they stand, what they learnt.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pages.common.safe_text import escape
from skillrouter_core.records.training import (
    Method,
    Objective,
    RunState,
    TrainingRun,
    TrainKind,
    TrainOptions,
)

STATES = {
    RunState.PREPARED: "prepared",
    RunState.RUNNING: "running",
    RunState.PAUSED: "paused",
    RunState.INTERRUPTED: "interrupted",
    RunState.CANCELLED: "given up",
    RunState.FAILED: "failed",
    RunState.DONE: "done",
}
ICONS = {
    RunState.PREPARED: ":gray[:material/inventory_2:]",
    RunState.RUNNING: ":blue[:material/play_circle:]",
    RunState.PAUSED: ":orange[:material/pause_circle:]",
    RunState.INTERRUPTED: ":orange[:material/power_off:]",
    RunState.CANCELLED: ":gray[:material/cancel:]",
    RunState.FAILED: ":red[:material/error:]",
    RunState.DONE: ":green[:material/check_circle:]",
}
ALL_WEIGHTS = "all weights"
HIT = "Hit@1"
"""The figure by which a run is told in one line."""
_CHANGE = re.compile(r"\S+ \[(\S+), (\S+)\]")


def duration(seconds: float) -> str:
    """Return a time in words with its unit: 40 s, 12 min, 3.4 h."""
    if seconds < 90:
        return f"{max(round(seconds), 1)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def size(amount: int) -> str:
    """Return bytes with a unit: 41 MB, 3.2 GB."""
    return f"{amount / 1e6:,.0f} MB" if amount < 1e9 else f"{amount / 1e9:,.1f} GB"


def networks(kind: TrainKind) -> str:
    """Return which networks a run trains, in words."""
    return "encoder and reranker" if kind is TrainKind.BOTH else kind.value


def how(options: TrainOptions) -> str:
    """Return how a run learns, in a few words."""
    configs = [one for one in (options.encoder, options.reranker) if one is not None]
    words = ["LoRA" if any(one.method is Method.LORA for one in configs) else ALL_WEIGHTS]
    if options.objective is Objective.POINTWISE and options.kind is not TrainKind.ENCODER:
        words.append("pointwise")
    return ", ".join(words)


def used(counts: Mapping[str, int]) -> str:
    """Return what a run was trained on, in a few words; a dash before it has collected it."""
    if not counts:
        return "–"
    number = counts.get("queries", 0)
    words = ["1 query" if number == 1 else f"{number:,} queries"]
    words += [f"{counts[name]:,} {name}" for name in ("wrong", "generated") if counts.get(name)]
    return ", ".join(words)


def losses(run: TrainingRun) -> str:
    """Return each network's loss from its first to its last tenth, the encoder's first."""
    return " · ".join(
        f"{run.reports[part.value].first_loss:.2f} → {run.reports[part.value].last_loss:.2f}"
        for part in run.options.parts
        if part.value in run.reports
    )


def result(metrics: Mapping[str, Any]) -> str:
    """Return what a run did to Hit@1 in a few words; empty where nothing was measured."""
    row = _hit(metrics)
    return "" if row is None else f"{_mean(row['before'])} → {_mean(row['after'])}"


def verdict(metrics: Mapping[str, Any]) -> str:
    """Return whether a measured run is better, by the interval of its change in Hit@1."""
    row = _hit(metrics)
    found = _CHANGE.fullmatch(row["change"]) if row else None
    if row is None or found is None:
        return ""
    low, high = float(found[1]), float(found[2])
    said = "no difference proven"
    if low > 0 or high < 0:
        said = "better" if low > 0 else "worse"
    return f"{said}: {row['change']}"


def _hit(metrics: Mapping[str, Any]) -> Mapping[str, str] | None:
    return next((one for one in metrics.get("rows") or [] if one["name"] == HIT), None)


def _mean(figure: str) -> str:
    """Return a figure without its interval."""
    return figure.split(" ", 1)[0]


def called(name: str) -> str:
    """Return a model's name as Markdown; an empty one stands for the shipped pair."""
    return f"**{escape(name)}**" if name and name != "shipped" else "**the shipped models**"
