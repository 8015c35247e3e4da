"""`skillrouter route`.

Responsible for its arguments and for a route as JSON and as text. Must not know how a
query is routed.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace

from skillrouter_core.cli.console import Console, plain, shorten, table
from skillrouter_core.cli.options import (
    Commands,
    add_json,
    add_routing,
    command,
    fraction,
    positive,
    route_options,
)
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Candidate, Route, RouteOptions

EVIDENCE_WIDTH = 100
"""Characters of evidence in the text output; `--json` gives whole passages."""


def register(commands: Commands) -> None:
    """Add the command."""
    defaults = RouteOptions()
    parser = command(commands, "route", run_route, "find the skills that fit a request")
    parser.add_argument(
        "query", metavar="QUERY", help="the request; - reads it from standard input"
    )
    parser.add_argument(
        "--top", type=positive, default=defaults.top, metavar="N", help="answers (default: 10)"
    )
    add_routing(parser)
    parser.add_argument(
        "--none-fits-below",
        type=fraction,
        metavar="P",
        help="say that none fits below this confidence (default: the profile's)",
    )
    add_json(parser)


def run_route(args: argparse.Namespace, console: Console) -> int:
    """Route one query over every catalog of the workspace."""
    from skillrouter_core.workspace import Workspace

    query = (sys.stdin.read() if args.query == "-" else args.query).strip()
    if not query:
        raise UsageError("The query is empty. Say in words what the skill should help with.")
    options = replace(route_options(args), top=args.top, none_fits_below=args.none_fits_below)
    with Workspace.open() as workspace:
        route = workspace.routing.route(query, options)
    if args.json:
        console.document(route_json(route))
    else:
        console.note(*route.notes)
        console.say(*route_lines(route))
    return 0


def route_json(route: Route) -> dict[str, object]:
    """Return a route in the shape that DESIGN.md fixes, with more beside it."""
    options, timings = route.options, route.timings
    return {
        "query": route.query,
        "candidates": [_candidate_json(candidate) for candidate in route.candidates],
        "confidence": route.confidence,
        "none_fits": route.none_fits,
        "threshold": route.threshold,
        "timings_ms": {
            "encode": timings.encode,
            "stage1": timings.stage1,
            "stage2": timings.stage2,
            "total": timings.total,
        },
        "options": {
            "stage1": options.stage1.value,
            "rerank": options.rerank,
            "body": options.body,
            "top": options.top,
            "candidates": options.candidates,
            "profile": options.profile,
        },
        "notes": list(route.notes),
    }


def _candidate_json(candidate: Candidate) -> dict[str, object]:
    skill = candidate.skill
    return {
        "skill_id": skill.skill_id,
        "name": skill.name,
        "description": skill.description,
        "source": skill.source,
        "path": skill.path,
        "rank": candidate.rank,
        "place": candidate.place,
        "stage1_rank": candidate.stage1_rank,
        "stage1_score": candidate.stage1_score,
        "stage2_score": candidate.stage2_score,
        "bm25": candidate.bm25,
        "dense": candidate.dense,
        "text_score": candidate.text_score,
        "folded": [twin.skill_id for twin in candidate.folded],
        "evidence": [passage.text for passage in candidate.evidence],
    }


def route_lines(route: Route) -> list[str]:
    """Return a route as text: a table, evidence below each answer, confidence and timings."""
    rows = [("", "stage 1", "score", "skill")]
    rows += [_row(candidate) for candidate in route.candidates]
    aligned = table(rows, right=frozenset({0, 1, 2}))
    lines = [aligned[0]] if route.candidates else ["No skill was found."]
    for candidate, line in zip(route.candidates, aligned[1:], strict=True):
        lines += [line, *_details(candidate)]
    return [*lines, "", _verdict(route), _timings(route)]


def _row(candidate: Candidate) -> tuple[str, str, str, str]:
    reranked = candidate.stage2_score is not None
    score = candidate.stage2_score if reranked else candidate.stage1_score
    return (
        str(candidate.rank),
        str(candidate.stage1_rank),
        f"{score:.3f}",
        f"{shorten(candidate.skill.name, 60)}  [{plain(candidate.skill.skill_id)}]",
    )


def _details(candidate: Candidate) -> list[str]:
    lines = [f"      {shorten(p.text, EVIDENCE_WIDTH)}" for p in candidate.evidence[:1]]
    if candidate.folded:
        twins = ", ".join(plain(twin.skill_id) for twin in candidate.folded)
        lines.append(f"      near-identical: {twins}")
    return lines


def _verdict(route: Route) -> str:
    if route.confidence is None:
        return "Confidence: unknown (not calibrated for these settings)"
    verdict = f"Confidence: {route.confidence:.2f}"
    if route.none_fits:
        return f"{verdict}, below {route.threshold:.2f}: none fits well enough to be loaded"
    return verdict


def _timings(route: Route) -> str:
    timings = route.timings
    return (
        f"Time: {timings.total:.0f} ms (encode {timings.encode:.0f}, "
        f"stage 1 {timings.stage1:.0f}, stage 2 {timings.stage2:.0f})"
    )
