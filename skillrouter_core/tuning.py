"""The few numbers around the networks, fitted on queries nothing was trained on.

Responsible for the weights that mix retrievers, for those that add stage-1 features to
stage 2, and for confidence. Must not know how scores were computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from skillrouter_core.calibrate import Calibration, fit_calibration
from skillrouter_core.errors import TrainingError
from skillrouter_core.losses import listwise_cross_entropy
from skillrouter_core.rerank import StageTwoWeights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.wording import Wording

FloatVector = NDArray[np.float32]

DENSE_GRID = tuple(float(weight) for weight in np.arange(0.0, 20.5, 0.5))
"""Weights of the cosine tried beside ln(1 + BM25) at weight 1."""

FEWEST_QUERIES = 30
"""Below this, three weights would follow chance."""


@dataclass(frozen=True, slots=True)
class JudgedCandidates:
    """One query's candidates: features [n] each, and the position of the right one.

    `right` is None where stage 1 did not find it. `text` is the reranker's score, zeros where
    stage 2 has not run. `wording` is None where nobody read the whole texts.
    """

    bm25: FloatVector
    dense: FloatVector
    text: FloatVector
    right: int | None
    wording: Wording | None = None

    def without_right(self) -> JudgedCandidates:
        """Return the same candidates as if the right skill were not in the pool."""
        if self.right is None:
            return self
        return replace(self.at([i for i in range(len(self.bm25)) if i != self.right]), right=None)

    def at(self, positions: Sequence[int]) -> JudgedCandidates:
        """Return the candidates at these positions, in their order."""
        rows = list(positions)
        return JudgedCandidates(
            self.bm25[rows],
            self.dense[rows],
            self.text[rows],
            rows.index(self.right) if self.right in rows else None,
            None if self.wording is None else self.wording.keep(rows),
        )

    def fused(self, weights: FusionWeights) -> FloatVector:
        """Return stage 1's hybrid scores [n]."""
        return np.asarray(weights.bm25 * np.log1p(self.bm25) + weights.dense * self.dense)

    def combined(self, weights: StageTwoWeights) -> FloatVector:
        """Return stage 2's scores [n]."""
        return weights.combine(self.text, self.bm25, self.dense, self.wording)


def mean_reciprocal_rank(
    queries: Sequence[JudgedCandidates], scores: Sequence[FloatVector]
) -> float:
    """Return the mean of 1 / rank of the right candidate; 0 for a query that lost it."""
    total = 0.0
    for query, row in zip(queries, scores, strict=True):
        if query.right is not None:
            total += 1 / (1 + int((row > row[query.right]).sum()))
    return total / len(queries)


def fit_fusion(queries: Sequence[JudgedCandidates]) -> FusionWeights:
    """Return the hybrid weights with the best mean reciprocal rank; BM25 keeps weight 1.

    Of equally good weights the middle one is taken. Raises TrainingError on too few queries.
    """
    _require(queries)
    weights = [FusionWeights(1.0, dense) for dense in DENSE_GRID]
    merits = [mean_reciprocal_rank(queries, [q.fused(w) for q in queries]) for w in weights]
    best = [w for w, merit in zip(weights, merits, strict=True) if merit >= max(merits) - 1e-9]
    return best[len(best) // 2]


def fit_stage_two(
    queries: Sequence[JudgedCandidates], *, bm25: bool = True, dense: bool = True
) -> StageTwoWeights:
    """Return the weights that minimise the listwise cross-entropy of the right candidates.

    `bm25` and `dense` say which features stage 1 offers; the wording joins where every query has
    it. The problem is convex; no seed. Raises TrainingError on too few queries whose right skill
    is among the candidates.
    """
    found = [query for query in queries if query.right is not None]
    _require(found)
    wording = all(query.wording is not None for query in found)
    features = [_features(query, bm25=bm25, dense=dense, wording=wording) for query in found]
    weights = torch.zeros(len(features[0]), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        rows = [listwise_cross_entropy((weights @ x)[None]) for x in features]
        loss = torch.stack(rows).mean()
        loss.backward()  # type: ignore[no-untyped-call]
        return loss

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return StageTwoWeights(*(float(value) for value in weights.detach()))


def _features(query: JudgedCandidates, *, bm25: bool, dense: bool, wording: bool) -> torch.Tensor:
    """Return features [3 or 7, n] with the right candidate first, as the loss wants it.

    Their order is that of StageTwoWeights.
    """
    rows = np.stack([query.text, np.log1p(query.bm25) * bm25, query.dense * dense])
    if wording and query.wording is not None:
        rows = np.concatenate([rows, query.wording.rows()])
    right = query.right or 0
    order = [right, *(i for i in range(rows.shape[1]) if i != right)]
    return torch.from_numpy(rows[:, order].astype(np.float64))


def fit_confidence(
    queries: Sequence[JudgedCandidates], scores: Sequence[FloatVector]
) -> tuple[Calibration, float]:
    """Return the confidence curve of a ranking, and the threshold under which none fits.

    `scores` [n] rank each query's candidates. Every query also appears with its right skill
    taken out of the pool, where no answer is right; the threshold is the one that tells the
    two apart best (balanced accuracy).
    """
    _require(queries)
    rankings, right, present = [], [], []
    for query, row in zip(queries, scores, strict=True):
        rankings.append(_descending(row))
        right.append(query.right is not None and int(row.argmax()) == query.right)
        present.append(True)
        if query.right is not None and len(row) > 1:
            rankings.append(_descending(np.delete(row, query.right)))
            right.append(False)
            present.append(False)
    curve = fit_calibration(rankings, right)
    confidences = np.array([curve.probability(ranking) for ranking in rankings])
    return curve, best_threshold(confidences, np.array(present))


def best_threshold(confidences: NDArray[np.float64], present: NDArray[np.bool_]) -> float:
    """Return the cut with the best balanced accuracy in hundredths; of equals the middle one."""
    cuts = np.arange(5, 96) / 100
    kept = [(confidences[present] >= cut).mean() for cut in cuts]
    refused = [(confidences[~present] < cut).mean() for cut in cuts]
    merit = np.add(kept, refused)
    best = cuts[merit >= merit.max() - 1e-9]
    return float(best[len(best) // 2])


def _descending(scores: FloatVector) -> list[float]:
    return [float(score) for score in np.sort(scores)[::-1]]


def _require(queries: Sequence[JudgedCandidates]) -> None:
    if len(queries) < FEWEST_QUERIES:
        raise TrainingError(
            f"{len(queries)} held-out queries with an answer are too few to fit weights on; "
            f"label at least {FEWEST_QUERIES}."
        )
