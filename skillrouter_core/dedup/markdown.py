"""A report of near-copies as Markdown for a pull request.

Responsible for what reviewers read on a code host. Everything that strangers wrote stands in
code spans, where no mention, link, reference or markup works. Must not know how a report is
made.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from skillrouter_core.dedup.report import DuplicateReport, ReportGroup, ReportMember
from skillrouter_core.records import DuplicatePair, Layer, Thresholds

MARKDOWN_GROUPS = 200
"""The report spells out so many groups and says how many it leaves out."""

MARKDOWN_CHARS = 60_000
"""The report ends before so many characters: code hosts take no more in one text."""

_BREAKS = re.compile(r"\s+")
_PLAIN = re.compile(r"[A-Za-z0-9 ,;()%'-]*(\.[A-Za-z0-9 ,;()%'-]+)*\.?")


def to_markdown(
    report: DuplicateReport, *, limit: int = MARKDOWN_GROUPS, max_chars: int = MARKDOWN_CHARS
) -> str:
    """Return a report for a pull request: figures, the plan, groups, namesakes, notes.

    Of each list at most `limit` entries are spelt out, and no more than fit into `max_chars`
    characters; the report says how many it leaves out, and where all of them are.
    """
    plan = [[line] for line in _plan(report)] or [["No skill is to be removed."]]
    groups = [
        _group_lines(number, group, report.thresholds)
        for number, group in enumerate(report.groups[: limit + 1], 1)
    ]
    lanes = [[f"- {', '.join(map(code, lane))}"] for lane in report.same_name[: limit + 1]]
    notes = [[f"- {code(note)}"] for note in report.notes]
    text = "\n".join(["# Near-duplicate skills", "", *_figures(report), ""])
    for title, entries, count in (
        ("Plan", plan, len(plan)),
        ("Groups", groups, len(report.groups)),
        ("Same name, different content", lanes, len(report.same_name)),
        ("Notes", notes, len(notes)),
    ):
        if entries:
            text += _section(title, entries, count, limit, max_chars - len(text))
    return text


def _section(
    title: str, entries: Sequence[Sequence[str]], count: int, limit: int, room: int
) -> str:
    """Return a section with as many of `count` entries as `limit` and `room` (characters) allow."""
    parts, shown = [f"\n## {title}\n"], 0
    for entry in entries[:limit]:
        part = "\n".join(entry)
        room -= len(part) + 1
        if room < 0:
            break
        parts.append(part)
        shown += 1
    if shown < count:
        parts.append(f"- {count - shown:,} of {count:,} left out here: the CSV and JSON have all")
    return "\n".join(parts) + "\n"


def _figures(report: DuplicateReport) -> list[str]:
    figures = report.figures
    lines = [
        f"{figures.skills:,} skills, {figures.pairs:,} near-duplicate pairs (text above "
        f"{report.thresholds.jaccard:g}, embedding above {report.thresholds.cosine:g}), "
        f"{figures.groups:,} groups. {figures.redundant:,} skills "
        f"({figures.redundant_share:.1%}) repeat another one: about "
        f"{figures.redundant_tokens:,} tokens of body.",
        "",
        "| found by | pairs |",
        "|---|---:|",
    ]
    for layers, count in figures.layers.items():
        only = " only" if len(layers) == 1 else ""
        lane = " (no duplicate)" if layers == (Layer.NAME,) else ""
        lines.append(f"| {' + '.join(layers)}{only}{lane} | {count:,} |")
    return lines


def _plan(report: DuplicateReport) -> Iterator[str]:
    """Yield what is removed, then what people wanted removed and is not."""
    members = report.members()
    for member in members:
        if member.removed:
            what = f"merge into {code(member.into)}" if member.into else "retire"
            yield f"- {code(member.skill_id)}: {what}{_by(member)}"
    for member in members:
        if member.standing is not None and member.standing.blocked:
            yield f"- {code(member.skill_id)}: not removed, {member.standing.blocked}"


def _by(member: ReportMember) -> str:
    decision = member.decision
    if decision is None:
        return ""
    note = f", note {code(decision.note)}" if decision.note else ""
    contested = member.standing is not None and member.standing.contested
    return f" ({code(decision.author)}{note}{', contested' if contested else ''})"


def _group_lines(number: int, group: ReportGroup, thresholds: Thresholds) -> list[str]:
    record, weakest = group.group, group.group.weakest
    lines = [
        f"### Group {number}: {len(record.members)} skills, {group.status}",
        "",
        f"Keep {code(record.keeper)}" + _because(record.reasons),
        "",
    ]
    for member in group.members[1:]:
        lines.append(f"- {code(member.skill_id)}: {_likeness(member.pair, thresholds)}")
    if len(record.members) > 2:
        lines += [
            "",
            f"Least alike: {code(weakest.a)} and {code(weakest.b)}, "
            f"{_likeness(weakest, thresholds)}.",
        ]
    if record.oversize:
        lines += ["", "Too big to be judged as one group: raise the thresholds for it."]
    return [*lines, ""]


def _because(reasons: tuple[str, ...]) -> str:
    return f": {'; '.join(map(_prose, reasons))}." if reasons else "."


def _likeness(pair: DuplicatePair | None, thresholds: Thresholds) -> str:
    if pair is None:
        return "no values"
    cosine = "no vector" if pair.cosine is None else f"embedding {pair.cosine:.3f}"
    layers = pair.layers(thresholds)
    found = f" (by {', '.join(layers)})" if layers else ""
    return f"text {pair.jaccard:.3f}, {cosine}{found}"


def _prose(text: str) -> str:
    """Return wording of ours as it is; anything with other characters as code."""
    return text if _PLAIN.fullmatch(text) and "www" not in text else code(text)


def code(text: str) -> str:
    """Return Markdown source that shows `text` on one line as code and does nothing else.

    White space becomes single spaces, control characters and direction overrides U+FFFD; the
    fence is longer than any run of backticks inside.
    """
    line = "".join(map(_harmless, _BREAKS.sub(" ", text).strip())) or " "
    longest = max((len(run) for run in re.findall(r"`+", line)), default=0)
    fence = "`" * (longest + 1)
    padded = f" {line} " if "`" in (line[0], line[-1]) else line
    return f"{fence}{padded}{fence}"


def _harmless(char: str) -> str:
    """Return a character, or U+FFFD for one that is invisible or turns text around."""
    return "\ufffd" if unicodedata.category(char) in {"Cc", "Cf", "Cs"} else char
