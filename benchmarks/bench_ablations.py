"""The paper's three ablations, and before and after training, as Markdown tables with intervals.

    python benchmarks/bench_ablations.py BENCHMARK WORK [--queries FILE] [--tier T]
        [--skills N] [--limit N] [--held-out N]

BENCHMARK is a folder in the Eval-Core layout, or `demo`. FILE is a JSONL of {"query", "skill_id"}
over the same pool: its queries are saved with the skill they expect, and the workspace's own split
says which of them may train. Without FILE two thirds of the benchmark's own tasks train and the
others are asked. What is asked, and skills alike to its answers, never serve as training.

WORK is a folder of its own; what is in it is not done again, so a run that was stopped or killed
goes on where it was. Trained is all-MiniLM-L6-v2, over N skills drawn by a fixed seed.

1. body: the shipped models over the whole pool, with bodies and with names and descriptions alone
2. false-negative filter: one encoder trained on filtered negatives, one on all
3. objective: one reranker trained on lists, one on single pairs, from the very same lists
4. before and after: the base, what `skillrouter train both` makes of it, and the shipped pair

1 asks the whole benchmark, 2 to 4 the same queries over the drawn pool.
"""

from __future__ import annotations

import argparse
import os
import platform
from collections.abc import Iterable
from pathlib import Path

from ablation_pool import Drawn, Sizes, draw, unseen
from ablation_runs import RECIPE, Bench, by_text, dense, of_queries
from ablation_tables import HEAD, Side, lines

from skillrouter_core.benchmark import load_benchmark, load_pool
from skillrouter_core.demo import demo_benchmark
from skillrouter_core.records import RouteOptions
from skillrouter_core.records.evaluations import Evaluation
from skillrouter_core.records.training import TrainingRun, TrainKind
from skillrouter_core.workspace import Workspace

DEFAULTS = Sizes()
CPUINFO = Path("/proc/cpuinfo")


def main() -> None:
    """Do what is not done yet and print each table once its figures are there."""
    args = _arguments()
    work = args.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    source = demo_benchmark(work / "demo") if args.benchmark == "demo" else Path(args.benchmark)
    tier = args.tier or load_benchmark(source).tiers[0]
    sizes = Sizes(args.skills, args.limit, args.held_out)
    with Workspace.open(work / "home") as ws:
        drawn = draw(source, tier, args.queries, sizes, work / "drawn")
        bench = Bench(ws, drawn, RECIPE)
        _print(machine(), counts(drawn, source, tier))
        _print(body_table(bench, source, tier))
        bench.prepare()
        _print(filter_table(bench, drawn))
        _print(objective_table(bench, drawn))
        _print(before_after_table(bench, drawn))
        _print("Seconds:", *(f"- {step}: {took:.0f}" for step, took in bench.seconds().items()))


def _arguments() -> argparse.Namespace:
    layout = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=layout)
    parser.add_argument("benchmark")
    parser.add_argument("work", type=Path)
    parser.add_argument("--tier", default="")
    parser.add_argument("--queries", type=Path)
    parser.add_argument("--skills", type=int, default=DEFAULTS.skills, help="0: the whole pool")
    parser.add_argument("--limit", type=int, default=DEFAULTS.training, help="training queries")
    parser.add_argument("--held-out", type=int, default=DEFAULTS.held_out, help="of FILE, asked")
    return parser.parse_args()


def body_table(bench: Bench, source: Path, tier: str) -> list[str]:
    """Return the first ablation's table: what both stages lose without bodies."""
    full, bare = (bench.asked_whole(source, tier, body=body) for body in (True, False))
    return [
        "## 1. Body",
        "",
        *HEAD,
        *lines(
            Side("name, description and body", full.tasks),
            Side("name and description", bare.tasks),
        ),
    ]


def filter_table(bench: Bench, drawn: Drawn) -> list[str]:
    """Return the second one's: encoders asked alone, their negatives filtered or not."""
    runs = (bench.both(), bench.unfiltered())
    pair = [bench.asked(run.name, dense()) for run in runs]
    names = ("filtered", "unfiltered")
    notes = [
        f"{name}: {mined(run, TrainKind.ENCODER)}" for name, run in zip(names, runs, strict=True)
    ]
    return ["## 2. False-negative filter", "", *_by_group(drawn, names, pair), *notes]


def objective_table(bench: Bench, drawn: Drawn) -> list[str]:
    """Return the third one's: what each reranker's own score makes of stage 1's candidates.

    Then both stages as they answer, the score beside BM25, cosine and wording by fitted weights.
    """
    runs = (bench.both(), bench.pointwise())
    pair = [bench.asked(run.name) for run in runs]
    alone, beside = ("listwise", "pointwise"), ("listwise, all", "pointwise, all")
    notes = [
        f"{name}: {mined(run, TrainKind.RERANKER)}" for name, run in zip(alone, runs, strict=True)
    ]
    return [
        "## 3. Objective",
        "",
        *_by_group(drawn, alone, [by_text(one) for one in pair]),
        *_by_group(drawn, beside, pair),
        *notes,
    ]


def before_after_table(bench: Bench, drawn: Drawn) -> list[str]:
    """Return what training made of the base, beside the shipped pair."""
    run, start = bench.both(), str(bench.start)
    asked = {
        "trained": bench.asked(run.name),
        "base, cosine alone": bench.asked(start, dense()),
        "base and BM25": bench.asked(start, RouteOptions(rerank=False)),
        "shipped": bench.asked(bench.shipped),
    }
    return [
        "## 4. Before and after",
        "",
        *_by_group(drawn, tuple(asked), list(asked.values())),
        f"trained: {dict(run.counts)}",
        *run.notes,
    ]


def mined(run: TrainingRun, part: TrainKind) -> str:
    """Return what a run's negatives are, and what the filter took out, in a line."""
    steps, report = run.reports[part.value], run.mining.get(part.value)
    told = f"{steps.steps} steps, loss {steps.first_loss:.3f} to {steps.last_loss:.3f}"
    if report is None:  # it was given another run's
        return told
    negatives, out = sum(report.negatives.values()), dict(report.filtered)
    return f"{report.queries} queries, {negatives} negatives, taken out {out}; {told}"


def _by_group(drawn: Drawn, names: Iterable[str], made: list[Evaluation]) -> list[str]:
    """Return one table for each group of queries: the benchmark's, and held-out written ones."""
    written = {one.query.strip() for one in drawn.held_out}
    fresh = [one for one in drawn.held_out if one.held_out]
    groups = {"the benchmark's": [t for t in made[0].tasks if t.query.strip() not in written]}
    if drawn.held_out:
        groups["held-out"] = of_queries(made[0], drawn.held_out)
    if 0 < len(fresh) < len(drawn.held_out):
        groups["held-out, none trained the shipped networks"] = of_queries(made[0], fresh)
    rows = []
    for name, tasks in groups.items():
        ids = {task.task_id for task in tasks}
        sides = [
            Side(side, [task for task in one.tasks if task.task_id in ids])
            for side, one in zip(names, made, strict=True)
        ]
        rows += [f"Queries: {name} ({len(tasks)}).", "", *HEAD, *lines(*sides), ""]
    return rows


def counts(drawn: Drawn, source: Path, tier: str) -> str:
    """Return how much is asked, trained on and searched, in a line."""
    whole, tasks = load_pool(source, tier), load_benchmark(drawn.folder).tasks
    clean = sum(unseen(one.skill.skill_id.partition("/")[2]) for one in drawn.held_out)
    return (
        f"{source.resolve().name}, {tier}: {len(whole)} skills, drawn "
        f"{len(load_pool(drawn.folder, tier))}; {len(tasks)} tasks; {len(drawn.training)} training "
        f"queries; {len(drawn.held_out)} held out, {clean} of them unseen by the shipped networks"
    )


def machine() -> str:
    """Return this machine's processor and how many cores may be used."""
    model = platform.processor() or platform.machine()
    if CPUINFO.exists():
        named = (line for line in CPUINFO.read_text().splitlines() if line.startswith("model name"))
        model = next(named, f": {model}").partition(":")[2].strip()
    return f"{model}, {len(os.sched_getaffinity(0))} of {os.cpu_count()} cores"


def _print(*parts: str | list[str]) -> None:
    for part in parts:
        print(part if isinstance(part, str) else "\n".join(part))
    print(flush=True)


if __name__ == "__main__":
    main()
