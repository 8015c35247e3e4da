"""A report of near-copies as CSV and JSON.

Responsible for formats that programs read. Names and texts come from strangers:
each format is safe against them in its own way. Must not know how a report is made.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from skillrouter_core.dedup.report import DuplicateReport, ReportGroup, ReportMember
from skillrouter_core.records import DuplicatePair, Thresholds

COLUMNS = (
    "group", "status", "role", "skill_id", "name", "source", "path", "body_chars",
    "same_name", "jaccard", "raw_jaccard", "cosine", "layers", "verdict", "merge_into",
    "removed", "contested", "note_on_plan", "author", "decided_at", "note",
)  # fmt: skip
"""The columns of the CSV; the values of a pair are those with the group's keeper."""

_FORMULA = ("=", "+", "-", "@", "\t", "\n")


def to_csv(report: DuplicateReport) -> str:
    """Return one line a skill of a group, then skills decided on that are in no group now.

    A cell that a spreadsheet would take for a formula (it begins with = + - @ or white space
    that hides one) gets an apostrophe in front, and every line break inside a cell is a line
    feed: for exact ids take the JSON.
    """
    written = io.StringIO()
    lines = csv.writer(written, lineterminator="\n")
    lines.writerow(COLUMNS)
    for number, group in enumerate(report.groups, 1):
        for place, member in enumerate(group.members):
            role = "member" if place else "keeper"
            head = (str(number), str(group.status), role)
            lines.writerow(map(_cell, (*head, *_columns(member, report.thresholds))))
    for member in report.decided_outside:
        lines.writerow(map(_cell, ("", "", "", *_columns(member, report.thresholds))))
    return written.getvalue()


def _columns(member: ReportMember, thresholds: Thresholds) -> tuple[str, ...]:
    return (
        member.skill_id,
        member.name,
        member.source,
        member.path,
        str(member.chars),
        *_pair_columns(member.pair, thresholds),
        *_decision_columns(member),
    )


def _pair_columns(pair: DuplicatePair | None, thresholds: Thresholds) -> tuple[str, ...]:
    if pair is None:
        return ("",) * 5
    return (
        _yes(pair.same_name),
        f"{pair.jaccard:.4f}",
        f"{pair.raw_jaccard:.4f}",
        "" if pair.cosine is None else f"{pair.cosine:.4f}",
        " ".join(pair.layers(thresholds)),
    )


def _decision_columns(member: ReportMember) -> tuple[str, ...]:
    standing, decision = member.standing, member.decision
    if standing is None or decision is None:
        return ("",) * 8
    return (
        str(decision.verdict),
        member.into,
        _yes(member.removed),
        _yes(standing.contested),
        standing.blocked,
        decision.author,
        decision.created_at.isoformat(timespec="seconds"),
        decision.note,
    )


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _cell(text: str) -> str:
    # Not every reader takes a lone carriage return for part of a cell.
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{lines}" if lines.lstrip(" \u00a0").startswith(_FORMULA) else lines


def to_json(report: DuplicateReport) -> str:
    """Return the report as one JSON document: pairs, groups, same_name, seconds, and more.

    Lone surrogates and characters a terminal acts on are escaped (the document is ASCII). Each
    pair, group, ... has a line of its own.
    """
    parts = (f"{json.dumps(key)}: {_lines(value)}" for key, value in as_document(report).items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _lines(value: Any) -> str:
    """Return JSON with one line an entry of a list; ten times as fast as indenting it."""
    if not isinstance(value, list) or not value:
        return json.dumps(value)
    return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"


def as_document(report: DuplicateReport) -> dict[str, Any]:
    """Return the report as plain lists and dicts, as `to_json` writes them."""
    figures = report.figures
    return {
        "thresholds": {
            "jaccard": report.thresholds.jaccard,
            "cosine": report.thresholds.cosine,
        },
        "skills": figures.skills,
        "layers": {"+".join(layers): count for layers, count in figures.layers.items()},
        "redundant": {
            "skills": figures.redundant,
            "body_chars": figures.redundant_chars,
            "about_tokens": figures.redundant_tokens,
        },
        "pairs": [pair_document(pair, report.thresholds) for pair in report.pairs],
        "groups": [_group_document(group, report.thresholds) for group in report.groups],
        "same_name": [list(lane) for lane in report.same_name],
        "decided_outside": [_member_document(member) for member in report.decided_outside],
        "seconds": round(report.seconds, 3),
        "notes": list(report.notes),
    }


def pair_document(pair: DuplicatePair, thresholds: Thresholds) -> dict[str, Any]:
    """Return a pair as JSON's types: ids, every layer's value, and which layers find it."""
    return {
        "a": pair.a,
        "b": pair.b,
        "name": pair.same_name,
        "jaccard": round(pair.jaccard, 6),
        "cosine": None if pair.cosine is None else round(pair.cosine, 6),
        "raw_jaccard": round(pair.raw_jaccard, 6),
        "shared_boilerplate": round(pair.shared_boilerplate, 6),
        "set_apart": pair.set_apart,
        "layers": [str(layer) for layer in pair.layers(thresholds)],
    }


def _group_document(group: ReportGroup, thresholds: Thresholds) -> dict[str, Any]:
    record = group.group
    return {
        "keeper": record.keeper,
        "members": list(record.members),
        "weakest": pair_document(record.weakest, thresholds),
        "reasons": list(record.reasons),
        "oversize": record.oversize,
        "status": str(group.status),
        "decisions": [_member_document(each) for each in group.members if each.decision],
    }


def _member_document(member: ReportMember) -> dict[str, Any]:
    standing, decision = member.standing, member.decision
    found: dict[str, Any] = {"skill_id": member.skill_id, "removed": member.removed}
    if standing is not None and decision is not None:
        found |= {
            "verdict": str(decision.verdict),
            "merge_into": member.into or None,
            "author": decision.author,
            "decided_at": decision.created_at.isoformat(),
            "note": decision.note,
            "contested": standing.contested,
            "text_changed": standing.text_changed,
            "inherited": standing.inherited,
            "blocked": standing.blocked,
        }
    return found
