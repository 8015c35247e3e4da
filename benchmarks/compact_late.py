"""Lists to the compact profile's late-interaction reranker.

Responsible for the objective, the loop and its checkpoints. Must not know how lists were mined.

The network starts from the trained encoder. Its lower layers and embeddings stay as they are:
half the time of a step, and what they learn from thousands of pairs is little.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from compact_data import PRESET, SEED
from compact_lists import Candidate, LateList
from safetensors.torch import load_file
from torch.nn import functional
from transformers import AutoModelForTokenClassification

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.encode import Pooling, pool
from skillrouter_core.mining import FALSE_NEGATIVE_COSINE
from skillrouter_core.models import EMBEDDED, LATE, find_model
from skillrouter_core.records import normalised_name
from skillrouter_core.rerank import LATE_QUERY_TOKENS, late_interaction, token_shares
from skillrouter_core.texts import reranker_document, reranker_query
from skillrouter_core.train import TrainConfig
from skillrouter_core.train.checkpoint import Checkpoint
from skillrouter_core.train.delta import FROZEN, write_delta

CHECKPOINT_EVERY = 50
TOLD_EVERY = 10
OWN_COSINE, ALL_COSINE, ALL_LATE = 10.0, 20.0, 1.25
"""Weights inside the losses: of the pooled cosine beside late interaction among a query's own
candidates, and of either alone among a whole batch's."""


LATE_RUN = TrainConfig(learning_rate=6e-5, batch_size=8, seed=SEED)
HEAD_FACTOR = 20.0
"""How much faster the head learns: it starts from nothing."""

NEGATIVES = 4
"""Of a list's look-alikes so many are read a step: the hardest half, and a draw."""

FROZEN_LAYERS = 3


def train_late(
    passes: Sequence[Sequence[LateList]],
    vectors: np.ndarray,
    encoder: Path | str,
    folder: Path,
    *,
    most_steps: int | None = None,
) -> list[float]:
    """Train from `encoder`, write the reranker to `folder`, return the losses of all passes.

    Every pass over its lists has a learning rate that rises, falls to 0 along a cosine, and
    moments of its own. `vectors` are the encoder's of every skill, by row: near-copies in a batch
    are no negatives. `most_steps` ends each pass early, without changing a step before: to
    compare two runs.
    """
    trainer = _Trainer(vectors, encoder)
    losses = []
    for number, lists in enumerate(passes):
        run = replace(LATE_RUN, seed=LATE_RUN.seed + number)
        losses += _one_pass(trainer, lists, run, folder / f"checkpoint-{number + 1}", most_steps)
    settings = asdict(LATE_RUN) | {"lists": sum(map(len, passes)), "steps": len(losses)}
    write_delta(trainer.network, EMBEDDED, folder, PRESET, LATE, settings, FROZEN)
    return losses


def _one_pass(
    trainer: _Trainer,
    lists: Sequence[LateList],
    run: TrainConfig,
    folder: Path,
    most_steps: int | None,
) -> list[float]:
    """Go once over the lists, in the order of the run's seed, and return the losses."""
    trainer.restart()
    order = list(range(len(lists)))
    random.Random(run.seed).shuffle(order)
    size = run.batch_size
    steps = len(order) // size
    checkpoint = Checkpoint(folder, trainer.trained, trainer.optimizer, run)
    past = checkpoint.load()
    start, clock = len(past.losses), time.monotonic()
    last = min(steps, most_steps or steps)
    for step in range(start, last):
        batch = [lists[row] for row in order[step * size : (step + 1) * size]]
        factor = _factor(step, steps, run.warmup_share)
        past.losses.append(trainer.step(batch, random.Random(step * 7919 + run.seed), factor))
        if (step + 1) % TOLD_EVERY == 0:
            left = (time.monotonic() - clock) / (step + 1 - start) * (last - step - 1)
            mean = np.mean(past.losses[-3 * TOLD_EVERY :])
            print(f"reranker {step + 1}/{last} loss {mean:.3f} left {left:.0f} s", flush=True)
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == last:
            checkpoint.save(past)
    return past.losses


def late_network(encoder: Path | str) -> Any:
    """Return a token classifier with the encoder's weights and a head that favours no token."""
    network = load_network(
        find_model(EMBEDDED),
        AutoModelForTokenClassification,
        dtype=torch.float32,
        num_labels=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
    )
    delta = find_model(str(encoder)).delta
    if delta is not None:
        tensors = {name: tensor.float() for name, tensor in load_file(delta).items()}
        network.base_model.load_state_dict(tensors, strict=False)
    torch.nn.init.zeros_(network.classifier.weight)
    torch.nn.init.zeros_(network.classifier.bias)
    return network


class _Trainer:
    def __init__(self, vectors: np.ndarray, encoder: Path | str) -> None:
        self._vectors = vectors
        self._tokenizer = load_tokenizer(find_model(EMBEDDED), padding_side="right")
        self.network = late_network(encoder)
        fixed = [*FROZEN, *(f"encoder.layer.{i}." for i in range(FROZEN_LAYERS))]
        self.trained = {}
        for name, parameter in self.network.named_parameters():
            parameter.requires_grad_(not any(part in name for part in fixed))
            if parameter.requires_grad:
                self.trained[name] = parameter
        self._body = [p for p in self.network.base_model.parameters() if p.requires_grad]
        rate = LATE_RUN.learning_rate
        self._rates = (rate, rate * HEAD_FACTOR)
        self.restart()
        self.network.train()

    def restart(self) -> None:
        """Forget the moments, keep the weights: the start of a pass."""
        groups = [self._body, list(self.network.classifier.parameters())]
        self.optimizer = torch.optim.AdamW(
            [{"params": part} for part in groups],
            lr=LATE_RUN.learning_rate,
            weight_decay=LATE_RUN.weight_decay,
        )

    def step(self, batch: Sequence[LateList], rng: random.Random, factor: float) -> float:
        """Learn from one batch at `factor` times the learning rate, and return its loss."""
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = self._loss(batch, rng)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._body, 1.0)
        for group, rate in zip(self.optimizer.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        return float(loss.detach())

    def _loss(self, batch: Sequence[LateList], rng: random.Random) -> torch.Tensor:
        """Return the loss among each query's own candidates, and half that among the batch's."""
        width = 1 + NEGATIVES
        shown = [one for each in batch for one in (each.right, *self._drawn(each, rng))]
        asked, asked_mask = self._read(
            [reranker_query(one.query, PRESET) for one in batch], LATE_QUERY_TOKENS
        )
        told, told_mask = self._read(
            [reranker_document(one.skill, PRESET) for one in shown], PRESET.reranker.max_tokens
        )
        shares = token_shares(self.network.classifier, asked, asked_mask)
        late = late_interaction(asked, shares, told, told_mask)
        cosine = _pooled(asked, asked_mask) @ _pooled(told, told_mask).T
        first = torch.arange(len(batch)) * width
        own = first[:, None] + torch.arange(width)
        known = torch.tensor([one.known for one in shown]).view(len(batch), width)
        together = known + OWN_COSINE * cosine.gather(1, own) + late.gather(1, own)
        copies = self._copies(shown, first)
        among_all = [
            functional.cross_entropy(scores.masked_fill(copies, -1e4), first)
            for scores in (ALL_COSINE * cosine, ALL_LATE * late)
        ]
        among_own = functional.cross_entropy(together, torch.zeros_like(first))
        return among_own + 0.5 * (among_all[0] + among_all[1])

    def _drawn(self, one: LateList, rng: random.Random) -> list[Candidate]:
        """Return a list's negatives for one step: the hardest half, and a draw from the others."""
        half = (NEGATIVES + 1) // 2
        head, tail = list(one.negatives[:half]), list(one.negatives[half:])
        return head + rng.sample(tail, NEGATIVES - len(head))

    def _read(self, texts: list[str], cap: int) -> tuple[torch.Tensor, torch.Tensor]:
        batch = self._tokenizer(
            texts, truncation=True, max_length=cap, padding=True, return_tensors="pt"
        )
        return self.network.base_model(**batch).last_hidden_state.float(), batch["attention_mask"]

    def _copies(self, shown: Sequence[Candidate], first: torch.Tensor) -> torch.Tensor:
        """Return [queries, shown]: near-copies of a query's right skill, itself not."""
        names = np.array([normalised_name(one.skill.name) for one in shown])
        vectors = self._vectors[[one.row for one in shown]]
        near = (vectors @ vectors.T > FALSE_NEGATIVE_COSINE) | (names[:, None] == names[None])
        np.fill_diagonal(near, val=False)
        return torch.from_numpy(near)[first]


def _pooled(states: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return functional.normalize(pool(states, mask, Pooling.MEAN), dim=-1)


def _factor(step: int, steps: int, warmup_share: float) -> float:
    """Return the share of the learning rate: up in a line, then down a cosine."""
    warmup = max(int(steps * warmup_share), 1)
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(steps - warmup, 1)))
