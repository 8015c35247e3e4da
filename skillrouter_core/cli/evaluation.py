"""`skillrouter evaluate` and `skillrouter score`.

Responsible for their arguments and for reports as text. Must not know a metric's formula.
`score` needs neither a model nor a workspace.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.cli.console import Console, plain, table
from skillrouter_core.cli.options import Commands, add_json, add_routing, command, route_options
from skillrouter_core.errors import UsageError

if TYPE_CHECKING:
    from skillrouter_core.evaluate import TierReport

SHOWN = ("Hit@1", "MRR@10", "nDCG@10", "Recall@20", "Recall@50", "FullCoverage@10")
"""The metrics of the text output; `--json` has all."""


def register(commands: Commands) -> None:
    """Add both commands."""
    layout = "a folder with tasks.jsonl, relevance.json and a folder for each tier"
    parser = command(
        commands, "evaluate", run_evaluate, "route a benchmark's queries and score both stages"
    )
    parser.add_argument("benchmark", metavar="BENCHMARK", type=Path, help=layout)
    parser.add_argument(
        "--tier", action="append", metavar="T", help="a tier; may be repeated (default: all)"
    )
    add_routing(parser)
    parser.add_argument(
        "--predictions",
        type=Path,
        metavar="OUT",
        help="write the final rankings as JSON; with several tiers as OUT.<tier>.json each",
    )
    add_json(parser)

    parser = command(commands, "score", run_score, "score any system's predictions")
    parser.add_argument(
        "predictions",
        metavar="PREDICTIONS",
        type=Path,
        help="JSON: task id -> [skill id, ...], best first",
    )
    parser.add_argument("benchmark", metavar="BENCHMARK", type=Path, help=layout)
    parser.add_argument("--tier", required=True, metavar="T", help="the tier predicted for")
    parser.add_argument(
        "--missing-as-wrong",
        action="store_true",
        help="count a task without a prediction as wrong instead of skipping it",
    )
    add_json(parser)


def run_evaluate(args: argparse.Namespace, console: Console) -> int:
    """Evaluate the router on every tier asked for."""
    from skillrouter_core.workspace import Workspace

    out: Path | None = args.predictions
    if out is not None and not out.absolute().parent.is_dir():
        raise UsageError(f"{out.parent} is not a folder, so {out.name} cannot be written there.")
    with Workspace.open() as workspace:
        reports = workspace.evaluation.run(
            args.benchmark,
            tiers=args.tier,
            options=route_options(args),
            listener=console.progress,
        )
    for report in reports:
        console.note(*(f"{report.tier}: {message}" for message in report.messages))
    if out is not None:
        _save(out, reports, console)
    merged: dict[str, Any] = {}
    for report in reports:
        merged |= report.as_json()
    if args.json:
        console.document(merged)
    else:
        console.say(*evaluation_lines(merged))
    return 0


def _save(out: Path, reports: Sequence[TierReport], console: Console) -> None:
    from skillrouter_core.benchmark import save_predictions

    for report in reports:
        path = out if len(reports) == 1 else out.with_name(f"{out.stem}.{report.tier}.json")
        save_predictions(path, report.predictions)
        console.note(f"{report.tier}: predictions written to {path}")


def run_score(args: argparse.Namespace, console: Console) -> int:
    """Score a predictions file; what was skipped is said on standard error."""
    from skillrouter_core.benchmark import load_benchmark, load_predictions, read_pool
    from skillrouter_core.evaluate import score_predictions

    benchmark = load_benchmark(args.benchmark)
    predictions = load_predictions(args.predictions)
    pool = read_pool(args.benchmark, args.tier)
    report = score_predictions(
        predictions, benchmark, pool.ids, missing_as_wrong=args.missing_as_wrong
    )
    console.note(*benchmark.notes, *report.messages)
    if args.json:
        console.document({args.tier: report.as_json()})
    else:
        rows = [_header("tier"), *_strata(args.tier, report.as_json())]
        console.say(*_aligned(rows))
    return 0


def evaluation_lines(merged: Mapping[str, Any]) -> list[str]:
    """Return the reports of all tiers as one table, then each tier's gain and latency."""
    rows = [_header("tier, stage")]
    for tier, report in merged.items():
        for stage in ("retrieval", "pipeline"):
            rows += _strata(f"{tier}, {stage}", report[stage])
    lines = [*_aligned(rows), ""]
    for tier, report in merged.items():
        gain, latency = report["stage2_gain"], report["latency_ms"]
        low, high = gain["ci95"]
        lines.append(
            f"{plain(tier)}: stage 2 changes Hit@1 by {gain['difference']:+.3f} "
            f"[{low:+.3f}, {high:+.3f}] ({gain['fixed']} fixed, {gain['spoiled']} spoiled); "
            f"a query takes {latency['p50']:.0f} ms (p50), {latency['p95']:.0f} ms (p95)"
        )
    return lines


def _header(first: str) -> tuple[str, ...]:
    return (first, "tasks", "count", "Hit@1 [95%]", *SHOWN[1:])


def _strata(label: str, strata: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, ...]]:
    return [
        (
            plain(label),
            stratum,
            str(summary["count"]),
            _hit(summary),
            *(_number(summary[name]) for name in SHOWN[1:]),
        )
        for stratum, summary in strata.items()
    ]


def _hit(summary: Mapping[str, Any]) -> str:
    interval = summary["Hit@1_ci95"]
    hit = _number(summary["Hit@1"])
    return hit if interval is None else f"{hit} [{interval[0]:.3f}, {interval[1]:.3f}]"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    return table(rows, right=frozenset(range(2, len(rows[0]))))
