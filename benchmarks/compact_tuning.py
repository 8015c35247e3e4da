"""The few numbers around the compact networks, fitted and judged on held-out queries.

Responsible for the weights of stage 2 and for confidence per kind of stage 1, and for printing
what they are worth. Must not know how the networks were trained.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from compact_data import CANDIDATES, PRESET, Pool, Written, judged, mixed, say

from skillrouter_core.index import FULL
from skillrouter_core.metrics import bootstrap_interval, paired_difference
from skillrouter_core.models import MANIFEST, Profile
from skillrouter_core.progress import Meter
from skillrouter_core.records import Hit, Stage1
from skillrouter_core.rerank import Reranker, StageTwoWeights, load_reranker
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.route import RANKING_DEPTH
from skillrouter_core.texts import reranker_document, reranker_query
from skillrouter_core.tuning import JudgedCandidates, fit_confidence, fit_stage_two
from skillrouter_core.wording import read_wording, whole_text

FOLDS = 10
SHARE = {Stage1.HYBRID: 1, Stage1.BM25: 3, Stage1.DENSE: 3}
"""Of the held-out queries every so many-th serves a kind of stage 1: reading takes the time, and
the kinds other than hybrid are for exceptions."""


@dataclass(frozen=True, slots=True)
class Looked:
    """A held-out query, what one kind of stage 1 found, best first, and the same as features."""

    one: Written
    hits: tuple[Hit, ...]
    features: JudgedCandidates

    def at(self, positions: Sequence[int]) -> Looked:
        """Return the candidates at these positions, in their order."""
        hits = tuple(self.hits[i] for i in positions)
        return replace(self, hits=hits, features=self.features.at(positions))


def tune(pool: Pool, held_out: Sequence[Written], fusion: FusionWeights, out: Path) -> None:
    """Fit stage-2 weights and confidence per stage-1 kind; note them in the manifests."""
    profile = Profile("training", str(out / "encoder"), str(out / "reranker"), PRESET.name, "")
    reranker = load_reranker(profile)
    assert reranker is not None
    kinds: dict[Stage1, Callable[[Hit], float]] = {
        Stage1.HYBRID: lambda hit: mixed(hit, fusion),
        Stage1.BM25: lambda hit: hit.bm25 or 0.0,
        Stage1.DENSE: lambda hit: hit.dense or 0.0,
    }
    all_hits = pool.hits(held_out)
    known: dict[tuple[str, int], float] = {}
    alone, stage2, both, thresholds = {}, {}, {}, {}
    for kind, score in kinds.items():
        found = [
            looked_at(pool, one, sorted(hits, key=lambda hit: -score(hit)), kind)
            for one, hits in zip(held_out, all_hits, strict=True)
        ]
        first = [np.array([score(hit) for hit in each.hits], np.float32) for each in found]
        alone[kind.value], _ = fit_confidence([each.features for each in found], first)
        heads = heads_of(found[:: SHARE[kind]], kind)
        heads = read(pool, heads, reranker, known)
        queries = [head.features for head in heads]
        weights = fit(queries, kind)
        second = [query.combined(weights) for query in queries]
        both[f"{kind.value}+rerank"], thresholds[kind] = fit_confidence(queries, second)
        stage2[kind.value] = weights
        report(kind, [each.features for each in found[:: SHARE[kind]]], queries, weights)
    annotate(out / "encoder", {"calibration": _plain(alone)})
    annotate(
        out / "reranker",
        {
            "stage2": _plain(stage2),
            "calibration": _plain(both),
            "none_fits_below": thresholds[Stage1.HYBRID],
        },
    )


def looked_at(pool: Pool, one: Written, hits: Sequence[Hit], kind: Stage1) -> Looked:
    """Return the first hits with the features that a route of that kind has, wording included."""
    bm25, dense = kind != Stage1.DENSE, kind != Stage1.BM25
    head = tuple(
        Hit(hit.row, hit.score, hit.bm25 if bm25 else None, hit.dense if dense else None)
        for hit in hits[:RANKING_DEPTH]
    )
    texts = [whole_text(pool.skills[hit.row]) for hit in head]
    wording = read_wording(one.query, texts, pool.index.lexical(FULL))
    features = judged(head, pool.index.row(one.skill.skill_id))
    return Looked(one, head, replace(features, wording=wording))


def heads_of(found: Sequence[Looked], kind: Stage1) -> list[Looked]:
    """Return of each query the candidates that the reranker is to read, wording deciding."""
    weights = fit([each.features for each in found], kind)
    return [
        each.at([int(i) for i in np.argsort(-each.features.combined(weights))[:CANDIDATES]])
        for each in found
    ]


def fit(queries: Sequence[JudgedCandidates], kind: Stage1) -> StageTwoWeights:
    """Return stage-2 weights over what that kind of stage 1 offers."""
    return fit_stage_two(queries, bm25=kind != Stage1.DENSE, dense=kind != Stage1.BM25)


def read(
    pool: Pool, heads: Sequence[Looked], reranker: Reranker, known: dict[tuple[str, int], float]
) -> list[Looked]:
    """Return the heads with the reranker's scores, asking it once per query and skill."""
    meter = Meter(say, "reading", len(heads))
    done = []
    for head in heads:
        query = head.one.query
        new = [hit.row for hit in head.hits if (query, hit.row) not in known]
        documents = [reranker_document(pool.skills[row], PRESET) for row in new]
        scores = reranker.score(reranker_query(query, PRESET), documents)
        known.update({(query, row): float(s) for row, s in zip(new, scores, strict=True)})
        text = np.array([known[query, hit.row] for hit in head.hits], np.float32)
        done.append(replace(head, features=replace(head.features, text=text)))
        meter.advance()
    return done


def cross_validated(queries: Sequence[JudgedCandidates], kind: Stage1) -> list[float]:
    """Return 1 where the right skill comes first by weights fitted on other folds, else 0."""
    hits = [0.0] * len(queries)
    for fold in range(FOLDS):
        weights = fit([one for i, one in enumerate(queries) if i % FOLDS != fold], kind)
        for i in range(fold, len(queries), FOLDS):
            hits[i] = float(_first(queries[i], queries[i].combined(weights)))
    return hits


def report(
    kind: Stage1,
    found: Sequence[JudgedCandidates],
    heads: Sequence[JudgedCandidates],
    weights: StageTwoWeights,
) -> None:
    """Print held-out Hit@1 of stage 1, of the reranker alone, of the wording, and of all."""
    rows = {
        "stage 1": [float(one.right == 0) for one in found],
        "reranker alone": [float(_first(one, one.text)) for one in heads],
        "wording, no reranker (cross-validated)": cross_validated(found, kind),
        "both (cross-validated)": cross_validated(heads, kind),
    }
    print(f"{kind}: {len(heads)} held-out queries, {weights}")
    for name, hits in rows.items():
        low, high = bootstrap_interval(hits)
        gain = paired_difference(hits, rows["stage 1"])
        print(
            f"  {name}: Hit@1 {np.mean(hits):.3f} [{low:.3f}, {high:.3f}], over stage 1 "
            f"{gain.difference:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]"
        )
    gain = paired_difference(
        rows["both (cross-validated)"], rows["wording, no reranker (cross-validated)"]
    )
    print(f"  reranker over wording: {gain.difference:+.3f} [{gain.low:+.3f}, {gain.high:+.3f}]")
    recall = [np.mean([one.right is not None for one in part]) for part in (heads, found)]
    print(f"  right skill among {CANDIDATES}: {recall[0]:.3f}, {RANKING_DEPTH}: {recall[1]:.3f}")


def annotate(folder: Path, values: Mapping[str, object]) -> None:
    """Add keys to a model's manifest."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | values, indent=2) + "\n", encoding="utf-8")


def _first(one: JudgedCandidates, scores: np.ndarray) -> bool:
    return one.right is not None and int(scores.argmax()) == one.right


def _plain(records: Mapping[str, Any]) -> dict[str, object]:
    return {key: asdict(value) for key, value in records.items()}
