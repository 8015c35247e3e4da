"""The optimisation loop.

Responsible for batches, AdamW with warm-up and cosine decay, accumulation and
checkpoints (PAPER section "Training"). Must not know texts, losses or model folders.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from skillrouter_core.errors import TrainingError
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.train.checkpoint import Checkpoint
from skillrouter_core.train.config import TrainConfig, TrainReport

NO_DROPOUT: dict[str, Any] = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
"""One epoch of distinct pairs does not overfit, and on a CPU random masks cost half the run."""

CHECKPOINT_EVERY = 50
"""Optimiser steps between checkpoints."""


def require_batch(examples: Sequence[Any], config: TrainConfig) -> None:
    """Raise TrainingError unless there is at least one batch of examples."""
    if len(examples) < config.batch_size:
        raise TrainingError(
            f"{len(examples)} training examples are fewer than one batch of "
            f"{config.batch_size}. Label more pairs, or lower the batch size."
        )


def tokens(tokenizer: Any, texts: list[Any], max_tokens: int) -> Any:
    """Return the padded tensors of texts, or of (first, second) pairs, cut to `max_tokens`."""
    return tokenizer(
        texts,
        truncation=True,
        max_length=max_tokens,
        padding=True,
        return_tensors="pt",
    )


def fit(
    network: Any,
    examples: Sequence[Any],
    loss_of: Callable[[Sequence[Any]], torch.Tensor],
    folder: Path,
    config: TrainConfig,
    frozen: Sequence[str],
    listener: ProgressListener,
) -> TrainReport:
    """Run the loop from the last checkpoint in `folder`, if any, to the end."""
    trained = _freeze(network, frozen)
    batches = _plan(len(examples), config)
    steps = len(batches)
    optimizer = torch.optim.AdamW(
        trained.values(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    factor = _cosine(max(int(steps * config.warmup_share), 1), steps)
    checkpoint = Checkpoint(folder / "checkpoint", trained, optimizer, config)
    losses = checkpoint.load()
    meter = Meter(listener, "train", steps, unit="steps")
    meter.advance(len(losses))
    network.train()
    for step in range(len(losses), steps):
        losses.append(_step(batches[step], examples, loss_of, network.device))
        torch.nn.utils.clip_grad_norm_(trained.values(), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = config.learning_rate * factor(step)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        meter.advance()
        if (step + 1) % CHECKPOINT_EVERY == 0:
            checkpoint.save(losses)
    network.eval()
    tenth = max(len(losses) // 10, 1)
    first, last = losses[:tenth], losses[-tenth:]
    return TrainReport(steps, sum(first) / len(first), sum(last) / len(last), folder)


def _step(
    parts: list[list[int]],
    examples: Sequence[Any],
    loss_of: Callable[[Sequence[Any]], torch.Tensor],
    device: torch.device,
) -> float:
    total = 0.0
    for rows in parts:
        with torch.autocast(device.type, dtype=torch.bfloat16):
            loss = loss_of([examples[row] for row in rows]) / len(parts)
        loss.backward()  # type: ignore[no-untyped-call]
        total += float(loss.detach())
    return total


def _freeze(network: Any, frozen: Sequence[str]) -> dict[str, torch.nn.Parameter]:
    """Freeze the tensors a delta leaves out; return those that train, by name."""
    trained = {}
    for name, parameter in network.named_parameters():
        parameter.requires_grad_(not any(part in name for part in frozen))
        if parameter.requires_grad:
            trained[name] = parameter
    return trained


def _plan(count: int, config: TrainConfig) -> list[list[list[int]]]:
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
