"""Pairs to an encoder.

Responsible for the in-batch contrastive objective over pairs and their negatives. Must not
know where the pairs come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModel

from skillrouter_core.backbone import load_tokenizer
from skillrouter_core.encode import Pooling, pool, pooling_of
from skillrouter_core.losses import info_nce
from skillrouter_core.mining import FALSE_NEGATIVE_COSINE, Pair
from skillrouter_core.models import find_model
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import Skill, normalised_name
from skillrouter_core.texts import TextPreset, encoder_document, encoder_query
from skillrouter_core.train.config import TrainConfig, TrainReport
from skillrouter_core.train.delta import FROZEN_ENCODER
from skillrouter_core.train.loop import Watch, fit, require_batch
from skillrouter_core.train.network import merged, trainable
from skillrouter_core.train.output import frozen_parts, write_model
from skillrouter_core.train.workers import Workers, alone

MOST = 0.5
"""From this share of a batch's documents on, a query's near-copies by cosine are not believed."""


def train_encoder(
    pairs: Sequence[Pair],
    base: str,
    folder: Path,
    *,
    preset: TextPreset,
    config: TrainConfig,
    listener: ProgressListener = silent,
    curve: Path | None = None,
    workers: Workers | None = None,
) -> TrainReport:
    """Train an encoder with in-batch InfoNCE over pairs and their negatives; write it to `folder`.

    A query's negatives are its own mined ones and every other document of the batch, except
    right answers of the query and near-copies of its positive (same name, or cosine over 0.92
    under the model as it stands). Pooling is the base's own. Raises TrainingError when there are
    fewer pairs than one batch.
    """
    require_batch(pairs, config)
    workers = workers or alone()
    files = find_model(base)
    shape = AutoConfig.from_pretrained(files.base, local_files_only=True)
    pooling = pooling_of(files.base, shape.model_type)
    side = "left" if pooling is Pooling.LAST else "right"
    tokenizer = load_tokenizer(files, padding_side=side)
    frozen = frozen_parts(files, FROZEN_ENCODER)
    network = trainable(files, AutoModel, config, workers, frozen)
    cap = min(preset.encoder.max_tokens, getattr(shape, "max_position_embeddings", 1 << 30))

    def embed(texts: list[str]) -> torch.Tensor:
        batch = tokenizer(
            texts, truncation=True, max_length=cap, padding=True, return_tensors="pt"
        ).to(network.device)
        states = network(**batch).last_hidden_state
        pooled = pool(states, batch["attention_mask"], pooling)
        return functional.normalize(pooled.float(), dim=-1)

    def loss_of(batch: Sequence[Pair]) -> torch.Tensor:
        queries = embed([encoder_query(pair.query, preset) for pair in batch])
        skills = batch_documents(batch)
        documents = embed([encoder_document(skill, preset) for skill in skills])
        return info_nce(queries, documents, not_negative=left_out(batch, documents.detach()))

    watch = Watch("encoder", listener, curve)
    report = fit(network, pairs, loss_of, folder, config, workers, watch)
    if workers.leads:
        write_model(
            merged(network, config), tokenizer, files, base, folder, preset, "encoder", config
        )
    return report


def batch_documents(batch: Sequence[Pair]) -> list[Skill]:
    """Return the documents of a batch: every pair's skill, then every pair's negatives."""
    return [pair.skill for pair in batch] + [one for pair in batch for one in pair.negatives]


def left_out(batch: Sequence[Pair], documents: torch.Tensor) -> torch.Tensor:
    """Return which of `documents` [m, d] must not be a query's negative, bool [n, m].

    A pair's own negatives have passed the false-negative filter, or were judged wrong: they
    stay, whatever the model makes of them meanwhile.
    """
    skills = batch_documents(batch)
    names = [normalised_name(skill.name) for skill in skills]
    near = documents[: len(batch)] @ documents.T > FALSE_NEGATIVE_COSINE
    # A model to which most documents are copies of each other has not learnt to tell them apart:
    # without its word against it, nothing would ever push them apart.
    near &= near.float().mean(dim=1, keepdim=True) <= MOST
    alike = [
        [
            names[row] == name or skill.skill_id in pair.rights
            for name, skill in zip(names, skills, strict=True)
        ]
        for row, pair in enumerate(batch)
    ]
    masked = near | torch.tensor(alike, device=documents.device)
    start = len(batch)
    for row, pair in enumerate(batch):
        masked[row, start : start + len(pair.negatives)] = False
        start += len(pair.negatives)
    return masked
