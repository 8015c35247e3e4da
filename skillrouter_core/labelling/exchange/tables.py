"""Uploaded tables: CSV in any of its dialects, or JSON lines, as rows of text.

Responsible for delimiter, quotes, encoding, header and caps, and for naming each row that
cannot be read. Must not know what a column means.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.cells import unguarded
from skillrouter_core.labelling.exchange.limits import Limits, refuse_unreadable
from skillrouter_core.labelling.exchange.lines import (
    is_json_lines,
    json_lines,
    text_of,
    too_many_rows,
)
from skillrouter_core.records.exchange import RowError, Table, TableRow

DELIMITERS = (",", ";", "\t")
SAMPLE_ROWS = 50
"""Rows that decide on the delimiter."""
NO_DELIMITER = "\x1f"
"""A character that parts nothing: a file of one column may hold commas."""
HEADER_WORDS, HEADER_CHARS = 4, 60
"""A first row with a longer cell is data: nobody names a column by a sentence."""

_SEPARATOR = re.compile(r"sep=([,;\t])\r?\n")


def read_table(raw: bytes, name: str, limits: Limits | None = None) -> Table:
    """Return a CSV or JSONL file as a table; rows that cannot be read are its errors.

    Raises `SourceError` for a file that is too large, empty, or no table at all.
    """
    limits = limits or Limits()
    refuse_unreadable(raw, name, limits)
    text, notes = text_of(raw)
    if is_json_lines(name, text):
        return _from_json(text, name, notes, limits)
    return _from_delimited(text, name, notes, limits)


# ----------------------------------------------------------------------------- JSON lines


def _from_json(text: str, name: str, notes: tuple[str, ...], limits: Limits) -> Table:
    objects: list[tuple[int, dict[str, Any]]] = []
    errors: list[RowError] = []
    for number, value in json_lines(text, limits):
        if isinstance(value, RowError):
            errors.append(value)
        else:
            objects.append((number, value))
    columns = tuple(dict.fromkeys(key for _, value in objects for key in value))
    _check_columns(columns, name, limits)
    rows = tuple(
        TableRow(number, tuple(_cell(value.get(column)) for column in columns))
        for number, value in objects
    )
    return Table(name, columns, rows, tuple(errors), notes)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# ----------------------------------------------------------------------------- delimited


def _from_delimited(text: str, name: str, notes: tuple[str, ...], limits: Limits) -> Table:
    declared = _SEPARATOR.match(text)
    skipped = 1 if declared else 0
    text = text[declared.end() :] if declared else text
    delimiter = declared[1] if declared else _delimiter(text)
    records = ((number + skipped, cells) for number, cells in _records(text, delimiter))
    rows, errors = _kept(records, limits)
    if not rows:
        raise SourceError(f"{name} holds no row that can be read: save it as CSV with a header")
    columns, rows, guessed = _header(rows)
    _check_columns(columns, name, limits)
    fitted = [_fitted(row, len(columns)) for row in rows]
    errors += [row for row in fitted if isinstance(row, RowError)]
    errors.sort(key=lambda error: error.row)
    good = tuple(row for row in fitted if isinstance(row, TableRow))
    return Table(name, columns, good, tuple(errors), notes + guessed)


def _delimiter(text: str) -> str:
    """Return the delimiter that parts the header into most cells; ties go to the steadier one."""
    scored = [(_score(text, delimiter), delimiter) for delimiter in DELIMITERS]
    (cells, _), best = max(scored, key=lambda pair: pair[0])
    return best if cells > 1 else NO_DELIMITER


def _score(text: str, delimiter: str) -> tuple[int, float]:
    sizes = [
        len(cells)
        for _, cells in islice(_records(text, delimiter), SAMPLE_ROWS)
        if not isinstance(cells, RowError) and any(cells)
    ]
    if not sizes:
        return 0, 0.0
    return sizes[0], sum(size == sizes[0] for size in sizes) / len(sizes)


def _records(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | RowError]]:
    """Yield (row, cells) or why the row cannot be parted; rows count as in a spreadsheet."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield number, _unparted(number, str(error))


def _unparted(number: int, said: str) -> RowError:
    if "unexpected end" in said:
        reason = "a quotation mark opens here and none closes it; the rest of the file was read as"
        return RowError(number, "", "", f"{reason} one cell", "close it, or double a mark in text")
    if "field larger" in said:
        return RowError(number, "", "", "a cell is too long to be read", "shorten it")
    return RowError(number, "", "", f"cannot be parted into cells ({said})", "double quotation "
                    "marks inside quoted text")  # fmt: skip


def _kept(
    records: Iterator[tuple[int, list[str] | RowError]], limits: Limits
) -> tuple[list[TableRow], list[RowError]]:
    rows: list[TableRow] = []
    errors: list[RowError] = []
    for number, said in records:
        if isinstance(said, RowError):
            errors.append(said)
            continue
        cells = tuple(map(unguarded, said))
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) > limits.rows:  # the header is one of them
            errors.append(too_many_rows(number, limits))
            break
        rows.append(TableRow(number, cells))
    return rows, errors


def _header(rows: list[TableRow]) -> tuple[tuple[str, ...], list[TableRow], tuple[str, ...]]:
    """Return the columns' names, the rows below, and what was guessed."""
    first = rows[0]
    if any(len(cell) > HEADER_CHARS or len(cell.split()) > HEADER_WORDS for cell in first.cells):
        names = tuple(f"column {place}" for place in range(1, len(first.cells) + 1))
        return names, rows, ("The first row is a sentence, so it is read as data, not as names.",)
    cells = list(first.cells)
    while len(cells) > 1 and not cells[-1].strip():
        cells.pop()
    return _distinct(cells), rows[1:], ()


def _distinct(cells: Sequence[str]) -> tuple[str, ...]:
    seen: Counter[str] = Counter()
    names = []
    for place, cell in enumerate(cells, 1):
        name = " ".join(cell.split()) or f"column {place}"
        seen[name] += 1
        while seen[name] > 1:
            name = f"{name} ({seen[name]})"
            seen[name] += 1
        names.append(name)
    return tuple(names)


def _fitted(row: TableRow, columns: int) -> TableRow | RowError:
    extra = row.cells[columns:]
    if any(cell.strip() for cell in extra):
        reason = f"{len(row.cells)} cells under a header of {columns}"
        remedy = "put quotation marks around text that holds the delimiter"
        return RowError(row.number, "", extra[0], reason, remedy)
    missing = ("",) * (columns - len(row.cells))
    return TableRow(row.number, row.cells[:columns] + missing)


def _check_columns(columns: Sequence[str], name: str, limits: Limits) -> None:
    if len(columns) > limits.columns:
        raise SourceError(
            f"{name} has {len(columns):,} columns, more than {limits.columns}: keep those with "
            "the query, the skills and the split"
        )
