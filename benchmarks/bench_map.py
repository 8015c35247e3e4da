"""The map's time and memory, and how its clusters are called.

    python benchmarks/bench_map.py HOME [--rows 20000 80000] [--names 12] [--profile compact]

HOME is a workspace whose index has vectors; it is only read. More rows than it has are made of
copies whose vectors are turned by some 15 degrees at random, under other ids. Each size runs in a
process of its own, maps in a folder that is deleted afterwards. "CPU" is what the work itself
took; wall time is longer on a busy machine. "100 placed" is a second run with 100 skills more
than the first laid out: what a small import costs.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import numpy as np

from skillrouter_core.index import FULL
from skillrouter_core.progress import Progress
from skillrouter_core.project import Content, Source, build_map
from skillrouter_core.records import Skill
from skillrouter_core.records.maps import CatalogMap, Level
from skillrouter_core.workspace import Workspace

NEW_SKILLS = 100
TURN = 0.27
"""Length of the noise added to a unit vector: tan(15 degrees)."""


def main() -> None:
    """Measure each size in its own process, and print one row for each."""
    options = _options()
    if options.child:
        _measure(options.home, options.profile, options.rows[0])
        return
    print(_machine())
    print(
        "| skills | wall s | CPU s | peak GB | 100 placed s | coarse | fine | noise | slowest |\n"
        "|---|---|---|---|---|---|---|---|---|"
    )
    found = []
    for rows in options.rows:
        found.append(_child(options.home, options.profile, rows))
        print(found[-1]["line"], flush=True)
    for one in found:
        _print_names(one, options.names)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 80_000])
    parser.add_argument("--names", type=int, default=12, help="coarse clusters to print")
    parser.add_argument("--profile", default="compact")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _child(home: Path, profile: str, rows: int) -> dict[str, object]:
    command = [sys.executable, __file__, str(home), "--profile", profile, "--child"]
    done = subprocess.run(
        [*command, "--rows", str(rows)], stdout=subprocess.PIPE, text=True, check=True
    )
    return dict(json.loads(done.stdout))


# ------------------------------------------------------------------------ one size


def _measure(home: Path, profile: str, rows: int) -> None:
    """Build a map of `rows` skills and place some more; print the figures as JSON."""
    source = _source(home, profile, rows)
    stages: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        clock = _Clock(stages)
        started, worked = time.perf_counter(), time.process_time()
        build_map(Path(folder), _part(source, rows - NEW_SKILLS), listener=clock.listen)
        wall, cpu = time.perf_counter() - started, time.process_time() - worked
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        started = time.perf_counter()
        made = build_map(Path(folder), source)
        placing = time.perf_counter() - started
    slowest = sorted(stages.items(), key=lambda item: -item[1])[:4]
    figures = [
        f"{rows:,}",
        f"{wall:.0f}",
        f"{cpu:.0f}",
        f"{peak:.1f}",
        f"{placing:.1f}",
        *(str(len(made.at(level))) for level in Level),
        f"{(made.fine < 0).mean():.0%}",
        ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in slowest),
    ]
    print(json.dumps({"line": f"| {' | '.join(figures)} |", **_named(made)}))


class _Clock:
    """Adds up the seconds between the first sign of one stage and the first of the next."""

    def __init__(self, stages: dict[str, float]) -> None:
        self._stages, self._stage, self._since = stages, "", time.perf_counter()

    def listen(self, progress: Progress) -> None:
        now = time.perf_counter()
        if self._stage:
            self._stages[self._stage] = self._stages.get(self._stage, 0.0) + now - self._since
        self._stage, self._since = progress.stage, now


def _source(home: Path, profile: str, rows: int) -> Source:
    """Return `rows` rows of the published index, turned copies where it has fewer."""
    with Workspace.open(home) as ws:
        index = ws.routing.index(profile)
        dense = index.dense()
        if dense is None:
            raise SystemExit(f"{home}: no vectors for {profile!r}; run `skillrouter index` first")
        skills = ws.catalogs.skills_by_id(index.ids)
        own = [row for row, one in enumerate(index.ids) if one in skills]
        chosen = np.resize(np.array(own), rows)
        vectors = _turned(np.asarray(dense.matrix)[chosen], len(own))
    ids = [f"{row:06d}" for row in range(rows)]
    hashes = [
        sha256(f"{index.hashes[at]} {row // len(own)}".encode()).hexdigest()
        for row, at in enumerate(chosen)
    ]
    content = Content("", index.manifest.dense[FULL].model_key, "benchmark")

    def texts(wanted: Sequence[str]) -> list[Skill]:
        return [skills[index.ids[chosen[int(one)]]] for one in wanted]

    return _part(Source(ids, hashes, vectors, content, texts), rows)


def _turned(vectors: np.ndarray, originals: int) -> np.ndarray:
    """Return unit rows, those after the first `originals` turned a little at random."""
    noise = np.random.default_rng(0).normal(size=vectors.shape).astype(np.float32)
    noise *= TURN / np.linalg.norm(noise, axis=1, keepdims=True)
    noise[:originals] = 0
    turned = vectors + noise
    return np.asarray(turned / np.linalg.norm(turned, axis=1, keepdims=True), dtype=np.float32)


def _part(source: Source, rows: int) -> Source:
    return replace(
        source,
        ids=source.ids[:rows],
        hashes=source.hashes[:rows],
        vectors=source.vectors[:rows],
        content=replace(source.content, fingerprint=str(rows)),
    )


# ------------------------------------------------------------------------ the names


def _named(made: CatalogMap) -> dict[str, object]:
    """Return the coarse clusters with the fine ones in them, as (name, size)."""
    fine = made.at(Level.FINE)
    tree = [
        (one.name, one.size, [(sub.name, sub.size) for sub in fine if sub.parent == one.number])
        for one in made.at(Level.COARSE)
    ]
    return {"tree": tree, "note": made.note}


def _print_names(found: dict[str, object], most: int) -> None:
    tree = found["tree"]
    assert isinstance(tree, list)
    print(f"\n{found['note']}")
    for name, size, parts in tree[:most]:
        print(f"{name} ({size})")
        for part, members in parts[:6]:
            print(f"    {part} ({members})")


def _machine() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, {time.strftime('%Y-%m-%d')}"


if __name__ == "__main__":
    main()
