"""`skillrouter import` and `skillrouter index`.

Responsible for their arguments and what they print. Must not know how a source is read or
an index built: that is the workspace's business.
"""

from __future__ import annotations

import argparse

from skillrouter_core.cli.console import Console, duration, plain
from skillrouter_core.cli.held import discard_held, held_lines, index_json, publish_held
from skillrouter_core.cli.options import Commands, add_json, add_profile, command
from skillrouter_core.records import ImportIssue, SyncReport

ISSUES_SHOWN = 20
"""How many repaired or left-out files the text output names; `--json` names all."""

OTHER_VECTORS = (
    "The index holds the vectors of another model than the one that answers: every text is "
    "embedded anew. Until then BM25 answers alone."
)

SOURCES = """\
SOURCE is a folder of skills, a .zip, a .jsonl or .jsonl.gz file, a folder of such shards,
a git URL, or one of: demo, claude, codex, hermes, openclaw (the skills of that agent).
Importing a source again brings its catalog up to date.
"""

HELD = """\
Where the new index would break a saved query whose first answer is an expected one today, it is
held back: the old one goes on answering, the queries are listed, and the exit code is 1.
"""


def register(commands: Commands) -> None:
    """Add both commands."""
    parser = command(
        commands,
        "import",
        run_import,
        "read skills from a source into a catalog",
        epilog=SOURCES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("source", metavar="SOURCE", help="what to read, see below")
    parser.add_argument("--name", metavar="N", help="the catalog's name (default: the source's)")
    add_json(parser)

    parser = command(
        commands,
        "index",
        run_index,
        "embed what changed and rebuild the indexes; resumable",
        epilog=HELD,
    )
    held = parser.add_mutually_exclusive_group()
    held.add_argument(
        "--publish-held",
        action="store_true",
        help="publish the index that is held back, whatever breaks; built anew where the "
        "catalog has changed since",
    )
    held.add_argument(
        "--discard-held",
        action="store_true",
        help="throw away the index that is held back; the old one goes on answering",
    )
    add_profile(parser)
    add_json(parser)


def run_import(args: argparse.Namespace, console: Console) -> int:
    """Import a source; bad files are listed, they do not make the command fail."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        report = workspace.catalogs.sync(args.source, args.name, listener=console.progress)
    if args.json:
        console.document(sync_json(report))
    else:
        console.say(*sync_lines(report))
    return 0


def sync_json(report: SyncReport) -> dict[str, object]:
    """Return the counts and every issue of an import."""
    return {
        "catalog": report.catalog,
        "skills": report.total,
        "added": report.added,
        "changed": report.changed,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "issues": report.issues,
    }


def sync_lines(report: SyncReport) -> list[str]:
    """Return the counts and the first issues of an import as lines."""
    lines = [
        f"Catalog {plain(report.catalog)}: {report.total:,} skills "
        f"({report.added:,} added, {report.changed:,} changed, {report.removed:,} removed, "
        f"{report.unchanged:,} unchanged)"
    ]
    if not report.issues:
        return lines
    left_out = sum(not issue.imported for issue in report.issues)
    repaired = len(report.issues) - left_out
    lines.append(f"{repaired:,} problems repaired, {left_out:,} files left out:")
    lines += [f"  {issue_line(issue)}" for issue in report.issues[:ISSUES_SHOWN]]
    more = len(report.issues) - ISSUES_SHOWN
    if more > 0:
        lines.append(f"  and {more:,} more; --json lists all")
    return lines


def issue_line(issue: ImportIssue) -> str:
    """Return file, line, reason and what became of the file."""
    where = issue.path if issue.line is None else f"{issue.path}:{issue.line}"
    fate = "" if issue.imported else " (left out)"
    return f"{plain(where)}: {plain(issue.reason)}{fate}"


def run_index(args: argparse.Namespace, console: Console) -> int:
    """Build the indexes of one profile over every catalog; 1 where the new one is held back."""
    from skillrouter_core.workspace import Workspace

    with Workspace.open() as workspace:
        if args.discard_held:
            return discard_held(workspace, args, console)
        if args.publish_held:
            publish_held(workspace, args.profile, console)
        if workspace.indexing.status(args.profile).other_vectors:
            console.note(OTHER_VECTORS)
        report = workspace.indexing.build(listener=console.progress, profile=args.profile)
        broken = workspace.suites.broken(report.held.runs) if report.held else ()
    if args.json:
        console.document(index_json(report, broken))
    elif report.held is None:
        console.say(
            f"Index {plain(args.profile)}: {report.skills:,} skills, "
            f"{report.embedded:,} texts embedded anew, {duration(report.seconds)}"
        )
    else:
        console.say(*held_lines(report.held, broken))
    return 0 if report.held is None else 1
