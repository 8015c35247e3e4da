"""`skillrouter label import` and `skillrouter label export`.

Responsible for their arguments and for reports as text. Must not know any file format, nor what
is kept of a file: that is the workspace's business.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.cli.console import Console, plain
from skillrouter_core.cli.options import Commands, add_json, command
from skillrouter_core.records import SavedCounts, Split
from skillrouter_core.records.exchange import (
    ONE_WAY,
    ExportOptions,
    ExportReport,
    ImportOptions,
    ImportReport,
    LabelFormat,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

FAILED = 1
ERRORS_SHOWN = 20
"""How many unusable rows the text output names; `--json` names all."""

FORMATS = """\
formats, by the file's name or --format:
  jsonl, csv    verdicts: query, skill_id, content_hash, grade, annotator, at, seconds, note, ...
                a .csv or .jsonl without skill_id and grade holds queries
  queries       saved queries, as CSV or JSONL (a name such as mine.queries.csv)
  qrels         TREC grades; the queries' texts are in FILE.queries.tsv
  eval-core     a benchmark's folder (or, to import, a .zip): its tasks become a held-out suite
  triplets, listwise
                training data for sentence-transformers; export only
Grades: 3 right, 2 useful, 1 related, 0 wrong, null or "can't tell".
"""


def register(commands: Commands) -> None:
    """Add `label` with its two subcommands."""
    summary = "take queries and labels in from files, or write them"
    parser = commands.add_parser("label", help=summary, description=summary, allow_abbrev=False)
    actions = parser.add_subparsers(title="actions", metavar="ACTION", required=True)
    layout = {"epilog": FORMATS, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = command(
        actions, "import", run_import, "import a file; again changes nothing", **layout
    )
    _add_import(parser)
    parser = command(actions, "export", run_export, "write labels or queries to a file", **layout)
    _add_export(parser)


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a file, a zip or a folder")
    importable = [kind.value for kind in LabelFormat if kind not in ONE_WAY]
    parser.add_argument("--format", choices=importable, help="default: as the file's name says")
    parser.add_argument(
        "--suite",
        default="",
        metavar="NAME",
        help="where queries go that the file puts nowhere (default: the file's name)",
    )
    parser.add_argument(
        "--annotator", default="", metavar="NAME", help="whose the verdicts are that name nobody"
    )
    parser.add_argument("--author", default="", metavar="NAME", help="who saves the queries")
    parser.add_argument(
        "--held-out", action="store_true", help="of queries: measure with them, never train"
    )
    parser.add_argument(
        "--strict", action="store_true", help="all or nothing: exit 1 where any row is unusable"
    )
    add_json(parser)


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a file, or a new folder")
    parser.add_argument(
        "--format",
        choices=[kind.value for kind in LabelFormat],
        help="default: as the file's name says",
    )
    parser.add_argument(
        "--split",
        choices=[side.value for side in Split],
        help="one side only (default: both; held-out for eval-core, train for training data)",
    )
    parser.add_argument("--suite", metavar="NAME", help="queries of this suite only")
    parser.add_argument(
        "--all",
        dest="every",
        action="store_true",
        help="every verdict not taken back (jsonl, csv) instead of the one grade people agree on",
    )
    add_json(parser)


def run_import(args: argparse.Namespace, console: Console) -> int:
    """Import a file; unusable rows are listed, they fail the command only with `--strict`."""
    from skillrouter_core.workspace import Workspace

    options = ImportOptions(
        format=LabelFormat(args.format) if args.format else None,
        suite=args.suite,
        annotator=args.annotator,
        author=args.author,
        held_out=args.held_out,
        strict=args.strict,
    )
    with Workspace.open() as workspace:
        report = workspace.exchange.import_file(args.file, options)
    if args.json:
        console.document(import_json(report))
    else:
        console.note(*report.notes)
        console.say(*import_lines(report))
    return 0 if report.stored else FAILED


def import_json(report: ImportReport) -> dict[str, Any]:
    """Return the counts and every unusable row of an import."""
    return {
        "format": report.format.value,
        "stored": report.stored,
        "labels": report.verdicts,
        "queries": report.queries,
        "errors": report.errors,
        "notes": report.notes,
    }


def import_lines(report: ImportReport) -> list[str]:
    """Return the counts and the first unusable rows of an import as lines."""
    lines = []
    if not report.stored:
        lines.append("Nothing was imported.")
    if report.stored and any(_counts(report.verdicts)):
        added, _, unchanged = _counts(report.verdicts)
        lines.append(f"Labels: {added:,} added, {unchanged:,} there already.")
    if report.stored and any(_counts(report.queries)):
        added, updated, unchanged = _counts(report.queries)
        lines.append(f"Queries: {added:,} added, {updated:,} changed, {unchanged:,} there already.")
    if report.errors:
        rows = "1 row" if len(report.errors) == 1 else f"{len(report.errors):,} rows"
        lines.append(f"{rows} left out:")
        lines += [f"  {plain(str(error))}" for error in report.errors[:ERRORS_SHOWN]]
    more = len(report.errors) - ERRORS_SHOWN
    if more > 0:
        lines.append(f"  and {more:,} more; --json lists all")
    return lines


def _counts(counts: SavedCounts) -> Sequence[int]:
    return counts.added, counts.updated, counts.unchanged


def run_export(args: argparse.Namespace, console: Console) -> int:
    """Write an export; what was left out is said on standard error."""
    from skillrouter_core.labelling.exchange.formats import format_of
    from skillrouter_core.workspace import Workspace

    kind = LabelFormat(args.format) if args.format else format_of(args.file.name)
    options = ExportOptions(
        format=kind,
        split=Split(args.split) if args.split else None,
        suite=args.suite,
        every=args.every,
    )
    with Workspace.open() as workspace:
        report = workspace.exchange.export(args.file, options, console.progress)
    if args.json:
        console.document(export_json(report))
    else:
        console.note(*report.notes)
        console.say(*export_lines(report))
    return 0


def export_json(report: ExportReport) -> dict[str, Any]:
    """Return what was written and how much is in it."""
    return {
        "format": report.format.value,
        "files": report.files,
        "queries": report.queries,
        "labels": report.labels,
        "notes": report.notes,
    }


def export_lines(report: ExportReport) -> list[str]:
    """Return what was written as lines, a file each after the counts."""
    queries = "1 query" if report.queries == 1 else f"{report.queries:,} queries"
    labels = "1 label" if report.labels == 1 else f"{report.labels:,} labels"
    held = f"{labels} of {queries}" if report.labels else queries
    return [f"{held}, as {report.format}:", *(f"  {plain(str(file))}" for file in report.files)]
