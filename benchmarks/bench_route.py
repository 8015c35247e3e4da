"""Import, index and route a real benchmark, printed as a table with the machine named.

    python benchmarks/bench_route.py BENCHMARK [--tier easy] [--queries 100] [--home FOLDER]

BENCHMARK has the Eval-Core layout. Every kind of stage 1 runs with and without reranking in the
same process, one query at a time, models warm. A fresh workspace is made unless --home names one.
"""

from __future__ import annotations

import argparse
import platform
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from skillrouter_core.benchmark import load_benchmark
from skillrouter_core.progress import Progress
from skillrouter_core.records import RouteOptions, Stage1
from skillrouter_core.workspace import Workspace

WARM_UP = 3


def main() -> None:
    """Run the work and print its two tables."""
    options = _options()
    queries = [task.query for task in load_benchmark(options.benchmark).tasks][: options.queries]
    with (
        tempfile.TemporaryDirectory() as scratch,
        Workspace.open(options.home or Path(scratch)) as workspace,
    ):
        print(f"{_machine()}, {len(queries)} queries")
        _build(workspace, options.benchmark / options.tier)
        _route(workspace, queries)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark", type=Path)
    parser.add_argument("--tier", default="easy")
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--home", type=Path)
    return parser.parse_args()


def _machine() -> str:
    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    return f"{platform.machine()}, {torch.get_num_threads()} threads, {device}"


def _build(workspace: Workspace, pool: Path) -> None:
    stages: dict[str, Progress] = {}

    def listener(progress: Progress) -> None:
        stages[progress.stage] = progress

    print("| work | skills | seconds | skills/s |\n|---|---|---|---|")
    started = time.perf_counter()
    report = workspace.catalogs.sync(str(pool), name="pool")
    seconds = time.perf_counter() - started
    print(f"| import | {report.total:,} | {seconds:.1f} | {report.total / seconds:.0f} |")
    built = workspace.indexing.build(listener)
    for stage, progress in stages.items():
        figures = f"{progress.done:,} | {progress.seconds:.1f} | {progress.rate:.0f}"
        print(f"| {stage} | {figures} |")
    print(f"| index, all of it | {built.skills:,} | {built.seconds:.1f} | |")


def _route(workspace: Workspace, queries: list[str]) -> None:
    print("\n| stage 1 | rerank | encode p50 ms | stage 1 p50 | stage 2 p50 | total p50 | p95 |")
    print("|---|---|---|---|---|---|---|")
    for kind in Stage1:
        for rerank in (False, True):
            options = RouteOptions(stage1=kind, rerank=rerank)
            for query in queries[:WARM_UP]:
                workspace.routing.route(query, options)
            times = [workspace.routing.route(query, options).timings for query in queries]
            parts = [
                np.median([getattr(one, part) for one in times])
                for part in ("encode", "stage1", "stage2", "total")
            ]
            p95 = np.percentile([one.total for one in times], 95)
            cells = " | ".join(f"{part:.1f}" for part in (*parts, p95))
            print(f"| {kind.value} | {'yes' if rerank else 'no'} | {cells} |")


if __name__ == "__main__":
    main()
