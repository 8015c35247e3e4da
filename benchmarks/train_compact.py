"""Train the compact profile from a pool and written queries: one command, resumable.

    python benchmarks/train_compact.py POOL TRAIN_QUERIES WORK

POOL is a benchmark's tier (shards of skills), TRAIN_QUERIES a JSONL of {"skill_id", "query"}.
WORK receives `compact/encoder` and `compact/reranker` (a folder `--profile` accepts), checkpoints
and figures. Held-out queries (12 in 100, by skill) train nothing; they choose the few weights
around the networks. Run again after an interruption: finished steps are not repeated.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from compact_data import (
    CANDIDATES,
    PRESET,
    SEED,
    Pool,
    Written,
    best,
    judged,
    mine,
    mixed,
    read_written,
    say,
    split,
)

from skillrouter_core.catalog import read_source
from skillrouter_core.mining import Pair, derived_pairs
from skillrouter_core.models import EMBEDDED, MANIFEST, Profile
from skillrouter_core.records import Hit, Skill, Stage1
from skillrouter_core.rerank import Reranker, StageTwoWeights, load_reranker
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.texts import reranker_document, reranker_query
from skillrouter_core.train import TrainConfig, train_encoder, train_reranker
from skillrouter_core.tuning import JudgedCandidates, fit_confidence, fit_fusion, fit_stage_two

DERIVED_PAIRS = 7000
WRITTEN_REPEATS = 2
ENCODER = TrainConfig(learning_rate=8e-5, batch_size=48, seed=SEED)
RERANKER = TrainConfig(learning_rate=8e-5, batch_size=8, seed=SEED)


def main() -> None:
    """Run all steps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pool")
    parser.add_argument("train_queries", type=Path)
    parser.add_argument("work", type=Path)
    args = parser.parse_args()
    skills = read_source(args.pool).skills
    out = args.work / "compact"
    written = read_written(args.train_queries, skills)
    fit, held_out = split(written)
    print(f"{len(skills)} skills, {len(fit)} training and {len(held_out)} held-out queries")
    encoder_step(skills, fit, out / "encoder")
    profile = Profile("training", str(out / "encoder"), None, PRESET.name, "")
    pool = Pool(skills, args.work, profile)
    fusion = fusion_step(pool, held_out, out / "encoder")
    reranker_step(pool, fit, held_out, fusion, out / "reranker")
    tune_step(pool, held_out, fusion, out)


def encoder_step(skills: Sequence[Skill], fit: Sequence[Written], folder: Path) -> None:
    """Train the encoder on written pairs and pairs derived from the pool, unless it is there."""
    if (folder / MANIFEST).exists():
        return
    pairs = [Pair(one.query, one.skill) for one in fit] * WRITTEN_REPEATS
    pairs += derived_pairs(skills, limit=DERIVED_PAIRS, seed=SEED)
    print(train_encoder(pairs, EMBEDDED, folder, preset=PRESET, config=ENCODER, listener=say))


def fusion_step(pool: Pool, held_out: Sequence[Written], folder: Path) -> FusionWeights:
    """Choose the hybrid weights on held-out queries and note them in the encoder's manifest."""
    rows = [pool.index.row(one.skill.skill_id) for one in held_out]
    queries = [judged(hits, row) for hits, row in zip(pool.hits(held_out), rows, strict=True)]
    fusion = fit_fusion(queries)
    for weights in (FusionWeights(1.0, 0.0), FusionWeights(0.0, 1.0), fusion):
        first = [q.right is not None and q.fused(weights).argmax() == q.right for q in queries]
        print(f"held-out Hit@1 with {weights}: {np.mean(first):.3f}")
    annotate(folder, {"fusion": asdict(fusion)})
    return fusion


def reranker_step(
    pool: Pool,
    fit: Sequence[Written],
    held_out: Sequence[Written],
    fusion: FusionWeights,
    folder: Path,
) -> None:
    """Mine lists with the trained encoder and train the cross-encoder on them."""
    if (folder / MANIFEST).exists():
        return
    rows = [pool.index.row(one.skill.skill_id) for one in held_out]
    heads = [best(hits, fusion) for hits in pool.hits(held_out)]
    # The encoder has seen the training queries, so its cosines are too good there to learn
    # beside them; BM25 has not, and its scores join in.
    queries = [judged(head, row) for head, row in zip(heads, rows, strict=True)]
    stage1 = fit_stage_two(queries, dense=False)
    dropped: Counter[str] = Counter()
    lists = mine(pool, fit, fusion, dropped)
    print(
        f"{len(lists)} lists; false negatives dropped: {dict(dropped)}; "
        f"BM25 weight {stage1.bm25:.2f}"
    )
    weights = (stage1.bm25, 0.0)
    report = train_reranker(
        lists,
        EMBEDDED,
        folder,
        preset=PRESET,
        config=RERANKER,
        feature_weights=weights,
        listener=say,
    )
    print(report)


def tune_step(pool: Pool, held_out: Sequence[Written], fusion: FusionWeights, out: Path) -> None:
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
    texts: dict[tuple[int, int], float] = {}
    alone, stage2, both, thresholds = {}, {}, {}, {}
    for kind, score in kinds.items():
        heads = [sorted(hits, key=lambda h: -score(h))[:CANDIDATES] for hits in all_hits]
        queries = [
            judged(strip(head, kind), pool.index.row(one.skill.skill_id), text)
            for one, head, text in zip(
                held_out, heads, read(pool, held_out, heads, reranker, texts), strict=True
            )
        ]
        first = [np.array([score(hit) for hit in head], np.float32) for head in heads]
        weights = fit_stage_two(queries, bm25=kind != Stage1.DENSE, dense=kind != Stage1.BM25)
        second = [query.combined(weights) for query in queries]
        alone[kind.value], _ = fit_confidence(queries, first)
        both[f"{kind.value}+rerank"], thresholds[kind] = fit_confidence(queries, second)
        stage2[kind.value] = weights
        report(kind, queries, first, second, weights)
    plain = {key: asdict(value) for key, value in alone.items()}
    annotate(out / "encoder", {"calibration": plain})
    annotate(
        out / "reranker",
        {
            "stage2": {key: asdict(value) for key, value in stage2.items()},
            "calibration": {key: asdict(value) for key, value in both.items()},
            "none_fits_below": thresholds[Stage1.HYBRID],
        },
    )


def strip(head: Sequence[Hit], kind: Stage1) -> list[Hit]:
    """Return hits with only the features that kind of stage 1 computes."""
    bm25, dense = kind != Stage1.DENSE, kind != Stage1.BM25
    return [
        Hit(hit.row, hit.score, hit.bm25 if bm25 else None, hit.dense if dense else None)
        for hit in head
    ]


def read(
    pool: Pool,
    held_out: Sequence[Written],
    heads: Sequence[Sequence[Hit]],
    reranker: Reranker,
    known: dict[tuple[int, int], float],
) -> list[np.ndarray]:
    """Return the reranker's scores of every head, asking it once per query and skill."""
    rows = []
    for number, (one, head) in enumerate(zip(held_out, heads, strict=True)):
        new = [hit.row for hit in head if (number, hit.row) not in known]
        documents = [reranker_document(pool.skills[row], PRESET) for row in new]
        scores = reranker.score(reranker_query(one.query, PRESET), documents)
        known.update({(number, row): float(s) for row, s in zip(new, scores, strict=True)})
        rows.append(np.array([known[number, hit.row] for hit in head], np.float32))
    return rows


def report(
    kind: Stage1,
    queries: Sequence[JudgedCandidates],
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
    weights: StageTwoWeights,
) -> None:
    """Print held-out Hit@1 of stage 1, of the reranker alone, and of both."""
    text = [query.text for query in queries]
    figures = [
        np.mean(
            [
                q.right is not None and s.argmax() == q.right
                for q, s in zip(queries, scores, strict=True)
            ]
        )
        for scores in (first, text, second)
    ]
    print(
        f"{kind}: held-out Hit@1 stage 1 {figures[0]:.3f}, reranker alone {figures[1]:.3f}, "
        f"two stages {figures[2]:.3f} with {weights}"
    )


def annotate(folder: Path, values: dict[str, object]) -> None:
    """Add keys to a model's manifest."""
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    path.write_text(json.dumps(manifest | values, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
