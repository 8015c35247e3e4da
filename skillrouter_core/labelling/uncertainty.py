"""How little the stages are sure of a pair, and why, in words.

Responsible for one number a pair from what the stages said of its whole list, and for the
sentence that explains it. Must not know who is asked, nor how a list is kept.

Three doubts, each from 0 to 1:

- margin: how near the pair's score is to the decision, which is who comes first. The first
  answer is as near as its runner-up; any other one as near as it is behind the first. Distances
  are measured in standard deviations of the list's scores, so that models compare.
- stages: how far the two stages' ranks are apart, |ln r1 - ln r2| / ln n. Logarithms: from 9th
  to 1st matters more than from 19th to 11th.
- retrievers: the same of the list ordered by BM25 against the list ordered by cosine.

A pair's doubt is their mean, the margin counted twice, over those that could be measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from skillrouter_core.labelling.candidates import CandidateList, StoredCandidate

MARGIN_WEIGHT, STAGES_WEIGHT, RETRIEVERS_WEIGHT = 2.0, 1.0, 1.0
"""The decision itself counts as much as both disagreements together."""

WORTH_SAYING = 0.25
"""A doubt below this is left out of the words, unless it is the largest."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """What speaks for asking about one candidate.

    `value` is from 0 (sure) to 1. `margin` is the distance of its score from the decision, None
    for a list of one. Ranks count from 1; those of the retrievers are within the list, None
    where one of them did not run, as is `retrievers`. `stages` is None where stage 2 did not.
    """

    value: float
    place: int
    stage1_rank: int
    margin: float | None
    nearness: float | None
    stages: float | None
    retrievers: float | None
    bm25_rank: int | None
    dense_rank: int | None
    reranked: bool


def doubts(found: CandidateList) -> tuple[Doubt, ...]:
    """Return the doubt of every candidate, in the order of the list."""
    candidates = found.candidates
    scores = [one.deciding for one in candidates]
    spread = _deviation(scores)
    bm25 = _ranks([one.bm25 for one in candidates])
    dense = _ranks([one.dense for one in candidates])
    return tuple(
        _doubt(one, _margin(scores, at), spread, bm25[at], dense[at], len(scores))
        for at, one in enumerate(candidates)
    )


def _doubt(
    one: StoredCandidate,
    margin: float | None,
    spread: float,
    bm25: int | None,
    dense: int | None,
    count: int,
) -> Doubt:
    reranked = one.stage2 is not None
    nearness = None if margin is None else _nearness(margin, spread)
    stages = _apart(one.stage1_rank, one.place, count) if reranked else None
    retrievers = _apart(bm25, dense, count) if bm25 is not None and dense is not None else None
    return Doubt(
        value=_mean(nearness, stages, retrievers),
        place=one.place,
        stage1_rank=one.stage1_rank,
        margin=margin,
        nearness=nearness,
        stages=stages,
        retrievers=retrievers,
        bm25_rank=bm25,
        dense_rank=dense,
        reranked=reranked,
    )


def _margin(scores: list[float], at: int) -> float | None:
    """Return how far a score is from the decision: the first's lead, another's distance to it."""
    if len(scores) < 2:
        return None
    return scores[0] - scores[1] if at == 0 else scores[0] - scores[at]


def _deviation(scores: list[float]) -> float:
    """Return the standard deviation of all scores; `statistics.pstdev` is forty times slower."""
    if not scores:
        return 0.0
    mean = math.fsum(scores) / len(scores)
    return math.sqrt(math.fsum((score - mean) ** 2 for score in scores) / len(scores))


def _nearness(margin: float, spread: float) -> float:
    return math.exp(-max(margin, 0.0) / spread) if spread > 0 else 1.0


def _apart(one: int, other: int, count: int) -> float:
    """Return how far two ranks of a list are apart: 0 the same, 1 first and last."""
    if count < 2:
        return 0.0
    return min(abs(math.log(one) - math.log(other)) / math.log(count), 1.0)


def _ranks(scores: list[float | None]) -> list[int | None]:
    """Return each score's rank, highest first, ties sharing the better one; None without scores."""
    known = sorted((score for score in scores if score is not None), reverse=True)
    first: dict[float, int] = {}
    for rank, score in enumerate(known, 1):
        first.setdefault(score, rank)
    return [None if score is None else first[score] for score in scores]


def _mean(nearness: float | None, stages: float | None, retrievers: float | None) -> float:
    weighted = (
        (MARGIN_WEIGHT, nearness),
        (STAGES_WEIGHT, stages),
        (RETRIEVERS_WEIGHT, retrievers),
    )
    measured = [(weight, part) for weight, part in weighted if part is not None]
    total = sum(weight for weight, _ in measured)
    return sum(weight * part for weight, part in measured) / total if total else 0.0


def reason(doubt: Doubt) -> str:
    """Return in words, with the numbers, what speaks for asking; the largest doubt first.

    The words tell scores and ranks: whoever grades blind is not to see them before.
    """
    said = [
        (MARGIN_WEIGHT * (doubt.nearness or 0.0), doubt.nearness, _margin_words(doubt)),
        (STAGES_WEIGHT * (doubt.stages or 0.0), doubt.stages, _stage_words(doubt)),
        (RETRIEVERS_WEIGHT * (doubt.retrievers or 0.0), doubt.retrievers, _retriever_words(doubt)),
    ]
    measured = [(worth, part, words) for worth, part, words in said if part is not None]
    if not measured:
        return "It is the only candidate of the query."
    measured.sort(key=lambda one: -one[0])
    kept = [
        words for at, (_, part, words) in enumerate(measured) if at == 0 or part >= WORTH_SAYING
    ]
    return " ".join(kept)


def _margin_words(doubt: Doubt) -> str:
    stage = "stage 2" if doubt.reranked else "stage 1"
    distance = f"{doubt.margin or 0.0:.2f}"
    if doubt.place == 1:
        return f"It comes first by only {distance} of {stage}'s score."
    return f"Its score of {stage} is {distance} behind the first answer's."


def _stage_words(doubt: Doubt) -> str:
    if doubt.stage1_rank == doubt.place:
        return f"Both stages rank it {doubt.place}."
    return f"Stage 1 ranks it {doubt.stage1_rank}, stage 2 ranks it {doubt.place}."


def _retriever_words(doubt: Doubt) -> str:
    if doubt.bm25_rank == doubt.dense_rank:
        return f"BM25 and the vectors both rank it {doubt.bm25_rank} of the candidates."
    return f"Of the candidates BM25 ranks it {doubt.bm25_rank}, the vectors {doubt.dense_rank}."
