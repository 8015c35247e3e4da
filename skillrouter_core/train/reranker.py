"""Candidate lists to a cross-encoder.

Responsible for the listwise objective over candidate lists, stage-1 features included.
Must not know how the lists were mined.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModelForSequenceClassification

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.losses import listwise_cross_entropy
from skillrouter_core.mining import CandidateList
from skillrouter_core.models import find_model
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.texts import TextPreset, reranker_document, reranker_query
from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.delta import FROZEN, write_delta
from skillrouter_core.train.loop import NO_DROPOUT, fit, require_batch, tokens


def train_reranker(
    lists: Sequence[CandidateList],
    base: str,
    folder: Path,
    *,
    preset: TextPreset,
    config: TrainConfig,
    feature_weights: tuple[float, float],
    listener: ProgressListener = silent,
) -> TrainReport:
    """Train a sequence-classification cross-encoder listwise and write it to `folder` as a delta.

    `feature_weights` multiply a candidate's (ln(1 + BM25), cosine) and are added to its score
    inside the loss: the network learns what stage 1 does not know already.
    Raises TrainingError when there are fewer lists than one batch.
    """
    require_batch(lists, config)
    files = find_model(base)
    tokenizer = load_tokenizer(files, padding_side="right")
    torch.manual_seed(config.seed)  # the classification head starts at random
    network = load_network(
        files, AutoModelForSequenceClassification, dtype=torch.float32, num_labels=1, **NO_DROPOUT
    )

    def loss_of(batch: Sequence[CandidateList]) -> torch.Tensor:
        texts = [
            (reranker_query(one.query, preset), reranker_document(entry.skill, preset))
            for one in batch
            for entry in one.candidates
        ]
        batch_tokens = tokens(tokenizer, texts, preset.reranker.max_tokens).to(network.device)
        flat = network(**batch_tokens).logits[:, 0].float()
        return listwise_cross_entropy(_as_lists(flat, batch, feature_weights))

    report = fit(network, lists, loss_of, folder, config, FROZEN, listener)
    write_delta(network, base, folder, preset, "reranker", asdict(config), FROZEN)
    return report


def _as_lists(
    flat: torch.Tensor, batch: Sequence[CandidateList], weights: tuple[float, float]
) -> torch.Tensor:
    """Return scores [lists, longest list], stage-1 features added, -inf where a list is shorter."""
    width = max(len(one.candidates) for one in batch)
    rows, start = [], 0
    for one in batch:
        size = len(one.candidates)
        features = torch.tensor(
            [weights[0] * math.log1p(c.bm25) + weights[1] * c.dense for c in one.candidates],
            device=flat.device,
        )
        row = flat[start : start + size] + features
        rows.append(functional.pad(row, (0, width - size), value=float("-inf")))
        start += size
    return torch.stack(rows)
