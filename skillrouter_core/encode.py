"""Texts to unit vectors.

Responsible for the Encoder protocol and its transformer implementation: pooling,
padding, batches by token budget. Must not know skills, files or indexes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from threading import Lock
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from transformers import AutoConfig, AutoModel

from skillrouter_core.backbone import load_network, load_tokenizer
from skillrouter_core.models import ModelFiles, Profile, find_model
from skillrouter_core.texts import preset_named

FloatMatrix = NDArray[np.float32]
IntVector = NDArray[np.int64]

TOKENS_PER_BATCH = {"cpu": 2048, "mps": 16384, "cuda": 131072}
"""Padded tokens in one forward pass: enough to fill the device, small enough to fit."""

TOKENIZE_CHUNK = 2048
"""Texts tokenized at a time; their lengths decide the batches inside the chunk."""


DECODERS = frozenset({"qwen2", "qwen3", "llama", "mistral", "gemma", "gemma2"})


class Pooling(StrEnum):
    """How hidden states of many tokens become one vector."""

    MEAN = "mean"
    CLS = "cls"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """Vectors [n, d] of the texts at positions `rows` [n] of the input."""

    rows: IntVector
    vectors: FloatMatrix


class Encoder(Protocol):
    """Anything that turns texts into unit float32 rows.

    `model_key` names the weights: equal keys give equal vectors.
    """

    model_key: str
    dimension: int

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows [len(texts), dimension], in order."""
        ...

    def encode_batches(self, texts: Sequence[str]) -> Iterator[EncodedBatch]:
        """Yield every text's vector once, in batches, longest texts of a chunk first."""
        ...


class TransformerEncoder:
    """A mean-pooled BERT or a last-token-pooled decoder behind the Encoder protocol.

    Decoders follow PAPER section "The pipeline": left padding, end-of-text appended by the
    tokenizer, last position pooled, L2-normalised.
    """

    def __init__(self, files: ModelFiles, *, max_tokens: int, device: Any = None) -> None:
        """Load the network; raises the ModelError family."""
        config = AutoConfig.from_pretrained(files.base, local_files_only=True)
        self.pooling = pooling_of(files.base, config.model_type)
        side = "left" if self.pooling is Pooling.LAST else "right"
        self._tokenizer = load_tokenizer(files, padding_side=side)
        self._tokenizing = Lock()  # a fast tokenizer serves one thread at a time
        self._network = load_network(files, AutoModel, device=device)
        self._max_tokens = min(max_tokens, getattr(config, "max_position_embeddings", max_tokens))
        self.model_key = files.key
        self.dimension = int(config.hidden_size)

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows [len(texts), dimension], in order."""
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for batch in self.encode_batches(texts):
            vectors[batch.rows] = batch.vectors
        return vectors

    def encode_batches(self, texts: Sequence[str]) -> Iterator[EncodedBatch]:
        """Yield every text's vector once, in batches, longest texts of a chunk first."""
        for start in range(0, len(texts), TOKENIZE_CHUNK):
            tokens = self._tokenize(texts[start : start + TOKENIZE_CHUNK])
            for rows in plan_batches([len(ids) for ids in tokens], self._budget):
                yield EncodedBatch(rows + start, self._forward([tokens[row] for row in rows]))

    @property
    def _budget(self) -> int:
        return TOKENS_PER_BATCH[self._network.device.type]

    def _tokenize(self, texts: Sequence[str]) -> list[list[int]]:
        with self._tokenizing:
            encoded = self._tokenizer(list(texts), truncation=True, max_length=self._max_tokens)
        return list(encoded["input_ids"])

    def _forward(self, tokens: list[list[int]]) -> FloatMatrix:
        with self._tokenizing:
            batch = self._tokenizer.pad({"input_ids": tokens}, return_tensors="pt")
        batch = batch.to(self._network.device)
        with torch.inference_mode():
            states = self._network(**batch).last_hidden_state
            pooled = pool(states, batch["attention_mask"], self.pooling)
            return functional.normalize(pooled.float(), dim=-1).cpu().numpy()


def pool(states: torch.Tensor, mask: torch.Tensor, pooling: Pooling) -> torch.Tensor:
    """Return one vector [n, d] per sequence of hidden states [n, t, d].

    `mask` [n, t] marks real tokens; LAST expects left padding, CLS right padding.
    """
    if pooling is Pooling.LAST:
        return states[:, -1]
    if pooling is Pooling.CLS:
        return states[:, 0]
    weights = mask.unsqueeze(-1).to(states.dtype)
    return (states * weights).sum(1) / weights.sum(1).clamp(min=1)


def pooling_of(folder: Path, model_type: str) -> Pooling:
    """Return how a model's tokens become one vector.

    Its own `1_Pooling/config.json` decides; without one, decoders pool the last token (PAPER
    section "The pipeline") and everything else the mean.
    """
    path = folder / "1_Pooling" / "config.json"
    if not path.is_file():
        return Pooling.LAST if model_type in DECODERS else Pooling.MEAN
    config = json.loads(path.read_text(encoding="utf-8"))
    if config.get("pooling_mode_lasttoken"):
        return Pooling.LAST
    return Pooling.CLS if config.get("pooling_mode_cls_token") else Pooling.MEAN


def plan_batches(lengths: Sequence[int], budget: int) -> Iterator[IntVector]:
    """Yield positions grouped so that longest x count stays within `budget` tokens.

    Longest first: memory trouble shows at once, and the remaining time is never too rosy.
    A text longer than the budget travels alone.
    """
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    start = 0
    while start < len(order):
        longest = max(int(lengths[order[start]]), 1)
        size = max(budget // longest, 1)
        yield order[start : start + size]
        start += size


def load_encoder(profile: Profile, *, device: Any = None) -> TransformerEncoder:
    """Return the profile's encoder, ready to use; raises the ModelError family."""
    files = find_model(profile.encoder)
    max_tokens = preset_named(profile.preset).encoder.max_tokens
    return TransformerEncoder(files, max_tokens=max_tokens, device=device)
