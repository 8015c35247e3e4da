"""The compact pair against what it has to beat: one benchmark, one run, paired intervals.

    python benchmarks/bench_compact.py BENCHMARK WORK [--tier T] [--rival NAME=FOLDER]...

BENCHMARK has the Eval-Core layout, WORK is a folder for a workspace of its own; vectors made
there are kept. Asked are both stages of the compact pair, its hybrid stage 1 alone, BM25 alone and
all-MiniLM-L6-v2 as published; every --rival is another pair, a folder with `encoder/` and
`reranker/`, asked like the compact pair: one trained on single pairs, say, or an earlier one.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import numpy as np
import torch
from ablation_tables import HEAD, Side, lines

from skillrouter_core.progress import Progress
from skillrouter_core.records import RouteOptions, Stage1
from skillrouter_core.workspace import Workspace

COMPACT, BASE = "compact", "minilm"


def main() -> None:
    """Ask every system the benchmark's queries and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--tier", default="easy")
    parser.add_argument("--rival", action="append", default=[], metavar="NAME=FOLDER")
    args = parser.parse_args()
    started = time.monotonic()
    with Workspace.open(args.work) as ws:
        sides = [
            asked(ws, args.benchmark, args.tier, name, options)
            for name, options in systems(args.rival).items()
        ]
    print(
        f"\n{args.benchmark.name}, {args.tier}: {len(sides[0].tasks)} queries. "
        f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, "
        f"{time.monotonic() - started:.0f} s in all\n"
    )
    print("\n".join([*HEAD, *lines(sides[0], *sides[1:])]))


def systems(rivals: list[str]) -> dict[str, RouteOptions]:
    """Return what is asked, by name; the compact pair comes first."""
    compact = RouteOptions(profile=COMPACT)
    named = dict(rival.split("=", 1) for rival in rivals)
    return {
        "compact, both stages": compact,
        "compact, hybrid without reranking": RouteOptions(profile=COMPACT, rerank=False),
        "BM25": RouteOptions(profile=COMPACT, stage1=Stage1.BM25, rerank=False),
        "all-MiniLM-L6-v2, zero-shot": RouteOptions(
            profile=BASE, stage1=Stage1.DENSE, rerank=False
        ),
        **{name: RouteOptions(profile=folder) for name, folder in named.items()},
    }


def asked(ws: Workspace, folder: Path, tier: str, name: str, options: RouteOptions) -> Side:
    """Return a system's answers, and print how long an answer took."""
    found = ws.evaluation.keep(folder, tier, options=options, note=name, listener=say)
    took = [task.milliseconds for task in found.tasks]
    p50, p95 = np.percentile(took, [50, 95])
    print(f"{name}: p50 {p50:.0f} ms, p95 {p95:.0f} ms", flush=True)
    return Side(name, found.tasks)


def say(progress: Progress) -> None:
    """Print a line every tenth of a stage."""
    if progress.total and progress.done % max(progress.total // 10, 1) == 0:
        left = progress.remaining_seconds or 0
        print(f"{progress.stage} {progress.done}/{progress.total}, {left:.0f} s left", flush=True)


if __name__ == "__main__":
    main()
