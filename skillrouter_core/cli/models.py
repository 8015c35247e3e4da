"""`skillrouter models`: what there is, which answers, promote, roll back, measure, export.

Responsible for the arguments and what is printed. Must not know how a model is swapped or
measured: that is the workspace's business.
"""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.cli.console import Console, duration, plain, shorten, table
from skillrouter_core.cli.held import held_json, held_lines
from skillrouter_core.cli.options import Commands, add_json, command
from skillrouter_core.errors import UsageError
from skillrouter_core.records import RouteOptions

if TYPE_CHECKING:
    from skillrouter_core.registry import Promotion
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.promoting import Promoted
    from skillrouter_core.workspace.registry import ModelInfo

HELD = 1
FIGURE = "Hit@1"
NONE = "-"
SINCE_WIDTH = 16

PROMOTE = """\
Its vectors are made beside those in use, the saved queries are asked, and index and models are
swapped in one step; a running app needs no restart. Where a saved query would break that is right
today, the new index is held back, the queries are listed, and the exit code is 1.
"""


def register(commands: Commands) -> None:
    """Add `models` with its subcommands."""
    summary = "list, promote, roll back, measure and export trained models"
    parser = commands.add_parser("models", help=summary, description=summary, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    parser = command(
        actions, "list", run_list, "every model that can answer, and what was promoted"
    )
    add_json(parser)
    parser = command(actions, "show", run_show, "one model's card: training, figures, licence")
    _add_name(parser)
    add_json(parser)
    parser = command(actions, "promote", run_promote, "let a model answer", epilog=PROMOTE)
    _add_name(parser)
    _add_change(parser)
    parser = command(actions, "rollback", run_rollback, "let the model before answer again")
    _add_change(parser)
    parser = command(actions, "measure", run_measure, "measure a model against those in use")
    _add_name(parser)
    parser.add_argument(
        "--benchmark",
        default="labels",
        metavar="B",
        help="a benchmark's folder, or demo (default: this workspace's held-out queries)",
    )
    parser.add_argument("--tier", default="", metavar="T", help="which tier, where it has several")
    add_json(parser)
    parser = command(actions, "delete", run_delete, "delete a model that nothing needs")
    _add_name(parser)
    parser = command(actions, "export", run_export, "write a model as plain transformers folders")
    _add_name(parser)
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="a folder that is not there")


def _add_name(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="MODEL", help="a trained model's name, or shipped")


def _add_change(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--profile",
        default=RouteOptions().profile,
        metavar="NAME",
        help="the built-in profile it answers for (default: %(default)s)",
    )
    parser.add_argument(
        "--author", default="", metavar="NAME", help="who does it (default: your user name)"
    )
    add_json(parser)


def run_list(args: argparse.Namespace, console: Console) -> int:
    """List the models, and who promoted which."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        models, history = workspace.registry.models(), workspace.registry.history()
        damaged = workspace.registry.damaged()
    for one in damaged:
        console.note(f"{plain(one.name)} is not in the list: {plain(one.message)}")
    if args.json:
        console.document(
            {
                "models": [model_json(one) for one in models],
                "promotions": [promotion_json(one) for one in history],
            }
        )
    else:
        console.say(*list_lines(models, history))
    return 0


def run_show(args: argparse.Namespace, console: Console) -> int:
    """Show a model's card."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        model, card = workspace.registry.model(args.name), workspace.registry.card(args.name)
    if args.json:
        console.document(model_json(model) | {"run": model.run, "metrics": model.metrics})
    else:
        console.say(*map(_line, card.splitlines()))
    return 0


def run_promote(args: argparse.Namespace, console: Console) -> int:
    """Promote a model; 1 where it is held back."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        made = workspace.registry.promote(args.name, _author(args), console.progress, args.profile)
        return _tell(workspace, made, args, console)


def run_rollback(args: argparse.Namespace, console: Console) -> int:
    """Roll back; 1 where texts have changed too and that is held back."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        made = workspace.registry.rollback(_author(args), console.progress, args.profile)
        return _tell(workspace, made, args, console)


def run_measure(args: argparse.Namespace, console: Console) -> int:
    """Measure a model and keep the figures with it."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        metrics = workspace.registry.measure(
            args.name, console.progress, source=args.benchmark, tier=args.tier
        )
    if args.json:
        console.document(metrics)
    else:
        console.say(*measure_lines(args.name, metrics))
    return 0


def run_delete(args: argparse.Namespace, console: Console) -> int:
    """Delete a model; one that answers, or that a rollback goes to, is refused."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        workspace.registry.delete(args.name)
    console.say(f"{plain(args.name)} is deleted.")
    return 0


def run_export(args: argparse.Namespace, console: Console) -> int:
    """Write a model's folders."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        written = workspace.registry.export(args.name, args.folder)
    console.say(f"{plain(args.name)} is written to {plain(str(written))}.")
    return 0


def model_json(model: ModelInfo) -> dict[str, object]:
    """Return what the list tells of a model."""
    return {
        "name": model.name,
        "encoder": model.encoder,
        "reranker": model.reranker,
        "preset": model.preset,
        "answers_for": list(model.answers_for),
        "created_at": model.created_at.isoformat() if model.created_at else None,
        "bytes": model.bytes,
        "measured": {row["name"]: row for row in model.metrics.get("rows", ())},
    }


def promotion_json(promotion: Promotion) -> dict[str, object]:
    """Return one line of the history; the profile's own models are called shipped."""
    from skillrouter_core.registry import SHIPPED

    return {
        "profile": promotion.profile,
        "model": promotion.model or SHIPPED,
        "previous": promotion.previous or SHIPPED,
        "author": promotion.author,
        "at": promotion.at.isoformat(),
    }


def list_lines(models: tuple[ModelInfo, ...], history: tuple[Promotion, ...]) -> list[str]:
    """Return the models as a table, and the history below, oldest first."""
    rows = [("model", "answers for", "made", "MB", f"{FIGURE} before", "after")]
    for model in models:
        measured: Mapping[str, Mapping[str, str]] = {
            row["name"]: row for row in model.metrics.get("rows", ())
        }
        row = measured.get(FIGURE, {})
        rows.append(
            (
                plain(model.name),
                ", ".join(model.answers_for) or NONE,
                f"{model.created_at:%Y-%m-%d %H:%M}" if model.created_at else NONE,
                f"{model.bytes / 1e6:.1f}" if model.bytes else NONE,
                plain(str(row.get("before", NONE))),
                plain(str(row.get("after", NONE))),
            )
        )
    lines = table(rows, right=frozenset({3}))
    for one in map(promotion_json, history):
        said = f"{str(one['at'])[:SINCE_WIDTH]}  {one['profile']}: {one['previous']} -> "
        lines.append(plain(f"{said}{one['model']}, by {shorten(str(one['author']), 40)}"))
    return lines


def measure_lines(name: str, metrics: Mapping[str, Any]) -> list[str]:
    """Return the figures before and after as a table."""
    asked = (
        f"{metrics['tasks']:,} queries of {metrics['benchmark']} over {metrics['pool']:,} skills"
    )
    rows = [("figure", str(metrics["before"]), name, "change [95%]")]
    for row in metrics["rows"]:
        rows.append((row["name"], row["before"], row["after"], row["change"]))
    served = metrics.get("fitted_on", 0)
    told = [f"{served:,} of them served to fit numbers around its networks; each is answered"]
    told += ["by numbers fitted without it"]
    return [plain(asked), *(told if served else ()), *table([tuple(map(plain, r)) for r in rows])]


def _line(text: str) -> str:
    """Return a line of a card with its indent kept and nothing that a terminal acts on."""
    return " " * (len(text) - len(text.lstrip(" "))) + plain(text)


def _author(args: argparse.Namespace) -> str:
    if args.author:
        return str(args.author)
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise UsageError("this system knows no name of yours; give one with --author") from error


def _tell(workspace: Workspace, made: Promoted, args: argparse.Namespace, console: Console) -> int:
    """Say what came of a promotion and return the exit code."""
    broken = workspace.suites.broken(made.held.runs) if made.held else ()
    if args.json:
        document = {
            "profile": made.profile,
            "model": made.model or "shipped",
            "changed": made.changed and made.held is None,
            "embedded": made.embedded,
            "seconds": made.seconds,
            "note": made.note,
        }
        console.document(document | held_json(made.held, broken))
    elif made.held is not None:
        console.say(*held_lines(made.held, broken))
    else:
        console.say(f"{plain(made.summary)}, {duration(made.seconds)}")
    return 0 if made.held is None else HELD
