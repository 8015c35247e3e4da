"""Stage 1: the rows worth a second look.

Responsible for asking BM25, the vectors, or both, and for mixing their scores.
Must not know how queries become vectors or what happens to the rows next.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import IndexNotReadyError, UsageError
from skillrouter_core.index import FULL, DenseIndex, SkillIndex
from skillrouter_core.records import Hit, Stage1

FloatVector = NDArray[np.float32]
IntVector = NDArray[np.int64]

POOL = 200
"""Rows each retriever proposes for the mix: ten times what stage 2 reads."""


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """The mix: score = bm25 * ln(1 + BM25) + dense * cosine.

    The logarithm brings BM25, which grows with the query's length, onto the scale of a margin.
    """

    bm25: float = 1.0
    dense: float = 1.0


@dataclass(frozen=True, slots=True)
class RetrievedHits:
    """Stage 1's answer, best first, and which kind of retrieval it really is.

    `used` differs from what was asked where vectors are missing: hybrid becomes BM25.
    """

    hits: tuple[Hit, ...]
    used: Stage1


def retrieve(
    index: SkillIndex,
    query_text: str,
    query_vector: FloatVector | None,
    kind: Stage1,
    k: int,
    weights: FusionWeights,
    view: str = FULL,
    *,
    pool: int = POOL,
) -> RetrievedHits:
    """Return the best `k` rows for a query; equal scores are ordered by row.

    `query_vector` is a unit vector [d], or None where there is no encoder. Rows that share no
    term with the query are no BM25 hits, so fewer than `k` may come back. Hybrid takes the best
    `pool` rows of each retriever and computes both scores of each exactly; without vectors it
    falls back to BM25 and says so. Dense without vectors raises IndexNotReadyError.
    """
    if k < 1:
        raise UsageError(f"k = {k} rows asked of stage 1; ask for at least 1")
    dense = index.dense(view) if kind is not Stage1.BM25 else None
    if kind is Stage1.DENSE:
        return RetrievedHits(_dense_hits(dense, query_vector, k), kind)
    lexical = index.lexical(view).scores(query_text)
    if kind is Stage1.BM25 or dense is None or query_vector is None:
        return RetrievedHits(_lexical_hits(lexical, k), Stage1.BM25)
    proposed, _ = dense.search(query_vector, max(k, pool))
    rows = np.union1d(_top_positive(lexical, max(k, pool)), proposed)
    hits = _fused_hits(rows, lexical[rows], dense.scores(query_vector, rows), weights)
    return RetrievedHits(hits[:k], Stage1.HYBRID)


def _dense_hits(
    dense: DenseIndex | None, query_vector: FloatVector | None, k: int
) -> tuple[Hit, ...]:
    if dense is None or query_vector is None:
        lacking = "the index has no vectors yet" if dense is None else "the query has no vector"
        raise IndexNotReadyError(
            f"dense retrieval is not possible: {lacking}; run `skillrouter index`, or choose bm25"
        )
    rows, cosines = dense.search(query_vector, k)
    pairs = zip(rows.tolist(), cosines.tolist(), strict=True)
    return tuple(Hit(row, cosine, None, cosine) for row, cosine in pairs)


def _lexical_hits(scores: FloatVector, k: int) -> tuple[Hit, ...]:
    rows = _top_positive(scores, k)
    pairs = zip(rows.tolist(), scores[rows].tolist(), strict=True)
    return tuple(Hit(row, score, score, None) for row, score in pairs)


def _fused_hits(
    rows: IntVector, lexical: FloatVector, cosines: FloatVector, weights: FusionWeights
) -> tuple[Hit, ...]:
    mixed = weights.bm25 * np.log1p(lexical.astype(np.float64)) + weights.dense * cosines
    order = np.lexsort((rows, -mixed))
    return tuple(
        Hit(int(rows[i]), float(mixed[i]), float(lexical[i]), float(cosines[i])) for i in order
    )


def _top_positive(scores: FloatVector, k: int) -> IntVector:
    """Return the rows of the `k` highest scores above 0, best first, ties by row."""
    rows = np.flatnonzero(scores > 0)
    if len(rows) > k:
        worst = np.partition(scores[rows], len(rows) - k)[len(rows) - k]
        rows = rows[scores[rows] >= worst]
    return rows[np.lexsort((rows, -scores[rows]))][:k]
