"""Pairs to an encoder.

Responsible for the in-batch contrastive objective over pairs. Must not know where the
pairs come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoModel

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.encode import Pooling, pool
from skillrouter_core.losses import info_nce
from skillrouter_core.mining import FALSE_NEGATIVE_COSINE, Pair
from skillrouter_core.models import find_model
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import normalised_name
from skillrouter_core.texts import TextPreset, encoder_document, encoder_query
from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.delta import FROZEN_ENCODER, write_delta
from skillrouter_core.train.loop import NO_DROPOUT, fit, require_batch, tokens


def train_encoder(
    pairs: Sequence[Pair],
    base: str,
    folder: Path,
    *,
    preset: TextPreset,
    config: TrainConfig,
    listener: ProgressListener = silent,
) -> TrainReport:
    """Train a mean-pooled encoder with in-batch InfoNCE and write it to `folder` as a delta.

    Documents of a batch that are near-copies of a query's positive (same name, or cosine over
    0.92 under the model as it stands) do not serve as its negatives.
    Raises TrainingError when there are fewer pairs than one batch.
    """
    require_batch(pairs, config)
    files = find_model(base)
    tokenizer = load_tokenizer(files, padding_side="right")
    network = load_network(files, AutoModel, dtype=torch.float32, **NO_DROPOUT)

    def embed(texts: list[str], max_tokens: int) -> torch.Tensor:
        batch = tokens(tokenizer, texts, max_tokens).to(network.device)
        states = network(**batch).last_hidden_state
        pooled = pool(states, batch["attention_mask"], Pooling.MEAN)
        return functional.normalize(pooled.float(), dim=-1)

    def loss_of(batch: Sequence[Pair]) -> torch.Tensor:
        cap = preset.encoder.max_tokens
        queries = embed([encoder_query(pair.query, preset) for pair in batch], cap)
        documents = embed([encoder_document(pair.skill, preset) for pair in batch], cap)
        return info_nce(queries, documents, not_negative=_near_copies(batch, documents.detach()))

    report = fit(network, pairs, loss_of, folder, config, FROZEN_ENCODER, listener)
    write_delta(network, base, folder, preset, "encoder", asdict(config), FROZEN_ENCODER)
    return report


def _near_copies(batch: Sequence[Pair], documents: torch.Tensor) -> torch.Tensor:
    names = [normalised_name(pair.skill.name) for pair in batch]
    same = torch.tensor([[a == b for b in names] for a in names], device=documents.device)
    return same | (documents @ documents.T > FALSE_NEGATIVE_COSINE)
