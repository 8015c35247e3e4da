"""`skillrouter dedup`: the whole catalog, or new skills at the gate.

Responsible for its arguments and for choosing the format. Must not know how near-copies are
found, nor how a report is laid out: `cli.duplicate_lines` and the workspace do.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.cli.console import Console
from skillrouter_core.cli.duplicate_lines import check_json, check_lines, note_lines, report_lines
from skillrouter_core.cli.options import (
    Commands,
    add_json,
    add_profile,
    command,
    fraction,
    positive,
)
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Thresholds

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

TABLE, JSON, SARIF = "table", "json", "sarif"
FORMATS = (TABLE, JSON, "csv", "markdown", "script", SARIF)
CHECK_FORMATS = (TABLE, JSON, SARIF)
SHOWN = 20

EPILOG = """\
Without --check, all skills of the workspace are compared, unless nothing changed since the
last time; no model is loaded. With --check, new or changed skills are held against them:
exit 1 when one is a near-copy that was not there before. The format script prints a shell
script that removes nothing unless it is run with --apply.
"""


def register(commands: Commands) -> None:
    """Add the command."""
    limits = Thresholds()
    parser = command(
        commands,
        "dedup",
        run_dedup,
        "find near-duplicate skills, or check new ones before they are added",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--check",
        nargs="+",
        type=Path,
        metavar="PATH",
        help="SKILL.md files or folders to check, instead of the whole catalog",
    )
    parser.add_argument("--format", choices=FORMATS, help=f"how to print (default: {TABLE})")
    add_json(parser)
    for name, value, what in (
        ("jaccard", limits.jaccard, "body trigrams"),
        ("cosine", limits.cosine, "embedding"),
    ):
        parser.add_argument(
            f"--{name}",
            type=fraction,
            default=value,
            metavar="X",
            help=f"near-copies are above this, by {what} (default: {value:g})",
        )
    parser.add_argument(
        "--limit",
        type=positive,
        metavar="N",
        help=f"groups in the table (default: {SHOWN}); with --check, nearest skills a layer (5)",
    )
    _add_check(parser)
    add_profile(parser)


def _add_check(parser: argparse.ArgumentParser) -> None:
    """Add what makes sense with `--check` alone."""
    parser.add_argument(
        "--catalog",
        default="",
        metavar="NAME",
        help="with --check: PATH is a working copy of this catalog, so its skills replace theirs",
    )
    parser.add_argument(
        "--strict",
        action="store_true",
        help="with --check: unchanged skills too, and near-copies that were there before",
    )
    parser.add_argument(
        "--no-queries",
        dest="queries",
        action="store_false",
        help="with --check: leave out which saved queries would change their answer",
    )


def run_dedup(args: argparse.Namespace, console: Console) -> int:
    """Scan the workspace, or check the paths given."""
    from skillrouter_core.workspace import Workspace

    chosen = _format(args)
    with Workspace.open() as workspace:
        if args.check:
            return _check(workspace, args, chosen, console)
        return _report(workspace, args, chosen, console)


def _format(args: argparse.Namespace) -> str:
    if args.json and args.format not in (None, JSON):
        raise UsageError(f"--json and --format {args.format} contradict; leave one out")
    chosen: str = JSON if args.json else args.format or TABLE
    if args.check and chosen not in CHECK_FORMATS:
        raise UsageError(f"--check prints {', '.join(CHECK_FORMATS)}, not {chosen}")
    if not args.check and (args.catalog or args.strict or not args.queries):
        raise UsageError("--catalog, --strict and --no-queries go with --check; name a PATH")
    return chosen


def _report(ws: Workspace, args: argparse.Namespace, chosen: str, console: Console) -> int:
    duplicates, limits = ws.duplicates, Thresholds(args.jaccard, args.cosine)
    if duplicates.stale(args.profile):
        duplicates.scan(console.progress, args.profile)
    if chosen in (TABLE, JSON):
        found = duplicates.report(limits, args.profile)
        console.note(*note_lines(found.notes))
        if chosen == TABLE:
            console.say(*report_lines(found, args.limit or SHOWN))
        else:
            from skillrouter_core.dedup import as_document

            console.document(as_document(found))
        return 0
    console.say(duplicates.export(chosen, limits, args.profile).rstrip("\n"))
    return 0


def _check(ws: Workspace, args: argparse.Namespace, chosen: str, console: Console) -> int:
    from skillrouter_core.workspace.gate import CheckOptions

    options = CheckOptions(
        thresholds=Thresholds(args.jaccard, args.cosine),
        limit=args.limit or CheckOptions().limit,
        catalog=args.catalog,
        strict=args.strict,
        queries=args.queries,
        profile=args.profile,
    )
    found = ws.duplicates.check(args.check, options, console.progress)
    console.note(*found.notes)
    if chosen == JSON:
        console.document(check_json(found))
    elif chosen == SARIF:
        from skillrouter_core.dedup.sarif import check_sarif

        console.say(check_sarif(found).rstrip("\n"))
    else:
        console.say(*check_lines(found))
    return int(found.failed)
