"""Findings in SARIF 2.1.0, the format that code hosts read from checks.

Responsible for a document that a code host shows beside the files it is about: from the gate's
check, or from a whole scan. Must not know how a finding came about.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from skillrouter_core import __version__
from skillrouter_core.dedup.report import DuplicateReport
from skillrouter_core.records import (
    CheckedSkill,
    CheckReport,
    DuplicatePair,
    Layer,
    Near,
    StolenQuery,
)

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

MAX_RESULTS = 5_000
"""A document holds so many findings (code hosts take no more); a notification says what was cut."""

RULES = (
    ("near-duplicate", "error", "The skill is a near-copy of another skill."),
    ("takes-query", "warning", "The skill would answer a query in place of its right answer."),
    ("same-name", "note", "Another skill with other content has the same name."),
)
"""Every kind of finding: id, level, and what it says."""

_LEVELS = {rule: level for rule, level, _ in RULES}
_INDEX = {rule: index for index, (rule, _, _) in enumerate(RULES)}
_FOR_MARKUP = str.maketrans("[]{}\\", "()()/")


@dataclass(frozen=True, slots=True)
class _Finding:
    """One result: its rule, the file it is about, what it says, and what makes it this one.

    `known`: it was so before the change that is checked, and so is only a note.
    """

    rule: str
    file: str
    skill_id: str
    message: str
    key: tuple[str, ...]
    values: dict[str, Any]
    known: bool = False


def check_sarif(report: CheckReport, *, limit: int = MAX_RESULTS) -> str:
    """Return the gate's findings: near-copies, queries taken away, and names that are taken.

    Files are named as the check was given them; a relative one is relative to the root of the
    repository. At most `limit` findings are written.
    """
    findings = [finding for checked in report.skills for finding in _of_checked(checked)]
    issues = [
        f"{issue.path}{'' if issue.line is None else f', line {issue.line}'}: {issue.reason}"
        for issue in report.issues
    ]
    return _document(findings, [*report.notes, *issues], limit)


def report_sarif(report: DuplicateReport, *, limit: int = MAX_RESULTS) -> str:
    """Return one finding for each skill that is a near-copy of its group's keeper.

    Files are named relative to their catalog. At most `limit` findings are written.
    """
    findings = [
        _Finding(
            "near-duplicate",
            member.path,
            member.skill_id,
            f"{_plain(member.skill_id)} is a near-copy of {_plain(group.group.keeper)}: "
            f"{_likeness(member.pair)}.",
            (member.skill_id, group.group.keeper),
            _values(member.pair),
        )
        for group in report.groups
        for member in group.members[1:]
        if member.pair is not None
    ]
    return _document(findings, report.notes, limit)


def _of_checked(checked: CheckedSkill) -> Iterator[_Finding]:
    for near in checked.duplicates:
        if near.is_duplicate:
            yield _near(checked, near)
    for stolen in checked.stolen:
        if stolen.lost:
            yield _taken(checked, stolen)
    for near in checked.by_name:
        if not near.is_duplicate and not near.apart:
            text = (
                f"{_plain(near.pair.b)} has the same name {_plain(checked.skill.name)} and other "
                f"content: {_likeness(near.pair)}."
            )
            yield _about(checked, "same-name", near.pair, text)


def _near(checked: CheckedSkill, near: Near) -> _Finding:
    found_by = " and ".join(layer for layer in near.layers if layer is not Layer.NAME)
    where = f" (also checked: {_plain(near.file)})" if near.file else ""
    advice = (
        "It was so before this change."
        if near.known
        else "Change that skill instead of adding one, or make the difference plain."
    )
    text = (
        f"{_plain(checked.skill.name)} is a near-copy of {_plain(near.pair.b)}{where} by "
        f"{found_by}: {_likeness(near.pair)}. {advice}"
    )
    return replace(_about(checked, "near-duplicate", near.pair, text), known=near.known)


def _about(checked: CheckedSkill, rule: str, pair: DuplicatePair, text: str) -> _Finding:
    skill_id = checked.skill.skill_id
    return _Finding(rule, checked.file, skill_id, text, (skill_id, pair.b), _values(pair))


def _taken(checked: CheckedSkill, stolen: StolenQuery) -> _Finding:
    skill_id, query = checked.skill.skill_id, stolen.query.text
    text = (
        f"The saved query {_plain(query)!r} would load {_plain(checked.skill.name)} in place of "
        f"{_plain(stolen.holder)}."
    )
    values = {"query": query, "holder": stolen.holder, "margin": round(stolen.margin, 6)}
    return _Finding("takes-query", checked.file, skill_id, text, (skill_id, query), values)


def _likeness(pair: DuplicatePair | None) -> str:
    if pair is None:
        return "no values"
    cosine = "no vector" if pair.cosine is None else f"embedding {pair.cosine:.3f}"
    return f"text {pair.jaccard:.3f}, {cosine}"


def _values(pair: DuplicatePair | None) -> dict[str, Any]:
    if pair is None:
        return {}
    return {
        "other": pair.b,
        "same_name": pair.same_name,
        "jaccard": round(pair.jaccard, 6),
        "raw_jaccard": round(pair.raw_jaccard, 6),
        "cosine": None if pair.cosine is None else round(pair.cosine, 6),
    }


def _plain(text: str) -> str:
    """Return a stranger's text on one line, without what SARIF reads as link or placeholder."""
    return " ".join(text.split()).translate(_FOR_MARKUP)


def _document(findings: list[_Finding], notes: list[str] | tuple[str, ...], limit: int) -> str:
    said = list(notes)
    if len(findings) > limit:
        said.append(f"{len(findings) - limit} of {len(findings)} findings are left out")
    notifications = [{"level": "note", "message": {"text": _plain(note)}} for note in said]
    run = {
        "tool": {"driver": _driver()},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notifications}],
        "results": [_result(finding) for finding in findings[:limit]],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2) + "\n"


def _driver() -> dict[str, Any]:
    return {
        "name": "skillrouter dedup",
        "semanticVersion": __version__,
        "rules": [
            {
                "id": rule,
                "shortDescription": {"text": text},
                "defaultConfiguration": {"level": level},
            }
            for rule, level, text in RULES
        ],
    }


def _result(finding: _Finding) -> dict[str, Any]:
    digest = hashlib.sha256("\x1f".join(finding.key).encode("utf-8", "surrogatepass"))
    return {
        "ruleId": finding.rule,
        "ruleIndex": _INDEX[finding.rule],
        "level": "note" if finding.known else _LEVELS[finding.rule],
        "message": {"text": finding.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": _location(finding.file),
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": finding.skill_id, "kind": "skill"}],
            }
        ],
        "partialFingerprints": {"skillrouter/v1": digest.hexdigest()},
        "properties": finding.values,
    }


def _location(file: str) -> dict[str, str]:
    """Return a file as a URI: relative to the repository's root, or absolute."""
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": "file://" + quote(path.as_posix(), errors="surrogatepass")}
    return {
        "uri": quote(path.as_posix(), errors="surrogatepass"),
        "uriBaseId": "%SRCROOT%",
    }
