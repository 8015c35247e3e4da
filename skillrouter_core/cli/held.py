"""What `skillrouter index` says of an index that is held back, and both ways out.

Responsible for the words, the JSON and the two options. Must not know when an index is held
back nor how queries are compared: that is the workspace's business.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from skillrouter_core.cli.console import Console, plain, shorten, table
from skillrouter_core.records.suites import QueryChange, SuiteAnswer

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.holding import HeldIndex
    from skillrouter_core.workspace.indexing import IndexReport
    from skillrouter_core.workspace.suites import Breaks

QUERY_WIDTH, SKILL_WIDTH = 48, 40
QUERIES_SHOWN = 50
"""How many broken queries the text output names; `--json` names all."""

NOTHING = "-"


def publish_held(workspace: Workspace, profile: str, console: Console) -> None:
    """Publish what is held back, or say that it has to be built again."""
    held = workspace.indexing.held(profile)
    if held is not None and held.waiting and held.stale and not held.promotes:
        console.note("The catalog has changed since the index was held back; building it again.")
        return
    workspace.indexing.publish_held(profile)


def discard_held(workspace: Workspace, args: argparse.Namespace, console: Console) -> int:
    """Throw away what is held back and say so."""
    held = workspace.indexing.held(args.profile)
    workspace.indexing.discard_held(args.profile)
    if args.json:
        console.document({"discarded": True})
    elif held is not None and held.promotes:
        console.say(
            f"{plain(held.promotes)} is not promoted; the index {plain(args.profile)} goes on "
            "answering with the models it had."
        )
    else:
        console.say(
            f"Index {plain(args.profile)}: the new one is thrown away; the old one goes on "
            "answering with the texts it was made of. `skillrouter index` builds a new one."
        )
    return 0


def index_json(report: IndexReport, broken: Sequence[Breaks]) -> dict[str, object]:
    """Return what a build did; there is a `held` only where the index was not published."""
    document: dict[str, object] = {
        "skills": report.skills,
        "embedded": report.embedded,
        "seconds": report.seconds,
    }
    return document | held_json(report.held, broken)


def held_json(held: HeldIndex | None, broken: Sequence[Breaks]) -> dict[str, object]:
    """Return what would break under the key `held`; empty where nothing is held back."""
    if held is None:
        return {}
    found = [_json(each.suite, change) for each in broken for change in each.changes]
    return {"held": {"queries": held.queries, "broken": found}}


def _json(suite: str, change: QueryChange) -> dict[str, object]:
    return {
        "suite": suite,
        "query": change.query_text,
        "expected": change.expected,
        "before": _first(change.before),
        "after": _first(change.after),
        "near_copy_of": change.copy_of,
    }


def held_lines(held: HeldIndex, broken: Sequence[Breaks]) -> list[str]:
    """Return what would break as a table, and what can be done."""
    rows = [
        (
            shorten(each.suite, SKILL_WIDTH),
            shorten(change.query_text, QUERY_WIDTH),
            shorten(_first(change.before), SKILL_WIDTH),
            shorten(_first(change.after) or NOTHING, SKILL_WIDTH)
            + (" (near-copy of the expected)" if change.copy_of else ""),
        )
        for each in broken
        for change in each.changes
    ]
    what = f"{plain(held.promotes)} for {plain(held.profile)}" if held.promotes else ""
    what = what or f"Index {plain(held.profile)}"
    lines = [f"{what} held: {held.summary}. The old one goes on answering."]
    if rows:
        lines += table([("suite", "query", "answered by", "would be"), *rows[:QUERIES_SHOWN]])
    if len(rows) > QUERIES_SHOWN:
        lines.append(f"and {len(rows) - QUERIES_SHOWN:,} more; --json lists all")
    lines.append(
        "`skillrouter index --publish-held` publishes it all the same, `--discard-held` keeps the "
        "old one; the page Suites shows both and changes what is expected."
    )
    return lines


def _first(answer: SuiteAnswer | None) -> str:
    return answer.ranking[0] if answer is not None and answer.ranking else ""
