"""Candidate lists to a cross-encoder.

Responsible for the listwise objective over candidate lists, stage-1 features included, and for
the pointwise one it is compared with. Must not know how the lists were mined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional

from skillrouter_core.losses import listwise_cross_entropy, pointwise_bce
from skillrouter_core.mining import CandidateList, Scored
from skillrouter_core.models import find_model
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records.training import Objective
from skillrouter_core.texts import TextPreset, reranker_document, reranker_query
from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.delta import FROZEN
from skillrouter_core.train.loop import Watch, fit, require_batch
from skillrouter_core.train.network import merged, mixed_precision, trainable
from skillrouter_core.train.output import frozen_parts, write_model
from skillrouter_core.train.readers import reader_of
from skillrouter_core.train.workers import Workers, alone

LOSSES = {Objective.LISTWISE: listwise_cross_entropy, Objective.POINTWISE: pointwise_bce}

LEVEL_LISTS = 16
"""Lists whose mean score, before training, is the one that the pointwise objective takes for 0: a
score that compares tokens is never near 0 by itself."""


def train_reranker(
    lists: Sequence[CandidateList],
    base: str,
    folder: Path,
    *,
    preset: TextPreset,
    config: TrainConfig,
    feature_weights: Sequence[float],
    objective: Objective = Objective.LISTWISE,
    listener: ProgressListener = silent,
    curve: Path | None = None,
    workers: Workers | None = None,
) -> TrainReport:
    """Train a cross-encoder on candidate lists and write it to `folder`.

    A causal language model learns the yes/no judgement of the paper, anything else to classify.
    `feature_weights` multiply what is known of a candidate beside the network, (ln(1 + BM25),
    cosine, and the wording's numbers if given), and are added to its score inside the loss: the
    network learns what the other numbers do not know already.
    Raises TrainingError when there are fewer lists than one batch.
    """
    require_batch(lists, config)
    workers = workers or alone()
    files = find_model(base)
    reader = reader_of(files, preset)
    frozen = frozen_parts(files, FROZEN)
    network = trainable(files, reader.auto_class, config, workers, frozen, **reader.settings)

    def scores_of(batch: Sequence[CandidateList]) -> torch.Tensor:
        texts = [
            (reranker_query(one.query, preset), reranker_document(entry.skill, preset))
            for one in batch
            for entry in one.candidates
        ]
        return _as_lists(reader.scores(network, texts), batch, feature_weights)

    level = 0.0
    if objective is Objective.POINTWISE:
        with torch.no_grad(), mixed_precision(workers.device):
            level = _mean([scores_of([one]) for one in lists[:LEVEL_LISTS]])

    def loss_of(batch: Sequence[CandidateList]) -> torch.Tensor:
        return LOSSES[objective](scores_of(batch) - level)

    watch = Watch("reranker", listener, curve)
    report = fit(network, lists, loss_of, folder, config, workers, watch)
    if workers.leads:
        trained = merged(network, config)
        write_model(trained, reader.tokenizer, files, base, folder, preset, reader.kind, config)
    return report


def known(candidate: Scored, weights: Sequence[float]) -> float:
    """Return what the other numbers make of a candidate; a wording nobody read counts as 0."""
    numbers = (math.log1p(candidate.bm25), candidate.dense, *candidate.wording)
    return math.fsum(weight * one for weight, one in zip(weights, numbers, strict=False))


def _mean(scores: Sequence[torch.Tensor]) -> float:
    return float(torch.cat([one.flatten() for one in scores]).mean())


def _as_lists(
    flat: torch.Tensor, batch: Sequence[CandidateList], weights: Sequence[float]
) -> torch.Tensor:
    """Return scores [lists, longest list], what is known added, -inf where a list is shorter."""
    width = max(len(one.candidates) for one in batch)
    rows, start = [], 0
    for one in batch:
        size = len(one.candidates)
        features = [known(entry, weights) for entry in one.candidates]
        row = flat[start : start + size] + torch.tensor(features, device=flat.device)
        rows.append(functional.pad(row, (0, width - size), value=float("-inf")))
        start += size
    return torch.stack(rows)
