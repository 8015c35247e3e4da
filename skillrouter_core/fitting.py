"""All numbers around a trained pair, fitted at once, and again without each share of the queries.

Responsible for fitting the mix of stage 1, the weights of stage 2 and confidence on held-out
queries, for keeping the former numbers where too few queries are there or where those did better,
and for saying so. Must not know where queries come from, or how candidates were found and read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from skillrouter_core.calibrate import Calibration
from skillrouter_core.records import Stage1
from skillrouter_core.registry.fitted import FOLDS, Fitted, fold_of
from skillrouter_core.rerank import FloatVector, StageTwoWeights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.tuning import (
    FEWEST_QUERIES,
    JudgedCandidates,
    fit_confidence,
    fit_fusion,
    fit_stage_two,
)

Fold = int | None
"""The share that is set aside; None for none."""
ALL_FOLDS: tuple[Fold, ...] = (None, *range(FOLDS))

HELD_OUT_SHARE = 5
"""Of so many labelled queries one is held out (labelling.splits), to say how many are wanted."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A held-out query and its candidates as one kind of stage 1 found them, best first."""

    text: str
    candidates: JudgedCandidates


@dataclass(frozen=True, slots=True)
class Fits:
    """Numbers around one network with what there is to say of them."""

    fitted: Fitted
    notes: tuple[str, ...]
    done: bool = field(default=True)


def lacking(texts: Sequence[str]) -> int:
    """Return how many queries are wanted, so that without any share enough are left; 0: enough."""
    shares = [sum(fold_of(text) == fold for text in texts) for fold in range(FOLDS)]
    return max(0, FEWEST_QUERIES - (len(texts) - max(shares)))


def too_few_to_fit(found: int, wanted: int) -> str:
    """Return why the numbers around the networks stay, with figures."""
    return (
        f"{found} held-out queries with a right answer are too few to fit the numbers around the "
        f"networks on (mix, weights of stage 2, confidence): those of the model it was trained "
        f"from stay. {wanted} more are needed, as {FEWEST_QUERIES} must be left when a tenth is "
        f"set aside; of {HELD_OUT_SHARE} labelled queries one is held out."
    )


def fit_stage_one(looked: Sequence[Looked], former: Fitted, *, mix: bool) -> Fits:
    """Return the mix of BM25 and cosine, if wanted, and the confidence of each kind alone.

    `looked` holds both retrievers' proposals in any order. `former` are the numbers so far.
    """
    texts = [one.text for one in looked]
    if lacking(texts):
        return Fits(former, (too_few_to_fit(len(texts), lacking(texts)),), done=False)
    changes: list[dict[str, Any]] = [{} for _ in ALL_FOLDS]
    notes = []
    for change, fold in zip(changes, ALL_FOLDS, strict=True):
        queries = _without(looked, fold)
        so_far = former.whole if fold is None else former.fold(fold)
        fusion = fit_fusion(queries) if mix else FusionWeights(**so_far.get("fusion", {}))
        if mix:
            change["fusion"] = asdict(fusion)
        change["calibration"] = _plain(
            {kind.value: _confidence(queries, _stage_one(kind, fusion)) for kind in Stage1}
        )
    notes.append(f"{'Mix and confidence' if mix else 'Confidence'} of stage 1: {_on(len(texts))}")
    return Fits(former.with_fits(changes[0], changes[1:], texts), tuple(notes))


def fit_stage_two_around(
    looked: Mapping[Stage1, Sequence[Looked]], former: Fitted, *, weighs: bool
) -> Fits:
    """Return stage 2's weights and confidence by kind of stage 1, and the "none fits" threshold.

    `looked` are the candidates that the reranker has read. `weighs`: the profile adds stage 1's
    scores and the wording to the reranker's; else its score stands alone. The weights of `former`
    stay where they make the right answers likelier than others do that were fitted without them.
    """
    folds: list[dict[str, Any]] = [{"stage2": {}, "calibration": {}} for _ in ALL_FOLDS]
    notes: list[str] = []
    used: set[str] = set()
    for kind, queries in looked.items():
        texts = [one.text for one in queries]
        found = [one.text for one in queries if one.candidates.right is not None]
        if lacking(found):
            notes.append(f"{kind}: {too_few_to_fit(len(found), lacking(found))}")
            continue
        used |= set(texts)
        weights, note = _weights(kind, queries, former, weighs=weighs)
        notes.append(f"Stage 2 over {kind}: {note}. Numbers {_on(len(texts))}")
        for change, fold, one in zip(folds, ALL_FOLDS, weights, strict=True):
            change["stage2"][kind.value] = asdict(one)
            made = _confidence(_without(queries, fold), _stage_two(one))
            if made is not None:
                change["calibration"][f"{kind.value}+rerank"] = asdict(made[0])
                if kind is Stage1.HYBRID:
                    change["none_fits_below"] = made[1]
    return Fits(former.with_fits(folds[0], folds[1:], used), tuple(notes), done=bool(used))


def likelihood(query: JudgedCandidates, weights: StageTwoWeights) -> float:
    """Return ln of the right candidate's share under a softmax of stage 2's scores."""
    if query.right is None:
        raise ValueError("the right candidate is not among those read")
    scores = query.combined(weights).astype(np.float64)
    return float(scores[query.right] - np.logaddexp.reduce(scores))


def weights_without_reading(queries: Sequence[Looked], kind: Stage1) -> StageTwoWeights:
    """Return the weights that choose, before the reranker reads, which candidates it is to read."""
    return _fit_weights([one.candidates for one in queries], kind)


def _weights(
    kind: Stage1, queries: Sequence[Looked], former: Fitted, *, weighs: bool
) -> tuple[list[StageTwoWeights], str]:
    """Return the weights fitted on all and without each share, or the former ones, and why."""
    before = [_former_weights(former, kind, fold) for fold in ALL_FOLDS]
    if not weighs:
        return before, "the reranker's score stands alone, as this profile has it"
    fitted = [_fit_weights(_without(queries, fold), kind) for fold in ALL_FOLDS]
    gain = _mean_likelihood(queries, fitted) - _mean_likelihood(queries, before)
    if gain < 0:
        worse = f"fitted ones did worse by {-gain:.3f} nats a query"
        return before, f"weights kept, as {worse}; confidence alone is fitted"
    return fitted, f"weights fitted, better by {gain:.3f} nats a query than those before"


def _mean_likelihood(queries: Sequence[Looked], weights: Sequence[StageTwoWeights]) -> float:
    """Return the mean likelihood of the right candidates, each by weights fitted without it."""
    values = [
        likelihood(one.candidates, weights[1 + fold_of(one.text)])
        for one in queries
        if one.candidates.right is not None
    ]
    return float(np.mean(values))


def _former_weights(former: Fitted, kind: Stage1, fold: Fold) -> StageTwoWeights:
    numbers = former.whole if fold is None else former.fold(fold)
    return StageTwoWeights(**numbers.get("stage2", {}).get(kind.value, {}))


def _fit_weights(queries: Sequence[JudgedCandidates], kind: Stage1) -> StageTwoWeights:
    return fit_stage_two(queries, bm25=kind is not Stage1.DENSE, dense=kind is not Stage1.BM25)


def _without(queries: Sequence[Looked], fold: Fold) -> list[JudgedCandidates]:
    return [one.candidates for one in queries if fold is None or fold_of(one.text) != fold]


def _confidence(
    queries: Sequence[JudgedCandidates], scored: Callable[[JudgedCandidates], FloatVector]
) -> tuple[Calibration, float] | None:
    """Return a curve and its threshold; None where no first answer is right: there is no curve."""
    kept = [query for query in queries if len(query.bm25)]
    scores = [scored(query) for query in kept]
    hits = [
        query.right is not None and int(row.argmax()) == query.right
        for query, row in zip(kept, scores, strict=True)
    ]
    if len(kept) < FEWEST_QUERIES or not any(hits):
        return None
    return fit_confidence(kept, scores)


def _stage_one(kind: Stage1, fusion: FusionWeights) -> Callable[[JudgedCandidates], FloatVector]:
    def scored(query: JudgedCandidates) -> FloatVector:
        if kind is Stage1.BM25:
            return query.bm25
        return query.dense if kind is Stage1.DENSE else query.fused(fusion)

    return scored


def _stage_two(weights: StageTwoWeights) -> Callable[[JudgedCandidates], FloatVector]:
    return lambda query: query.combined(weights)


def _plain(found: Mapping[str, tuple[Calibration, float] | None]) -> dict[str, Any]:
    return {key: asdict(made[0]) for key, made in found.items() if made is not None}


def _on(count: int) -> str:
    return f"fitted on {count} held-out queries, each measured by numbers fitted without it."


def first_of(looked: Looked, positions: Sequence[int]) -> Looked:
    """Return a query with the candidates at these positions alone."""
    return replace(looked, candidates=looked.candidates.at(positions))
