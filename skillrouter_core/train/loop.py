"""The optimisation loop.

Responsible for batches, AdamW with warm-up and cosine decay, accumulation and
checkpoints (PAPER section "Training"). Must not know texts, losses or model folders.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from skillrouter_core.errors import Cancelled, TrainingError
from skillrouter_core.progress import Progress, ProgressListener, silent
from skillrouter_core.records.training import CurvePoint
from skillrouter_core.train.checkpoint import Checkpoint, Past
from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.curve import CurveFile, summary
from skillrouter_core.train.network import learning, mixed_precision
from skillrouter_core.train.workers import Workers

CHECKPOINT_EVERY = 50
"""Optimiser steps between checkpoints."""

TELL_EVERY = 0.2
"""Seconds between two calls of the listener."""

RECENT = 20
"""Steps over which the loss that is told is averaged."""

LOSS = Callable[[Sequence[Any]], torch.Tensor]


@dataclass(frozen=True, slots=True)
class Watch:
    """Who is told of a run: a listener now and then, a curve every step."""

    part: str = "network"
    listener: ProgressListener = silent
    curve: Path | None = None


def require_batch(examples: Sequence[Any], config: TrainConfig) -> None:
    """Raise TrainingError unless there is at least one batch of examples."""
    if len(examples) < config.batch_size:
        raise TrainingError(
            f"{len(examples)} training examples are fewer than one batch of "
            f"{config.batch_size}. Label more pairs, or lower the batch size."
        )


def fit(
    network: Any,
    examples: Sequence[Any],
    loss_of: LOSS,
    folder: Path,
    config: TrainConfig,
    workers: Workers,
    watch: Watch,
) -> TrainReport:
    """Run the loop from the last checkpoint in `folder`, if any, to the end.

    A listener that raises `Cancelled` stops the run after a step, whose state is kept. Raises
    TrainingError where memory runs out or the loss is no number any more.
    """
    trained = learning(network)
    batches = plan(len(examples), config)
    optimizer = torch.optim.AdamW(
        trained.values(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    factor = _cosine(max(int(len(batches) * config.warmup_share), 1), len(batches))
    checkpoint = Checkpoint(folder / "checkpoint", trained, optimizer, config)
    past = checkpoint.load()
    teller = _Teller(watch, workers, len(batches), past)
    network.train()
    for step in range(len(past.losses), len(batches)):
        loss = _step(workers.share(batches[step]), len(batches[step]), examples, loss_of, workers)
        workers.add_up(trained.values())
        loss = _finite(workers.total(loss), step, config)
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        rate = config.learning_rate * factor(step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        stop = teller.tell(loss, rate)
        if workers.leads and (stop or (step + 1) % CHECKPOINT_EVERY == 0):
            checkpoint.save(past)
        if stop:
            raise stop
    network.eval()
    return summary(past.losses, folder)


class _Teller:
    """Keeps the losses, tells the listener and the curve, and takes note of a wish to stop."""

    def __init__(self, watch: Watch, workers: Workers, steps: int, past: Past) -> None:
        self._watch, self._workers, self._steps, self._past = watch, workers, steps, past
        self._clock, self._told = time.monotonic() - past.seconds, 0.0
        writes = watch.curve is not None and workers.leads
        self._curve = CurveFile(watch.curve) if writes and watch.curve else None
        if workers.leads:
            self._report()

    def tell(self, loss: float, rate: float) -> Cancelled | None:
        """Take in a step; return why to stop, the same in every process, or None."""
        past = self._past
        past.losses.append(loss)
        past.seconds = time.monotonic() - self._clock
        done = len(past.losses)
        if self._curve is not None:
            self._curve.add(
                CurvePoint(self._watch.part, done, self._steps, loss, rate, past.seconds)
            )
        stop = None
        due = time.monotonic() - self._told >= TELL_EVERY or done == self._steps
        if self._workers.leads and due:
            try:
                self._report()
            except Cancelled as error:
                stop = error
        if not self._workers.any(stop is not None):
            return None
        return stop or Cancelled("stopped on request; what was finished is kept")

    def _report(self) -> None:
        self._told = time.monotonic()
        recent = self._past.losses[-RECENT:]
        stage = f"Training the {self._watch.part}"
        if recent:
            stage = f"{stage}, loss {sum(recent) / len(recent):.3f}"
        done, seconds = len(self._past.losses), self._past.seconds
        self._watch.listener(Progress(stage, done, self._steps, seconds, "steps"))


def _step(
    mine: Sequence[list[int]],
    parts: int,
    examples: Sequence[Any],
    loss_of: LOSS,
    workers: Workers,
) -> float:
    """Return this process's share of a step's loss, its gradients added up."""
    total = 0.0
    for rows in mine:
        try:
            with mixed_precision(workers.device):
                loss = loss_of([examples[row] for row in rows]) / parts
            loss.backward()  # type: ignore[no-untyped-call]
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"Out of memory with {len(rows)} examples at a time on {workers.device}. Halve "
                f"the batch size and double the accumulation, or switch gradient checkpointing on."
            ) from error
        total += float(loss.detach())
    return total


def _finite(loss: float, step: int, config: TrainConfig) -> float:
    if math.isfinite(loss):
        return loss
    raise TrainingError(
        f"The loss is {loss} after step {step + 1}: training has gone astray. Lower the learning "
        f"rate, which is {config.learning_rate:g}."
    )


def plan(count: int, config: TrainConfig) -> list[list[list[int]]]:
    """Return, per optimiser step, the accumulated batches of example rows; seeded, all epochs."""
    rng = random.Random(config.seed)
    batches: list[list[int]] = []
    for _ in range(config.epochs):
        order = rng.sample(range(count), count)
        whole = count - count % config.batch_size
        batches += [order[i : i + config.batch_size] for i in range(0, whole, config.batch_size)]
    step = config.accumulation
    return [batches[i : i + step] for i in range(0, len(batches), step)]


def _cosine(warmup: int, steps: int) -> Callable[[int], float]:
    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        done = (step - warmup) / max(steps - warmup, 1)
        return 0.5 * (1 + math.cos(math.pi * min(done, 1.0)))

    return factor
