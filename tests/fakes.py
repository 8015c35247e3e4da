"""Deterministic stand-ins for models: no weights, no torch, the same answer every time."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from skillrouter_core.encode import EncodedBatch, FloatMatrix
from skillrouter_core.models import Profile
from skillrouter_core.records import Skill, Stage1
from skillrouter_core.rerank import FloatVector, StageTwoWeights
from skillrouter_core.route import Tuning


class HashEncoder:
    """Bags of hashed words: texts that share words get similar unit vectors."""

    def __init__(self, dimension: int = 64, batch: int = 8) -> None:
        self.dimension = dimension
        self.model_key = f"hash-{dimension}"
        self.encoded = 0
        self._batch = batch

    def encode_queries(self, texts: Sequence[str]) -> FloatMatrix:
        return np.stack([self._vector(text) for text in texts]).astype(np.float32)

    def encode_batches(self, texts: Sequence[str]) -> Iterator[EncodedBatch]:
        for start in range(0, len(texts), self._batch):
            part = texts[start : start + self._batch]
            self.encoded += len(part)
            rows = np.arange(start, start + len(part), dtype=np.int64)
            yield EncodedBatch(rows, self.encode_queries(part))

    def _vector(self, text: str) -> FloatVector:
        vector = np.full(self.dimension, 1e-3, dtype=np.float32)
        for word in text.lower().split():
            vector[zlib.crc32(word.encode()) % self.dimension] += 1
        return vector / np.linalg.norm(vector)


class OverlapReranker:
    """Scores a document by the share of the query's words it holds."""

    model_key = "overlap"

    def __init__(self, weights: Mapping[Stage1, StageTwoWeights] | None = None) -> None:
        self.weights = weights or {kind: StageTwoWeights() for kind in Stage1}
        self.calls = 0

    def score(self, query: str, documents: Sequence[str]) -> FloatVector:
        self.calls += 1
        words = set(query.lower().split())
        shares = [len(words & set(text.lower().split())) / len(words) for text in documents]
        return np.array(shares, dtype=np.float32)


class FakeModels:
    """Hands the fakes to a workspace, whatever the profile."""

    def __init__(self, reranker: OverlapReranker | None = None) -> None:
        self.encoder_fake = HashEncoder()
        self.reranker_fake = reranker or OverlapReranker()

    def encoder(self, profile: Profile) -> HashEncoder:
        return self.encoder_fake

    def reranker(self, profile: Profile) -> OverlapReranker:
        return self.reranker_fake

    def tuning(self, profile: Profile) -> Tuning:
        return Tuning()

    def loaded(self, profile: Profile) -> bool:
        return True


def skill(skill_id: str, description: str = "", body: str = "", **fields: str) -> Skill:
    """Return a skill whose name is the last part of its id."""
    name = fields.pop("name", skill_id.rsplit("/", 1)[-1])
    return Skill(skill_id, name, description, body, **fields)
