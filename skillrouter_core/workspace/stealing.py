"""Which saved queries a skill that is not indexed yet would win.

Responsible for holding newcomers against the stored answers: stage 1 by the index's own
statistics, stage 2 only where a newcomer enters the candidates. Must not know where the
newcomers come from, nor what is said of them.

An estimate: the newcomer's own weight in BM25's statistics is left out, and of skills near it
neither score changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import SavedQuery, Skill, Stage1, StolenQuery
from skillrouter_core.texts import TextPreset, lexical_document, reranker_document, reranker_query
from skillrouter_core.workspace.answers import AnswerBook, StoredAnswer

if TYPE_CHECKING:
    from skillrouter_core.lexical import LexicalIndex
    from skillrouter_core.rerank import Reranker
    from skillrouter_core.retrieve import FusionWeights

FloatVector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Stages:
    """Both stages as far as newcomers need them.

    `average` is the mean number of terms of the indexed texts; `reranker` is asked for only
    when a newcomer enters some query's candidates.
    """

    lexical: LexicalIndex
    average: float
    preset: TextPreset
    fusion: FusionWeights
    reranker: Callable[[], Reranker | None]


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A skill that is not indexed; `replaces` is the id of its older version, or empty."""

    skill: Skill
    vector: FloatVector | None
    replaces: str = ""


@dataclass(frozen=True, slots=True)
class _Entry:
    """A newcomer among one query's candidates."""

    place: int
    bm25: float
    dense: float
    score: float


def stolen(
    newcomers: Sequence[Newcomer], queries: Sequence[SavedQuery], book: AnswerBook, stages: Stages
) -> tuple[tuple[StolenQuery, ...], ...]:
    """Return for each newcomer the queries it would answer first, in the order of `queries`.

    Newcomers are held against the stored answers, not against one another. Queries without a
    stored answer are left out.
    """
    counted = [
        stages.lexical.count_terms(lexical_document(one.skill, stages.preset)) for one in newcomers
    ]
    found: list[list[StolenQuery]] = [[] for _ in newcomers]
    for query in queries:
        answer = book.answers.get(query.text)
        if answer is None:
            continue
        entries = []
        for place, (one, terms) in enumerate(zip(newcomers, counted, strict=True)):
            bm25 = stages.lexical.score_unseen(query.text, terms, stages.average)
            entry = _entry(place, bm25, one.vector, answer, stages)
            if entry is not None and not (one.replaces and one.replaces in answer.ranking[:1]):
                entries.append(entry)
        for place, margin in _winners(entries, newcomers, answer, stages):
            found[place].append(_stolen(query, answer, newcomers[place], margin))
    return tuple(map(tuple, found))


def _entry(
    place: int, bm25: float, vector: FloatVector | None, answer: StoredAnswer, stages: Stages
) -> _Entry | None:
    """Return the newcomer among the candidates, or None where stage 1 leaves it out.

    Stored answers come from the default stage 1: both retrievers, or BM25 where there are no
    vectors.
    """
    if answer.used is Stage1.BM25:
        if bm25 <= 0:
            return None
        dense, score = 0.0, bm25
    elif vector is None or answer.vector is None:
        return None
    else:
        dense = float(vector @ answer.vector)
        score = stages.fusion.bm25 * float(np.log1p(bm25)) + stages.fusion.dense * dense
    if answer.cut is not None and score <= answer.cut:
        return None
    return _Entry(place, bm25, dense, score)


def _winners(
    entries: Sequence[_Entry], newcomers: Sequence[Newcomer], answer: StoredAnswer, stages: Stages
) -> list[tuple[int, float]]:
    """Return the newcomers that beat the answer, and by how much."""
    if not entries:
        return []
    scores = _stage2(entries, newcomers, answer, stages)
    best = -np.inf if answer.best is None else answer.best
    return [
        (entry.place, float(score - best) if np.isfinite(best) else float(score))
        for entry, score in zip(entries, scores, strict=True)
        if score > best
    ]


def _stage2(
    entries: Sequence[_Entry], newcomers: Sequence[Newcomer], answer: StoredAnswer, stages: Stages
) -> FloatVector:
    reranker = stages.reranker() if answer.reranked else None
    if reranker is None:
        return np.array([entry.score for entry in entries], dtype=np.float32)
    texts = [reranker_document(newcomers[entry.place].skill, stages.preset) for entry in entries]
    return reranker.weights[answer.used].combine(
        reranker.score(reranker_query(answer.text, stages.preset), texts),
        np.array([entry.bm25 for entry in entries], dtype=np.float32),
        np.array([entry.dense for entry in entries], dtype=np.float32),
    )


def _stolen(
    query: SavedQuery, answer: StoredAnswer, newcomer: Newcomer, margin: float
) -> StolenQuery:
    holder = answer.ranking[0] if answer.ranking else ""
    right = newcomer.replaces in query.expected if newcomer.replaces else False
    return StolenQuery(query, holder, holder in query.expected and not right, margin)
