"""`skillrouter mine` and `skillrouter train`.

Responsible for their arguments and what they print. Must not know how a negative is mined or a
network trained.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from skillrouter_core.cli.console import Console, duration, plain, table
from skillrouter_core.cli.options import Commands, add_json, add_profile, command, positive
from skillrouter_core.errors import Cancelled, UsageError
from skillrouter_core.records.training import (
    Method,
    MiningOptions,
    MiningReport,
    Objective,
    TrainConfig,
    TrainingPlan,
    TrainingRun,
    TrainKind,
    TrainOptions,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

RESUME = "resume"
DEFAULTS = TrainOptions(TrainKind.ENCODER)
HYPERPARAMETERS = ("learning_rate", "batch_size", "accumulation", "epochs", "method")

EPILOG = """\
A run lies in models/NAME of the workspace: its exact labels, losses and settings beside the
trained models. It learns from agreed labels, saved queries with expected skills, and queries
generated for a sample of skills; what is held out never enters it. Stopped or killed, it goes
on with `skillrouter train resume --name NAME` and ends with the same weights.
"""


def register(commands: Commands) -> None:
    """Add both commands."""
    layout = {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = command(
        commands, "mine", run_mine, "collect labels and mine hard negatives, and report", **layout
    )
    _add_data(parser)
    parser = command(
        commands, "train", run_train, "train an encoder, a reranker or both from labels", **layout
    )
    parser.add_argument("what", choices=[*(kind.value for kind in TrainKind), RESUME])
    _add_data(parser)
    _add_network(parser)
    parser.add_argument(
        "--plan", action="store_true", help="say what the run would use and need, and stop"
    )


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--name", default="", metavar="NAME", help="the run's name")
    parser.add_argument(
        "--generate",
        type=int,
        default=DEFAULTS.generated,
        metavar="N",
        help="write queries for N sampled skills (default: %(default)s)",
    )
    parser.add_argument(
        "--generator",
        default=DEFAULTS.generator,
        metavar="G",
        help="who writes them: description (default), or an instruct model's folder or hub id",
    )
    parser.add_argument(
        "--no-filter",
        dest="filtered",
        action="store_false",
        help="leave the false-negative filter out, to show what it is worth",
    )
    parser.add_argument(
        "--shared-answers",
        action="store_true",
        help="also train on skills that held-out queries ask for (a benchmark's never)",
    )
    parser.add_argument("--seed", type=int, default=DEFAULTS.seed, help="default: %(default)s")
    add_profile(parser)
    add_json(parser)


def _add_network(parser: argparse.ArgumentParser) -> None:
    """Add hyperparameters; those not given are the recipe's for the profile's models."""
    parser.add_argument("--learning-rate", type=float, metavar="X")
    parser.add_argument("--batch-size", type=positive, metavar="N", help="pairs or lists at a time")
    parser.add_argument("--accumulation", type=positive, metavar="N", help="batches a step")
    parser.add_argument("--epochs", type=positive, metavar="N")
    parser.add_argument("--method", choices=[method.value for method in Method])
    parser.add_argument(
        "--list-size",
        type=positive,
        default=DEFAULTS.list_size,
        metavar="K",
        help="candidates a reranker's list has (default: %(default)s)",
    )
    parser.add_argument(
        "--pointwise",
        action="store_true",
        help="train the reranker on pairs alone, the paper's ablation",
    )


def run_mine(args: argparse.Namespace, console: Console) -> int:
    """Prepare a run and print what was mined."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        options = _options(workspace, args, TrainKind.ENCODER)
        name = args.name or workspace.training.new_name(options.kind)
        run = workspace.training.prepare(name, options, console.progress)
    if args.json:
        console.document(_document(run))
    else:
        console.say(*_counts(run.counts), "", *mining_lines(run.mining["encoder"]), "")
        console.say(f"Kept as {run.name}. Train: skillrouter train resume --name {run.name}")
    return 0


def run_train(args: argparse.Namespace, console: Console) -> int:
    """Train, go on with a run, or only say what a run would use."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        options = None if args.what == RESUME else _options(workspace, args, TrainKind(args.what))
        if args.plan:
            return _plan(workspace, args, options, console)
        if options is None and not args.name:
            raise UsageError("name the run to go on with: --name NAME")
        name = args.name or workspace.training.new_name(TrainKind(args.what))
        console.note(f"The run is called {name}")
        try:
            run = workspace.training.train(name, options, console.progress)
        except Cancelled as error:
            console.note(f"{error}; go on with: skillrouter train resume --name {name}")
            return 1
    if args.json:
        console.document(_document(run))
    else:
        console.say(*run_lines(run))
    return 0


def _options(workspace: Workspace, args: argparse.Namespace, kind: TrainKind) -> TrainOptions:
    if args.generate < 0:
        raise UsageError(f"--generate {args.generate}; give 0 or more")
    options = TrainOptions(
        kind,
        profile=args.profile,
        mining=MiningOptions(filtered=args.filtered),
        generated=args.generate,
        generator=args.generator,
        shared_answers=args.shared_answers,
        seed=args.seed,
    )
    given = {name: value for name in HYPERPARAMETERS if (value := getattr(args, name, None))}
    configs = {part: _config(workspace, options, part, given) for part in options.parts if given}
    return replace(
        options,
        encoder=configs.get(TrainKind.ENCODER),
        reranker=configs.get(TrainKind.RERANKER),
        list_size=getattr(args, "list_size", options.list_size),
        objective=Objective.POINTWISE if getattr(args, "pointwise", False) else options.objective,
    )


def _config(
    workspace: Workspace, options: TrainOptions, part: TrainKind, given: Mapping[str, Any]
) -> TrainConfig:
    changes = {**given, "method": Method(given.get("method", Method.FULL))}
    return replace(workspace.training.recipe(options.profile, part), **changes)


def _plan(
    ws: Workspace, args: argparse.Namespace, options: TrainOptions | None, console: Console
) -> int:
    plan = ws.training.plan(options or ws.training.run(args.name).options)
    if args.json:
        console.document(plan)
    else:
        console.say(*plan_lines(plan))
    return int(not plan.ready)


def plan_lines(plan: TrainingPlan) -> list[str]:
    """Return what a run would use, what it needs, and what it lacks."""
    rows: list[Sequence[str]] = [("labels", "side", "queries", "right", "related", "wrong")]
    for one in plan.labels:
        numbers = (one.queries, one.right, one.related, one.wrong)
        rows.append((one.source, one.split, *map(str, numbers)))
    lines = [*table(rows, right=frozenset(range(2, 6))), ""]
    lines.append(
        f"{plan.queries} queries to train on: {plan.pairs} pairs ({plan.generated} generated), "
        f"{plan.lists} lists at most"
    )
    lines += [f"left out: {count} queries: {why}" for why, count in plan.left_out.items()]
    lines += [f"{steps} steps for the {part}" for part, steps in plan.steps.items()]
    lines.append(f"about {plan.memory_bytes / 1e9:.1f} GB of memory")
    if plan.minutes is not None:
        lines.append(f"about {duration(plan.minutes * 60)}, from {plan.minutes_from}")
    lines += plan.notes
    return lines + [f"cannot start: {reason}" for reason in plan.missing]


def mining_lines(report: MiningReport) -> list[str]:
    """Return where negatives came from and what the filter took out."""
    rows = [("negatives", "count"), *((name, str(n)) for name, n in report.negatives.items())]
    lines = table(rows, right=frozenset([1]))
    removed = ", ".join(f"{layer} {count}" for layer, count in report.filtered.items())
    lines.append(f"false negatives removed: {removed} ({report.filtered_share:.1%} of those drawn)")
    for what, counts in (("short of", report.shortfalls), ("filled from", report.filled)):
        lines += [f"{what} {name}: {count}" for name, count in counts.items()]
    lines += [f"{count} left out: {why}" for why, count in report.dropped.items()]
    for count, text in (
        (report.short, "queries with fewer negatives than asked for"),
        (report.related, "judged related, taken as hard negatives"),
        (report.contradicted, "judged wrong, but near-copies of a right answer: left out"),
    ):
        if count:
            lines.append(f"{count} {text}")
    return lines


def run_lines(run: TrainingRun) -> list[str]:
    """Return what a finished run did, and what can be done with it."""
    lines = _counts(run.counts)
    for part, report in run.reports.items():
        lines += ["", f"{part}:", *(mining_lines(run.mining[part]) if part in run.mining else [])]
        lines.append(
            f"{report.steps} steps, loss {report.first_loss:.3f} to {report.last_loss:.3f}"
        )
    name = plain(run.name)
    return [
        *lines,
        "",
        *map(plain, run.notes),
        f"{name} took {duration(run.seconds)} and lies in {plain(str(run.folder))}",
        f"Try it with --profile {name}; let it answer with: skillrouter models promote {name}",
    ]


def _counts(counts: Mapping[str, int]) -> list[str]:
    return table([(name, str(count)) for name, count in counts.items()], right=frozenset([1]))


def _document(run: TrainingRun) -> dict[str, Any]:
    from skillrouter_core.workspace.training_runs import run_values

    return {**run_values(run), "folder": str(run.folder)}
