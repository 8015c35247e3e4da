"""Uploaded tables: every dialect, every fault named by its row, nothing silently lost."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.cells import guarded, to_csv, unguarded
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.tables import DELIMITERS, read_table

ROWS = [("query", "skill"), ("merge, then split", "a/pdf"), ("two\nlines", "b")]
CELLS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00\ufeff"))
GRIDS = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.tuples(*[CELLS] * width), min_size=1, max_size=6)
)


def written(rows: list[tuple[str, ...]], delimiter: str = ",") -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def cells(raw: bytes, name: str = "x.csv") -> list[tuple[str, ...]]:
    return [row.cells for row in read_table(raw, name).rows]


@pytest.mark.parametrize("delimiter", DELIMITERS)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_delimiter_and_mark_are_found(delimiter: str, mark: bytes) -> None:
    table = read_table(mark + written(ROWS, delimiter), "x.csv")
    assert table.columns == ROWS[0]
    assert [row.cells for row in table.rows] == ROWS[1:]
    assert [row.number for row in table.rows] == [2, 3]
    assert table.errors == ()


@pytest.mark.parametrize(
    ("raw", "columns", "rows"),
    [
        (b"query\nmerge, split; rotate\n", ("query",), [("merge, split; rotate",)]),
        (b"sep=;\r\nquery;skill\r\nmerge;a\r\n", ("query", "skill"), [("merge", "a")]),
        (b"a,b\r1,2\r", ("a", "b"), [("1", "2")]),
        (b"a;b\n1,5;2,5\n3,5;4,5\n", ("a", "b"), [("1,5", "2,5"), ("3,5", "4,5")]),
        (b"a,b\n\n , \n1,2\n", ("a", "b"), [("1", "2")]),
        (b"a,b\n1\n", ("a", "b"), [("1", "")]),
        (b"a,b,,\n1,2,,\n", ("a", "b"), [("1", "2")]),
        (b"a,,a\n1,2,3\n", ("a", "column 2", "a (2)"), [("1", "2", "3")]),
        ("grüße\nö\n".encode("cp1252"), ("grüße",), [("ö",)]),
        ("query\nö\n".encode("utf-16"), ("query",), [("ö",)]),
        (b'a,b\n"say ""hi""",2\n', ("a", "b"), [('say "hi"', "2")]),
        (b'a,b\n5" disk,2\n', ("a", "b"), [('5" disk', "2")]),
        (b"a\n'=1+1\n", ("a",), [("=1+1",)]),
    ],
)
def test_dialects(raw: bytes, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    table = read_table(raw, "x.csv")
    assert (table.columns, [row.cells for row in table.rows]) == (columns, rows)
    assert table.errors == ()


def test_file_without_header_is_read_as_data_and_says_so() -> None:
    raw = b"merge all my PDF files into one\nsplit this one by its chapters\n"
    table = read_table(raw, "queries.csv")
    assert table.columns == ("column 1",)
    assert [row.number for row in table.rows] == [1, 2]
    assert "read as data" in table.notes[0]


@pytest.mark.parametrize(
    ("raw", "row", "reason"),
    [
        (b"a,b\n1,2\n1,2,3\n", 3, "3 cells under a header of 2"),
        (b'a,b\n1,2\n"open,2\n3,4\n', 3, "none closes it"),
        (b'a,b\n"x"y,2\n3,4\n', 2, "cannot be parted"),
        (b"a,b\n" + b"x" * 140_000 + b",1\n", 2, "too long"),
    ],
)
def test_broken_row_is_named(raw: bytes, row: int, reason: str) -> None:
    (error,) = read_table(raw, "x.csv").errors
    assert error.row == row
    assert reason in error.reason
    assert error.remedy


def test_rows_around_a_broken_one_are_read() -> None:
    assert cells(b'a,b\n1,2\n"x"y,2\n3,4\n') == [("1", "2"), ("3", "4")]


@pytest.mark.parametrize("name", ["x.jsonl", "x.ndjson", "x"])
def test_json_lines(name: str) -> None:
    raw = b'{"q": "a\\u2028b", "n": 3}\n\n{"q": "c", "ids": ["x", "y"], "on": true, "no": null}\n'
    table = read_table(raw, name)
    assert table.columns == ("q", "n", "ids", "on", "no")
    assert [row.number for row in table.rows] == [1, 3]
    assert table.rows[0].cells == ("a\u2028b", "3", "", "", "")
    assert table.rows[1].cells == ("c", "", '["x", "y"]', "true", "")


@pytest.mark.parametrize("line", [b"{oops}", b"[1]", b'"text"', b"[" * 100_000, b"1" * 5000])
def test_line_that_is_no_object_is_named(line: bytes) -> None:
    table = read_table(b'{"q": "a"}\n' + line + b'\n{"q": "b"}\n', "x.jsonl")
    assert [error.row for error in table.errors] == [2]
    assert [row.cells for row in table.rows] == [("a",), ("b",)]
    assert len(str(table.errors[0])) < 400


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"PK\x03\x04rest", "save the sheet as CSV"),
        (b"\x1f\x8brest", "unpack it"),
        (b"a,b\n" * 40, "more than 100"),
        (b",".join(b"c%d" % number for number in range(9)) + b"\n", "9 columns, more than 8"),
        (b'"never closed', "no row that can be read"),
    ],
)
def test_file_that_is_no_table_is_refused_with_a_remedy(raw: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        read_table(raw, "x.csv", Limits(file_bytes=100, columns=8))
    assert "x.csv" in str(caught.value)


@pytest.mark.parametrize("name", ["x.csv", "x.jsonl"])
def test_rows_beyond_the_cap_are_said_to_be_unread(name: str) -> None:
    raw = b'{"a": 1}\n' * 4 if name.endswith("jsonl") else b"a\n1\n1\n1\n1\n"
    table = read_table(raw, name, Limits(rows=2))
    assert len(table.rows) == 2
    assert "more than 2 rows" in table.errors[0].reason


@given(GRIDS, st.sampled_from(DELIMITERS))
def test_whatever_csv_writes_is_read_back(grid: list[tuple[str, ...]], delimiter: str) -> None:
    header = tuple(f"c{place}" for place in range(len(grid[0])))
    text = io.StringIO(newline="")
    # The declaration decides the delimiter: one column may hold any of them.
    text.write(f"sep={delimiter}\n")
    lines = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerows([header, *([guarded(cell) for cell in row] for row in grid)])
    kept = [row for row in grid if any(cell.strip() for cell in row)]
    table = read_table(text.getvalue().encode(), "x.csv")
    assert (table.columns, table.errors) == (header, ())
    assert [row.cells for row in table.rows] == kept


@given(st.binary(max_size=300), st.sampled_from(["x.csv", "x.jsonl", "x"]))
def test_no_bytes_break_the_reader(raw: bytes, name: str) -> None:
    with suppress(SourceError):
        table = read_table(raw, name)
        assert all(len(row.cells) == len(table.columns) for row in table.rows)
        assert len(set(table.columns)) == len(table.columns)


@given(st.lists(st.dictionaries(CELLS, CELLS, max_size=4), min_size=1, max_size=5))
def test_json_lines_are_read_back(records: list[dict[str, str]]) -> None:
    raw = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()
    table = read_table(raw, "x.jsonl")
    again = [dict(zip(table.columns, row.cells, strict=True)) for row in table.rows]
    assert [{key: value for key, value in one.items() if value} for one in again] == [
        {key: value for key, value in record.items() if value} for record in records
    ]


@given(CELLS)
def test_guard_comes_off_again(cell: str) -> None:
    assert unguarded(guarded(cell)) == cell
    assert not guarded(cell).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))


def test_guarded_cells_stand_in_the_file() -> None:
    assert to_csv(("a",), [("=1+1",), ("'-x",), ("plain",)]) == "a\n'=1+1\n''-x\nplain\n"
