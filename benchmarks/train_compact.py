"""Train the compact profile from a pool and written queries: one command, resumable.

    python benchmarks/train_compact.py POOL TRAIN_QUERIES WORK

POOL is a benchmark's tier (shards of skills), TRAIN_QUERIES a JSONL of {"skill_id", "query"}.
WORK receives `compact/encoder` and `compact/reranker` (a folder `--profile` accepts), checkpoints
and figures. Held-out queries (12 in 100, by skill) train nothing; they choose the few weights
around the networks. Run again after an interruption: finished steps are not repeated.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path

import numpy as np
from compact_data import PRESET, SEED, Pool, Written, judged, read_written, say, split
from compact_late import train_late
from compact_lists import derived_lists, written_lists
from compact_tuning import annotate, tune

from skillrouter_core.catalog import read_source
from skillrouter_core.index import FULL
from skillrouter_core.mining import Pair, derived_pairs
from skillrouter_core.models import EMBEDDED, MANIFEST, Profile
from skillrouter_core.records import Skill
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.train import TrainConfig, train_encoder
from skillrouter_core.tuning import fit_fusion

DERIVED_PAIRS = 7000
WRITTEN_REPEATS = 2
ENCODER = TrainConfig(learning_rate=8e-5, batch_size=48, seed=SEED)
DERIVED_PASSES, DERIVED_DRAWN = (1800, 700), 9000
"""Stage 2 goes over the written lists twice, each time beside other derived ones."""


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
    reranker_step(pool, fit, fusion, out / "encoder", out / "reranker")
    tune(pool, held_out, fusion, out)


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
    pool: Pool, fit: Sequence[Written], fusion: FusionWeights, encoder: Path, folder: Path
) -> None:
    """Mine lists with the trained encoder and train late interaction on them, unless done."""
    if (folder / MANIFEST).exists():
        return
    dropped: Counter[str] = Counter()
    lists = written_lists(pool, fit, fusion, dropped)
    derived = iter(
        derived_lists(pool, limit=sum(DERIVED_PASSES), drawn=DERIVED_DRAWN, dropped=dropped)
    )
    passes = [lists + list(islice(derived, count)) for count in DERIVED_PASSES]
    print(f"passes of {[len(one) for one in passes]} lists; left out: {dict(dropped)}")
    vectors = np.asarray(pool.index.dense(FULL).matrix)
    losses = train_late(passes, vectors, encoder, folder)
    print(f"loss {np.mean(losses[:30]):.3f} at first, {np.mean(losses[-30:]):.3f} at last")


if __name__ == "__main__":
    main()
