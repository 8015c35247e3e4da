"""The scan for near-copies: time, memory, recall and what each layer finds, as Markdown tables.

    python benchmarks/bench_dedup.py HOME [--demo DEMO_HOME] [--sections pool recall demo big]
                                     [--big 80000] [--sample 3000]

HOME is a workspace whose catalogs are imported and indexed; it is read only. DEMO_HOME is one
with the demo catalog indexed; without it the demo is compared by name and text alone. Each
section runs in a process of its own, so that its peak memory is its own; the cache of prepared
texts is a temporary folder.

The big catalog is the pool replicated: in each copy from 2% to 30% of a body's words are
replaced, vectors are turned until their cosine with the original is 0.90 to 0.99, and sources
are renamed as forks are.
"""

from __future__ import annotations

import argparse
import itertools
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from dedup_data import demo_workspace, replicated, workspace
from scipy.sparse import csr_matrix

from skillrouter_core.dedup import PairTable, Prober, Scan, ScanOptions, exact_pairs, scan
from skillrouter_core.dedup.bodies import Bodies, alike_bodies, gather_bodies
from skillrouter_core.dedup.proposals import code, measured_recall
from skillrouter_core.dedup.shingles import Shingler
from skillrouter_core.dedup.texts import prepare
from skillrouter_core.dedup.values import FloatMatrix
from skillrouter_core.demo import planted
from skillrouter_core.records import Skill, Thresholds

SECTIONS = ("pool", "recall", "demo", "big")
THRESHOLDS = Thresholds()
NEVER = 1 << 40
"""So many skills no source has: nothing is boilerplate."""

BANDS = (0.4, 0.5, 0.6, 0.65, 0.7, 0.8, 1.01)


def main() -> None:
    """Run the sections asked for, each in its own process."""
    options = _options()
    if options.inside:
        globals()[f"_{options.inside}"](options)
        return
    print(_machine())
    for section in options.sections:
        print(f"\n### {section}\n", flush=True)
        command = [sys.executable, __file__, *sys.argv[1:], "--inside", section]
        subprocess.run(command, check=True)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--demo", type=Path)
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--big", type=int, default=80_000)
    parser.add_argument("--sample", type=int, default=3_000)
    parser.add_argument("--inside", choices=SECTIONS, help=argparse.SUPPRESS)
    return parser.parse_args()


# --------------------------------------------------------------------------------- sections


def _pool(options: argparse.Namespace) -> None:
    """Scan cold, scan again, scan after one change, probe."""
    skills, vectors = workspace(options.home)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder)
        found, seconds = _timed(skills, vectors, cache)
        _describe(f"{len(skills):,} skills, nothing cached", found, seconds)
        changed = [
            replace(skills[0], body=skills[0].body + "\nOne more line of text."),
            *skills[1:],
        ]
        again, seconds = _timed(changed, vectors, cache)
        print(f"\nAfter one changed skill: {seconds}: {_steps(again)}")
        _probes(again, cache, vectors, changed)
    print(*(f"- {note}" for note in found.notes), sep="\n")


def _recall(options: argparse.Namespace) -> None:
    """Compare what MinHash proposes with every pair there is."""
    skills, vectors = workspace(options.home)
    chosen = skills[:: max(1, len(skills) // options.sample)][: options.sample]
    texts = prepare(chosen, Shingler())
    sources = [skill.source for skill in chosen]
    print(
        "| pairs of bodies | "
        + " | ".join([f"{low:g} to {min(high, 1):g}" for low, high in _bands()])
        + " | above 0.6 |"
    )
    print("|---|" + "---|" * len(BANDS))
    for name, least in (("nothing discounted", NEVER), ("boilerplate discounted", 20)):
        bodies = gather_bodies(texts, sources, least)
        a, b, values = _every_pair(bodies, raw=least == NEVER)
        proposed = alike_bodies(bodies, ScanOptions().bucket_skills).codes
        hit = np.isin(code(a, b, len(chosen)), proposed)
        cells = [_share(hit, (values > low) & (values <= high)) for low, high in _bands()]
        print(f"| {name} | {' | '.join(cells)} | {_share(hit, values > 0.6)} |")
    print(f"\n{len(chosen):,} skills, {len(chosen) * (len(chosen) - 1) // 2:,} pairs compared")
    print(
        f"\nIVF, {len(vectors):,} vectors: {measured_recall(vectors, 0.92):.4f} of the "
        "neighbours above 0.92 found"
    )


def _demo(options: argparse.Namespace) -> None:
    """Compare what the scan finds in the demo with what was planted there."""
    skills, vectors = demo_workspace(options.demo)
    with tempfile.TemporaryDirectory() as folder:
        found, _ = _timed(skills, vectors, Path(folder))
        row = {skill_id.removeprefix("demo/"): place for place, skill_id in enumerate(found.ids)}
        hidden = {
            (min(row[pair.a], row[pair.b]), max(row[pair.a], row[pair.b])): pair.kind.value
            for pair in planted().duplicates
        }
        exact = exact_pairs(found, Path(folder), vectors, list(hidden))
    pairs = list(zip(found.pairs.a.tolist(), found.pairs.b.tolist(), strict=True))
    layers = _layers(found.pairs)
    print("| layer | pairs | planted | precision | recall | only this layer |")
    print("|---|---|---|---|---|---|")
    for name, mask in layers.items():
        hits = {pair for pair, wanted in zip(pairs, mask, strict=True) if wanted}
        others = np.any(
            [other for key, other in layers.items() if key not in (name, "any")], axis=0
        )
        alone = {p for p, m, o in zip(pairs, mask, others, strict=True) if m and not o}
        right = hits & hidden.keys()
        print(
            f"| {name} | {len(hits)} | {len(right)} | {len(right) / max(len(hits), 1):.2f} "
            f"| {len(right) / len(hidden):.2f} | {len(alone & hidden.keys())} right, "
            f"{len(alone - hidden.keys())} wrong |"
        )
    _by_kind(exact, list(hidden.values()))


def _big(options: argparse.Namespace) -> None:
    """Replicate the pool with edits and scan it."""
    pool, vectors = workspace(options.home)
    skills, matrix = replicated(pool, vectors, options.big)
    print(f"{len(skills):,} skills made, {_memory()} before the scan", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        found, seconds = _timed(skills, matrix, Path(folder))
        _describe(f"{len(skills):,} skills, nothing cached", found, seconds)
        found, seconds = _timed(skills, matrix, Path(folder))
        print(f"\nTexts cached: {seconds}: {_steps(found)}; peak memory {_memory()}")
    print(*(f"- {note}" for note in found.notes if "boilerplate" not in note), sep="\n")
    print(f"\nIVF: {measured_recall(matrix, 0.92):.4f} of the neighbours above 0.92 found")


# ------------------------------------------------------------------------------ measuring


def _timed(skills: Sequence[Skill], vectors: FloatMatrix | None, cache: Path) -> tuple[Scan, str]:
    """Return the scan and its time; processor time tells what other programs took."""
    started, busy = time.perf_counter(), time.process_time()
    found = scan(skills, vectors, cache)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return found, f"{seconds:.1f} s ({busy:.1f} s of processor time)"


def _every_pair(bodies: Bodies, *, raw: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return all pairs above 0.4, found without MinHash: one product of (skill, trigram) matrices.

    Raw values are computed from trigrams alone; discounted ones by the scan's own arithmetic.
    """
    bags = bodies.texts.bags
    _, columns = np.unique(bags.values, return_inverse=True)
    ones = np.ones(len(columns), dtype=np.int32)
    held = csr_matrix((ones, columns, bags.offsets))
    common = (held @ held.T).tocoo()
    upper = common.row < common.col
    a, b, shared = common.row[upper], common.col[upper], common.data[upper]
    a, b = a.astype(np.int64), b.astype(np.int64)
    if raw:
        values = shared / (bags.sizes[a] + bags.sizes[b] - shared)
    else:
        values = bodies.overlaps.counts(a, b).values().jaccard
    kept = values > BANDS[0]
    return a[kept], b[kept], values[kept]


def _probes(found: Scan, cache: Path, vectors: FloatMatrix, skills: Sequence[Skill]) -> None:
    started = time.perf_counter()
    prober = Prober(found, cache, vectors)
    loaded = time.perf_counter()
    for row in range(0, len(skills), len(skills) // 10):
        prober.nearest(replace(skills[row], skill_id="new"), vectors[row], 10)
    each = (time.perf_counter() - loaded) / len(range(0, len(skills), len(skills) // 10))
    pairs = [(0, row) for row in range(1, 51)]
    started_pairs = time.perf_counter()
    exact_pairs(found, cache, vectors, pairs)
    print(
        f"\nProber: loaded in {loaded - started:.1f} s, {each * 1e3:.0f} ms a probe; "
        f"50 exact pairs: {(time.perf_counter() - started_pairs) * 1e3:.0f} ms"
    )


def _layers(pairs: PairTable) -> dict[str, np.ndarray]:
    text, near = pairs.text(THRESHOLDS), pairs.embedding(THRESHOLDS)
    return {
        "name": pairs.same_name,
        "text": text,
        "embedding": near,
        "any": pairs.same_name | text | near,
    }


def _by_kind(exact: PairTable, kinds: Sequence[str]) -> None:
    """Print each kind of planted pair with the layers that find it and its exact values."""
    layers = _layers(exact)
    print("\n| planted as | pairs | " + " | ".join(layers) + " | Jaccard | cosine |")
    print("|---|---|" + "---|" * len(layers) + "---|---|")
    for kind in sorted(set(kinds)):
        mine = np.array([other == kind for other in kinds])
        cells = [str(int(mask[mine].sum())) for mask in layers.values()]
        cells += [
            f"{values[mine].min():.2f} to {values[mine].max():.2f}"
            for values in (exact.jaccard, exact.cosine)
        ]
        print(f"| {kind} | {mine.sum()} | {' | '.join(cells)} |")


def _describe(title: str, found: Scan, seconds: str) -> None:
    pairs = found.pairs
    name, text, near = (_layers(pairs)[key] for key in ("name", "text", "embedding"))
    print(f"{title}: {seconds}, peak memory {_memory()}\n\n| step | seconds |\n|---|---|")
    print(*(f"| {step} | {took:.1f} |" for step, took in found.seconds.items()), sep="\n")
    rows = {
        "kept": np.ones(len(pairs), dtype=np.bool_),
        "name": name,
        "text": text,
        "embedding": near,
        "name only": name & ~text & ~near,
        "text only": text & ~name & ~near,
        "embedding only": near & ~name & ~text,
        "all three": name & text & near,
        "text before the discount": pairs.raw_jaccard > THRESHOLDS.jaccard,
        "cosine before the discount": pairs.cosine > THRESHOLDS.cosine,
        "set apart by a negation": pairs.set_apart,
    }
    print("\n| pairs | number |\n|---|---|")
    print(*(f"| {key} | {int(mask.sum()):,} |" for key, mask in rows.items()), sep="\n")
    _groups(found)


def _groups(found: Scan) -> None:
    from skillrouter_core.dedup import build_groups

    started = time.perf_counter()
    grouping = build_groups(found, THRESHOLDS, found.chars.astype(np.float32))
    sizes = [len(group.members) for group in grouping.groups]
    print(
        f"\n{len(sizes):,} groups of {sum(sizes):,} skills, the biggest of {max(sizes, default=0)} "
        f"({(time.perf_counter() - started) * 1e3:.0f} ms to group, keeper by length)"
    )


def _bands() -> Iterator[tuple[float, float]]:
    return itertools.pairwise(BANDS)


def _steps(found: Scan) -> str:
    return ", ".join(f"{step} {taken:.1f}" for step, taken in found.seconds.items())


def _share(hit: np.ndarray, among: np.ndarray) -> str:
    return f"{hit[among].mean():.4f} of {among.sum():,}" if among.any() else "none"


def _memory() -> str:
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB"


def _machine() -> str:
    return (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}"
    )


if __name__ == "__main__":
    main()
