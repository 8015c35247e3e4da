"""Verdicts as JSON lines and as CSV, there and back without loss.

Responsible for the layout of both. Must not know how a value that comes in is checked, nor what
the workspace holds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC
from typing import Any

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.cells import to_csv
from skillrouter_core.labelling.exchange.limits import Limits, refuse_unreadable
from skillrouter_core.labelling.exchange.lines import is_json_lines, json_lines, text_of
from skillrouter_core.labelling.exchange.refusals import Refused
from skillrouter_core.labelling.exchange.tables import read_table
from skillrouter_core.labelling.exchange.verdicts import CANT_TELL, verdict
from skillrouter_core.records.exchange import LabelFile, LabelRow, RowError, Table

COLUMNS = (
    "query", "skill_id", "content_hash", "grade", "annotator", "at", "seconds", "note",
    "origin", "split", "suites",
)  # fmt: skip
AGREED_COLUMNS = ("judges", "settled", "contested")
"""What a line has besides where it is what people agreed on instead of one verdict."""
NEEDED = ("query", "skill_id", "grade")

_OTHER_NAMES = {"query_text": "query", "text": "query", "skill": "skill_id", "suite": "suites"}
_Record = dict[str, Any]


def to_json_lines(rows: Iterable[LabelRow]) -> str:
    """Return one JSON object a line, with the keys of `COLUMNS`."""
    return "".join(json.dumps(_values(row), ensure_ascii=False) + "\n" for row in rows)


def to_label_csv(rows: Sequence[LabelRow]) -> str:
    """Return the same as CSV, safe to open in a spreadsheet (see `cells`)."""
    agreed = any(not row.annotator for row in rows)
    columns = (*COLUMNS, *AGREED_COLUMNS) if agreed else COLUMNS
    return to_csv(columns, (_cells(_values(row), columns) for row in rows))


def _values(row: LabelRow) -> _Record:
    values: _Record = {
        "query": row.query,
        "skill_id": row.skill_id,
        "content_hash": row.content_hash,
        "grade": row.grade,
        "annotator": row.annotator,
        "at": row.at.astimezone(UTC).isoformat() if row.at else None,
        "seconds": row.seconds,
        "note": row.note,
        "origin": row.origin,
        "split": row.split.value if row.split else None,
        "suites": None if row.suites is None else list(row.suites),
    }
    if not row.annotator:
        values |= {"judges": list(row.judges), "settled": row.settled, "contested": row.contested}
    return values


def _cells(values: _Record, columns: Sequence[str]) -> list[str]:
    if values["grade"] is None:
        values["grade"] = CANT_TELL  # an empty cell says nothing
    return [_written(values.get(column)) for column in columns]


def _written(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def is_label_table(table: Table) -> bool:
    """Tell whether a table has what a verdict needs, so that it is no list of queries."""
    return not _missing(table.columns)


def read_labels(raw: bytes, name: str, limits: Limits | None = None) -> LabelFile:
    """Return the verdicts of a JSONL or CSV file and why other rows hold none.

    Needed are query, skill_id and grade. Raises `SourceError` for a file that is too large,
    empty, or without these columns.
    """
    limits = limits or Limits()
    refuse_unreadable(raw, name, limits)
    text, notes = text_of(raw)
    if is_json_lines(name, text):
        return _checked(_from_json(text, limits), limits, notes)
    table = read_table(raw, name, limits)
    missing = _missing(table.columns)
    if missing:
        raise SourceError(
            f"{name} has no column {' and no column '.join(missing)} (it has: "
            f"{', '.join(table.columns)}): add it, or import the file as queries"
        )
    return _checked(_from_table(table), limits, table.notes)


def _missing(columns: Sequence[str]) -> list[str]:
    present = {_named(column) for column in columns}
    return [needed for needed in NEEDED if needed not in present]


def _named(column: str) -> str:
    plain = column.strip().lower().replace(" ", "_")
    return _OTHER_NAMES.get(plain, plain)


def _from_json(text: str, limits: Limits) -> Iterator[tuple[int, _Record | RowError]]:
    for number, value in json_lines(text, limits):
        if isinstance(value, RowError):
            yield number, value
        else:
            yield number, {_named(key): item for key, item in value.items()}


def _from_table(table: Table) -> Iterator[tuple[int, _Record | RowError]]:
    names = [_named(column) for column in table.columns]
    for error in table.errors:
        yield error.row, error
    for row in table.rows:
        filled = {name: cell for name, cell in zip(names, row.cells, strict=True) if cell}
        yield row.number, filled


def _checked(
    records: Iterable[tuple[int, _Record | RowError]], limits: Limits, notes: tuple[str, ...]
) -> LabelFile:
    rows: list[LabelRow] = []
    errors: list[RowError] = []
    for number, record in records:
        if isinstance(record, RowError):
            errors.append(record)
            continue
        try:
            rows.append(verdict(record, number, limits))
        except Refused as refused:
            errors.append(refused.at(number))
    errors.sort(key=lambda error: error.row)
    return LabelFile(tuple(rows), tuple(errors), notes)
