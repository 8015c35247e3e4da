"""Stage 1's time a query, printed as a table with the machine named.

    python benchmarks/bench_stage1.py [--rows 20000 80000] [--queries 200] [--dimension 384]

Texts and vectors are made up: words are drawn by Zipf's law from 60,000, some 250 a text, as
many as name, description and 2,500 characters of body hold; queries have 40 words. Encoding the
query is not included.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from skillrouter_core.index import FULL, DenseSource, SkillIndex, attach_dense, write_lexical
from skillrouter_core.records import Skill, Stage1
from skillrouter_core.retrieve import FusionWeights, retrieve
from skillrouter_core.texts import preset_named

WORDS, TEXT_WORDS, QUERY_WORDS, WARM_UP = 60_000, 250, 40, 10


def main() -> None:
    """Measure each size and kind, and print one row for each."""
    options = _options()
    print(f"{_machine()}; dimension {options.dimension}, {options.queries} queries")
    print("| rows | stage 1 | p50 ms | p95 ms | build s |")
    print("|---|---|---|---|---|")
    for rows in options.rows:
        with tempfile.TemporaryDirectory() as folder:
            index, built = _index(Path(folder), rows, options.dimension)
            for kind in (Stage1.BM25, Stage1.DENSE, Stage1.HYBRID):
                times = _times(index, kind, options.queries, options.dimension)
                p50, p95 = np.percentile(times, [50, 95]) * 1e3
                print(f"| {rows:,} | {kind.value} | {p50:.1f} | {p95:.1f} | {built:.1f} |")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 80_000])
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--dimension", type=int, default=384)
    return parser.parse_args()


def _index(folder: Path, rows: int, dimension: int) -> tuple[SkillIndex, float]:
    generator = np.random.default_rng(0)
    skills = [
        Skill(f"made-up/{row}", "skill", "", text)
        for row, text in enumerate(_texts(generator, rows, TEXT_WORDS))
    ]
    started = time.perf_counter()
    generation = write_lexical(folder, skills, preset_named("compact"))
    source = DenseSource(_unit_rows(generator, rows, dimension), "made-up", "v1")
    attach_dense(generation, {FULL: source})
    return SkillIndex.load(folder), time.perf_counter() - started


def _texts(generator: np.random.Generator, count: int, words: int) -> Iterator[str]:
    below = np.cumsum(1 / np.arange(10, WORDS + 10))
    spellings = [f"w{number}" for number in range(WORDS)]
    for _ in range(count):
        drawn = np.searchsorted(below, generator.random(words) * below[-1])
        yield " ".join(spellings[number] for number in drawn.tolist())


def _unit_rows(
    generator: np.random.Generator, rows: int, dimension: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    matrix = generator.normal(size=(rows, dimension)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def _times(index: SkillIndex, kind: Stage1, queries: int, dimension: int) -> Sequence[float]:
    """Return the seconds of each query, those that warm the caches left out."""
    generator = np.random.default_rng(1)
    texts = list(_texts(generator, queries + WARM_UP, QUERY_WORDS))
    vectors = _unit_rows(generator, queries + WARM_UP, dimension)
    times = []
    for text, vector in zip(texts, vectors, strict=True):
        started = time.perf_counter()
        retrieve(index, text, vector, kind, 20, FusionWeights())
        times.append(time.perf_counter() - started)
    return times[WARM_UP:]


def _machine() -> str:
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()}, {time.strftime('%Y-%m-%d')}"
    )


def _processor() -> str:
    """Return the processor's name where the system tells it, else its architecture."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


if __name__ == "__main__":
    main()
