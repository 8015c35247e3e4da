"""The paper's three ablations on any benchmark, as one Markdown table with intervals.

    python benchmarks/bench_ablations.py BENCHMARK WORK [--tier T] [--queries FILE] [--generated N]

BENCHMARK is a folder in the Eval-Core layout, or `demo`. WORK is a folder for a workspace of its
own; a run that was stopped goes on where it was. Trained is all-MiniLM-L6-v2, on queries made
from the pool's own skills and, if given, on FILE, a JSONL of {"query", "skill_id"} over the same
pool. What the benchmark asks, and skills alike to its answers, never serve as training.

1. body: the shipped models, with bodies and with names and descriptions alone
2. false-negative filter: an encoder trained on negatives that were filtered, and on all
3. objective: a reranker trained on lists, and on single pairs, over the first encoder's lists

Each is a pair of evaluations of the same queries; the difference is paired, with 95% bootstrap
intervals.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
from dataclasses import replace
from pathlib import Path

from skillrouter_core.demo import demo_benchmark
from skillrouter_core.evaluate.comparing import compare, part_of
from skillrouter_core.progress import Progress
from skillrouter_core.records import NewQuery, RouteOptions, Split, Stage1
from skillrouter_core.records.evaluations import Evaluation
from skillrouter_core.records.exchange import ImportOptions
from skillrouter_core.records.training import (
    MiningOptions,
    Objective,
    TrainConfig,
    TrainKind,
    TrainOptions,
)
from skillrouter_core.workspace import Workspace

CATALOG = "pool"
BASE = "minilm"
CONFIG = TrainConfig(learning_rate=5e-5, batch_size=8)


def main() -> None:
    """Prepare the workspace, run the three pairs, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("benchmark")
    parser.add_argument("work", type=Path)
    parser.add_argument("--tier", default="")
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--generated", type=int, default=400)
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    folder = _folder(args.benchmark, args.work)
    tier = args.tier or next(path.name for path in sorted(folder.iterdir()) if path.is_dir())
    with Workspace.open(args.work / "home") as ws:
        _prepare(ws, folder, tier, args.queries)
        rows = [
            _body(ws, folder, tier),
            _filter(ws, folder, tier, args.generated),
            _objective(ws, folder, tier, args.generated),
        ]
    cores = len(os.sched_getaffinity(0))
    print(
        f"\n{platform.processor() or platform.machine()}, {cores} cores; {args.generated} made "
        f"queries; {folder.name}, {tier}\n"
    )
    print("| ablation | with | without | difference, paired [95%] | R@20 with, without |")
    print("|---|---|---|---|---|")
    print("\n".join(rows))


def _folder(benchmark: str, work: Path) -> Path:
    return demo_benchmark(work / "demo") if benchmark == "demo" else Path(benchmark)


def _prepare(ws: Workspace, folder: Path, tier: str, queries: Path | None) -> None:
    """Import the pool, declare what the benchmark asks as held out, and keep what may train."""
    ws.catalogs.sync(str(folder / tier), CATALOG, say)
    mapped = ws.exchange.read_benchmark(folder)
    ws.exchange.keep_queries(
        mapped, ImportOptions(suite="benchmark", author="bench", held_out=True)
    )
    if queries is not None:
        lines = [json.loads(line) for line in queries.read_text(encoding="utf-8").splitlines()]
        rows = [
            NewQuery(line["query"], (f"{CATALOG}/{line['skill_id']}",), Split.TRAIN)
            for line in lines
        ]
        ws.labels.save_queries(rows, "written", "bench", "upload")
    for profile in ("compact", BASE):
        ws.indexing.build(say, profile)


def _body(ws: Workspace, folder: Path, tier: str) -> str:
    options = RouteOptions()
    pair = [_evaluated(ws, folder, tier, replace(options, body=body)) for body in (True, False)]
    return _row("body (both stages, shipped models)", *pair)


def _filter(ws: Workspace, folder: Path, tier: str, generated: int) -> str:
    pair = []
    for filtered in (True, False):
        options = TrainOptions(
            TrainKind.ENCODER,
            BASE,
            encoder=CONFIG,
            mining=MiningOptions(filtered=filtered),
            generated=generated,
        )
        name = _trained(ws, f"encoder-{'filtered' if filtered else 'unfiltered'}", options)
        route = RouteOptions(profile=name, stage1=Stage1.DENSE, rerank=False)
        pair.append(_evaluated(ws, folder, tier, route))
    return _row("false-negative filter (encoder alone)", *pair)


def _objective(ws: Workspace, folder: Path, tier: str, generated: int) -> str:
    pair = []
    for objective in (Objective.LISTWISE, Objective.POINTWISE):
        options = TrainOptions(
            TrainKind.RERANKER, BASE, reranker=CONFIG, objective=objective, generated=generated
        )
        name = _trained(ws, f"reranker-{objective.value}", options)
        route = RouteOptions(profile=name, stage1=Stage1.DENSE)
        pair.append(_evaluated(ws, folder, tier, route))
    return _row("listwise objective (dense, then reranked)", *pair)


def _trained(ws: Workspace, name: str, options: TrainOptions) -> str:
    known = {run.name: run for run in ws.training.runs()}
    run = known.get(name)
    if run is None or run.finished_at is None:
        run = ws.training.train(name, None if run else options, say)
    print(f"{name}: {dict(run.counts)}")
    return name


def _evaluated(ws: Workspace, folder: Path, tier: str, options: RouteOptions) -> Evaluation:
    return ws.evaluation.keep(folder, tier, options=options, listener=say)


def _row(what: str, on: Evaluation, off: Evaluation) -> str:
    a, b = part_of("with", on.tasks), part_of("without", off.tasks)
    found = compare(off, on).differences["Hit@1"]
    hits = [
        f"{p.figures['Hit@1'].mean:.3f} [{p.figures['Hit@1'].low:.3f}, "
        f"{p.figures['Hit@1'].high:.3f}]"
        for p in (a, b)
    ]
    recall = ", ".join(f"{p.figures['Recall@20'].mean:.3f}" for p in (a, b))
    gain = f"{found.difference:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"
    return f"| {what} | {hits[0]} | {hits[1]} | {gain} | {recall} |"


def say(progress: Progress) -> None:
    """Print a line every tenth of a stage."""
    if progress.total and progress.done % max(progress.total // 10, 1) == 0:
        left = progress.remaining_seconds or 0
        print(f"{progress.stage} {progress.done}/{progress.total}, {left:.0f} s left", flush=True)


if __name__ == "__main__":
    main()
