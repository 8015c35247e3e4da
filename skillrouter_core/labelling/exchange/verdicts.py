"""One verdict out of what a file says of it, value by value.

Responsible for what a value may be, with reason and remedy for one that may not. Must not know
which file it comes from, nor what the workspace holds.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.mapping import id_list
from skillrouter_core.labelling.exchange.refusals import Refused
from skillrouter_core.records import Split
from skillrouter_core.records.exchange import LabelRow

CANT_TELL = "can't tell"
GRADES = {"0": 0, "1": 1, "2": 2, "3": 3, CANT_TELL: None}
MAX_NAME_CHARS, MAX_ORIGIN_CHARS, MAX_ID_CHARS, MAX_NOTE_CHARS = 200, 50, 500, 10_000
MAX_SECONDS = 3600.0
"""More for one pair is no time that a person took."""

_HASH = re.compile(r"[0-9a-f]{64}")
_Record = Mapping[str, Any]


def verdict(record: _Record, row: int, limits: Limits) -> LabelRow:
    """Return the verdict that a record says; raises `Refused` at its first unusable value."""
    query = _text(record, "query", limits.text_chars).strip()
    skill_id = _text(record, "skill_id", MAX_ID_CHARS).strip()
    for column, value in (("query", query), ("skill_id", skill_id)):
        if not value:
            raise Refused(column, "", f"{column} is empty", "every verdict needs one")
    return LabelRow(
        query=query,
        skill_id=skill_id,
        grade=grade_of(record),
        content_hash=_hash(record),
        annotator=_text(record, "annotator", MAX_NAME_CHARS).strip(),
        at=_moment(record),
        seconds=_seconds(record),
        note=_text(record, "note", MAX_NOTE_CHARS),
        origin=_text(record, "origin", MAX_ORIGIN_CHARS),
        split=_split(record),
        suites=_suites(record),
        row=row,
    )


def grade_of(record: _Record) -> int | None:
    """Return the grade; 2, 2.0 and "2" are one, null and "can't tell" are None."""
    if "grade" not in record:
        raise Refused("grade", "", "no grade", f'give 3, 2, 1, 0 or "{CANT_TELL}"')
    value = record["grade"]
    if value is None:
        return None
    written = str(value).strip().lower()
    number = written.removesuffix(".0")
    if isinstance(value, bool) or number not in GRADES:
        raise Refused("grade", value, "no grade", f'give 3, 2, 1, 0 or "{CANT_TELL}"')
    return GRADES[number]


def _text(record: _Record, column: str, at_most: int) -> str:
    value = record.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise Refused(column, value, "not a text", "put it in quotation marks")
    if len(value) > at_most:
        raise Refused(column, value, f"{len(value):,} characters, more than {at_most:,}", "shorten")
    return value


def _hash(record: _Record) -> str:
    value = _text(record, "content_hash", MAX_ID_CHARS)
    if value and not _HASH.fullmatch(value):
        raise Refused(
            "content_hash", value, "no hash of a text", "leave it out to mean the present text"
        )
    return value


def _moment(record: _Record) -> datetime | None:
    value = _text(record, "at", MAX_NAME_CHARS).strip()
    if not value:
        return None
    try:
        moment = datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        remedy = "write it as 2026-01-31T12:00:00+00:00"
        raise Refused("at", value, "no moment", remedy) from None


def _seconds(record: _Record) -> float | None:
    value = record.get("seconds")
    if value is None or value == "":
        return None
    try:
        seconds = math.nan if isinstance(value, bool) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 <= seconds <= MAX_SECONDS:
        reason = f"no number from 0 to {MAX_SECONDS:,.0f}"
        raise Refused("seconds", value, reason, "leave it out where nobody measured it")
    return seconds


def _split(record: _Record) -> Split | None:
    value = _text(record, "split", MAX_NAME_CHARS).strip()
    try:
        return Split(value) if value else None
    except ValueError:
        known = " or ".join(Split)
        raise Refused("split", value, "no side of training", f"write {known}") from None


def _suites(record: _Record) -> tuple[str, ...] | None:
    value = record.get("suites")
    if value is None:
        return None
    try:
        names = id_list(value) if isinstance(value, str) else tuple(value)
    except (TypeError, ValueError) as error:
        raise Refused("suites", value, f"no list of names ({error})", "write [...]") from None
    for name in names:
        if not isinstance(name, str) or not name.strip() or len(name) > MAX_NAME_CHARS:
            reason = f"no name of 1 to {MAX_NAME_CHARS} characters"
            raise Refused("suites", name, reason, "name the suites")
    return tuple(dict.fromkeys(name.strip() for name in names))


def content_token(row: LabelRow) -> str:
    """Return 64 hex digits that the same verdict of a file always has: it is kept once."""
    said = (
        row.query,
        row.skill_id,
        row.content_hash,
        row.grade,
        row.annotator,
        row.at.isoformat() if row.at else "",
        row.seconds,
        row.note,
        row.origin,
    )
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
