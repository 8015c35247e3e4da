"""Near-copies as text and as JSON.

Responsible for lines that people read and for the check's JSON. Must not know arguments, nor
how anything was found. All text of strangers goes through `plain` or `shorten`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from skillrouter_core.cli.catalogs import ISSUES_SHOWN, issue_line
from skillrouter_core.cli.console import duration, plain, shorten, table
from skillrouter_core.records import (
    CheckedSkill,
    CheckReport,
    DuplicatePair,
    Layer,
    Near,
    StolenQuery,
)

if TYPE_CHECKING:
    from skillrouter_core.dedup import DuplicateReport, ReportGroup

MEMBERS_SHOWN = 3
"""Members named in a group's line, the keeper not counted."""

COPIES_SHOWN = 10
"""Near-copies named for one checked skill; `--json` has all that were kept."""

NOTES_SHOWN = 5
"""Notes of a scan on standard error; a catalog of many sources has one for each template."""

QUERY_CHARS = 80


def report_lines(report: DuplicateReport, limit: int) -> list[str]:
    """Return the figures of a scan, its biggest `limit` groups, and what else there is."""
    figures, limits = report.figures, report.thresholds
    lines = [
        f"{_count(figures.skills, 'skill', 'skills')}, "
        f"{_count(figures.pairs, 'near-duplicate pair', 'near-duplicate pairs')} (text above "
        f"{limits.jaccard:g}, embedding above {limits.cosine:g}), "
        f"{_count(figures.groups, 'group', 'groups')}; "
        f"{figures.redundant:,} skills ({figures.redundant_share:.1%}) repeat another one, "
        f"about {figures.redundant_tokens:,} tokens of body. Scanned in {duration(report.seconds)}."
    ]
    counted = [(_layers(layers), f"{count:,}") for layers, count in figures.layers.items()]
    lines += ["", *table([("found by", "pairs"), *counted], right=frozenset({1}))]
    if report.groups:
        rows = [_group_row(group) for group in report.groups[:limit]]
        header = ("skills", "weakest text", "embedding", "status", "keep", "near-copies")
        lines += ["", *table([header, *rows], right=frozenset({0, 1, 2}))]
    more = len(report.groups) - limit
    if more > 0:
        groups = _count(more, "more group", "more groups")
        lines.append(f"and {groups}; --limit shows more of them, --json all")
    if report.same_name:
        shared = _count(len(report.same_name), "name is", "names are")
        lines += ["", f"{shared} shared by skills with other content."]
    return lines


def note_lines(notes: Sequence[str]) -> list[str]:
    """Return the first notes of a scan, and how many more there are."""
    more = len(notes) - NOTES_SHOWN
    return [
        *notes[:NOTES_SHOWN],
        *([f"and {more:,} more notes; --json lists all"] if more > 0 else []),
    ]


def _count(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


def _layers(layers: Sequence[Layer]) -> str:
    only = "only, no duplicate" if tuple(layers) == (Layer.NAME,) else "only"
    return f"{layers[0]} {only}" if len(layers) == 1 else " + ".join(layers)


def _group_row(group: ReportGroup) -> tuple[str, ...]:
    record = group.group
    others = [plain(one) for one in record.members[1 : 1 + MEMBERS_SHOWN]]
    more = len(record.members) - 1 - len(others)
    return (
        f"{len(record.members):,}",
        f"{record.weakest.jaccard:.2f}",
        _cosine(record.weakest),
        group.status.value,
        plain(record.keeper),
        ", ".join(others) + (f" and {more:,} more" if more else ""),
    )


def check_lines(report: CheckReport) -> list[str]:
    """Return a block for each checked skill, then the verdict."""
    lines: list[str] = []
    for checked in report.skills:
        lines += [*_checked_lines(checked), ""]
    shown = report.issues[:ISSUES_SHOWN]
    lines += [f"{issue_line(issue)}" for issue in shown]
    if len(report.issues) > len(shown):
        lines.append(f"and {len(report.issues) - len(shown):,} more; --json lists all")
    return [*lines, _verdict(report)]


def _verdict(report: CheckReport) -> str:
    parts = [f"{len(report.skills):,} checked"]
    if report.unchanged:
        parts.append(f"{len(report.unchanged):,} unchanged (--strict checks them too)")
    if report.queries:
        queries = _count(report.queries, "saved query", "saved queries")
        parts.append(f"{queries} held against them")
    copies = _count(report.duplicates, "new near-copy", "new near-copies")
    outcome = copies if report.failed else "no new near-copy"
    seconds = sum(report.seconds.values())
    return f"{outcome}: {', '.join(parts)}, {seconds:.1f} s"


def _checked_lines(checked: CheckedSkill) -> Iterator[str]:
    failed = any(near.fails for near in checked.duplicates)
    new = f"replaces {plain(checked.replaces)}" if checked.replaces else "new"
    yield (
        f"{'FAIL' if failed else 'ok  '}  {plain(checked.file)}  "
        f"{shorten(checked.skill.name, 60)} ({new})"
    )
    for near in checked.duplicates[:COPIES_SHOWN]:
        yield f"      {_standing(near)} {_near(near)}"
    more = len(checked.duplicates) - COPIES_SHOWN
    if more > 0:
        yield f"      and {more:,} more; --json lists them"
    for layer, nears in _layers_of(checked):
        if nears and not failed:
            yield f"      nearest by {layer}: {_near(nears[0])}"
    for won in checked.stolen:
        yield f"      {_stolen(won)}"


def _standing(near: Near) -> str:
    if near.apart:
        return "decided to be distinct from"
    return "already a near-copy of" if near.known else "near-copy of"


def _near(near: Near) -> str:
    found_by = ", ".join(near.layers)
    where = plain(near.file or near.pair.b)
    why = f" [{found_by}]" if found_by else ""
    return f"{where}: text {near.pair.jaccard:.2f}, embedding {_cosine(near.pair)}{why}"


def _stolen(won: StolenQuery) -> str:
    query = shorten(won.query.text, QUERY_CHARS)
    if not won.holder:
        return f'answers "{query}", which nothing did'
    note = ", its right answer" if won.lost else ""
    return f'takes "{query}" from {plain(won.holder)}{note}'


def _cosine(pair: DuplicatePair) -> str:
    return "-" if pair.cosine is None else f"{pair.cosine:.2f}"


def _layers_of(checked: CheckedSkill) -> tuple[tuple[Layer, tuple[Near, ...]], ...]:
    return (
        (Layer.NAME, checked.by_name),
        (Layer.TEXT, checked.by_text),
        (Layer.EMBEDDING, checked.by_embedding),
    )


def check_json(report: CheckReport) -> dict[str, Any]:
    """Return a check in the shape of a scan's document, with the checked skills beside it.

    `pairs` are the near-copies that fail the check.
    """
    from skillrouter_core.dedup import pair_document

    failing = [near.pair for one in report.skills for near in one.duplicates if near.fails]
    named = [near.pair for one in report.skills for near in one.by_name if not near.is_duplicate]
    return {
        "failed": report.failed,
        "thresholds": {
            "jaccard": report.thresholds.jaccard,
            "cosine": report.thresholds.cosine,
        },
        "pairs": [pair_document(pair, report.thresholds) for pair in failing],
        "groups": [],
        "same_name": [[pair.a, pair.b] for pair in named],
        "skills": [_checked_json(one, report) for one in report.skills],
        "unchanged": list(report.unchanged),
        "issues": list(report.issues),
        "queries": report.queries,
        "seconds": round(sum(report.seconds.values()), 3),
        "seconds_by_step": {step: round(took, 3) for step, took in report.seconds.items()},
        "notes": list(report.notes),
    }


def _checked_json(checked: CheckedSkill, report: CheckReport) -> dict[str, Any]:
    return {
        "file": checked.file,
        "skill_id": checked.skill.skill_id,
        "name": checked.skill.name,
        "replaces": checked.replaces or None,
        "failed": any(near.fails for near in checked.duplicates),
        "duplicates": [_near_json(near, report) for near in checked.duplicates],
        "nearest": {
            layer.value: [_near_json(near, report) for near in nears]
            for layer, nears in _layers_of(checked)
        },
        "queries": [
            {
                "query": won.query.text,
                "suite": won.query.suite,
                "holder": won.holder or None,
                "lost": won.lost,
                "margin": round(won.margin, 6),
            }
            for won in checked.stolen
        ],
    }


def _near_json(near: Near, report: CheckReport) -> dict[str, Any]:
    from skillrouter_core.dedup import pair_document

    return pair_document(near.pair, report.thresholds) | {
        "other_name": near.name,
        "source": near.source,
        "path": near.path,
        "file": near.file or None,
        "apart": near.apart,
        "known": near.known,
    }
