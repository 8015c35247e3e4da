"""One network of a run, trained from what lies in the run's folder alone.

Responsible for the order that says what to train (`<part>.json`), for stopping when the file
`stop` appears, and for clearing the checkpoint away at the end. Must not know the database:
several processes, or another machine, can do this with the folder.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from skillrouter_core.mining import read_lists, read_pairs, write_whole
from skillrouter_core.models import MANIFEST
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records.training import (
    Method,
    Objective,
    TrainConfig,
    TrainKind,
    TrainReport,
)
from skillrouter_core.texts import preset_named
from skillrouter_core.train.curve import CURVE, read_curve, report_of
from skillrouter_core.train.encoder import train_encoder
from skillrouter_core.train.reranker import train_reranker
from skillrouter_core.train.stopping import stopping
from skillrouter_core.train.workers import Workers, alone

ERROR = "error.txt"
"""Says in a run's folder why one of several processes gave up."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to train: which network, from which base, with which texts and settings."""

    part: TrainKind
    base: str
    preset: str
    config: TrainConfig
    objective: Objective = Objective.LISTWISE
    feature_weights: tuple[float, ...] = (0.0, 0.0)


def write_order(folder: Path, order: Order) -> None:
    """Keep an order in a run's folder."""
    write_whole(folder / f"{order.part}.json", json.dumps(asdict(order), indent=2) + "\n")


def read_order(folder: Path, part: TrainKind) -> Order:
    """Return the order for one network of a run."""
    values = json.loads((folder / f"{part}.json").read_text(encoding="utf-8"))
    config = values["config"]
    return Order(
        TrainKind(values["part"]),
        values["base"],
        values["preset"],
        TrainConfig(**{**config, "method": Method(config["method"])}),
        Objective(values["objective"]),
        tuple(values["feature_weights"]),
    )


def trained(folder: Path, part: TrainKind) -> bool:
    """Return whether a run's network is complete."""
    return (folder / part.value / MANIFEST).is_file()


def train_part(
    folder: Path, part: TrainKind, listener: ProgressListener, workers: Workers | None = None
) -> TrainReport:
    """Train one network of a run, from its checkpoint if there is one, and say what was done.

    A network that is complete is left alone. Raises Cancelled soon after the file `stop`
    appears in the folder; everything until then is kept.
    """
    workers = workers or alone()
    if not trained(folder, part):
        _train(folder, read_order(folder, part), stopping(folder, listener), workers)
    if workers.leads:
        shutil.rmtree(folder / part.value / "checkpoint", ignore_errors=True)
    return report_of(read_curve(folder / CURVE), part.value, folder / part.value)


def _train(folder: Path, order: Order, listener: ProgressListener, workers: Workers) -> None:
    out, curve = folder / order.part.value, folder / CURVE
    preset = preset_named(order.preset)
    if order.part is TrainKind.ENCODER:
        train_encoder(
            read_pairs(folder),
            order.base,
            out,
            preset=preset,
            config=order.config,
            listener=listener,
            curve=curve,
            workers=workers,
        )
        return
    train_reranker(
        read_lists(folder),
        order.base,
        out,
        preset=preset,
        config=order.config,
        feature_weights=order.feature_weights,
        objective=order.objective,
        listener=listener,
        curve=curve,
        workers=workers,
    )
