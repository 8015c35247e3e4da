"""Verdicts in files: there and back without loss, every fault named by its row."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.formats import format_of
from skillrouter_core.labelling.exchange.labels import (
    COLUMNS,
    is_label_table,
    read_labels,
    to_json_lines,
    to_label_csv,
)
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.tables import read_table
from skillrouter_core.labelling.exchange.verdicts import content_token
from skillrouter_core.records import Split
from skillrouter_core.records.exchange import LabelFormat, LabelRow

WORDS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=20)
NAMES = WORDS.map(str.strip).filter(bool)
ROWS = st.builds(
    LabelRow,
    query=NAMES.filter(lambda text: not text.startswith("\ufeff")),
    skill_id=NAMES,
    grade=st.sampled_from([None, 0, 1, 2, 3]),
    content_hash=st.sampled_from(["", "0123456789abcdef" * 4]),
    annotator=WORDS.map(str.strip),
    at=st.none() | st.datetimes(timezones=st.just(UTC)),
    seconds=st.none() | st.floats(0, 3600),
    note=WORDS,
    origin=WORDS,
    split=st.none() | st.sampled_from(Split),
    suites=st.none() | st.lists(NAMES, unique=True, max_size=3).map(tuple),
)


def numbered(rows: list[LabelRow], first: int) -> tuple[LabelRow, ...]:
    from dataclasses import replace

    return tuple(replace(row, row=place) for place, row in enumerate(rows, first))


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_json_lines_lose_nothing(rows: list[LabelRow]) -> None:
    found = read_labels(to_json_lines(rows).encode(), "x.jsonl")
    assert found.errors == ()
    assert found.rows == numbered(rows, 1)


@given(st.lists(ROWS, min_size=1, max_size=5))
def test_csv_loses_nothing(rows: list[LabelRow]) -> None:
    found = read_labels(to_label_csv(rows).encode(), "x.csv")
    assert found.errors == ()
    assert found.rows == numbered(rows, 2)


@given(st.binary(max_size=200), st.sampled_from(["x.csv", "x.jsonl"]))
def test_no_bytes_break_the_reader(raw: bytes, name: str) -> None:
    with suppress(SourceError):
        found = read_labels(raw, name)
        assert all(row.query and row.skill_id for row in found.rows)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(COLUMNS), json_values))
def test_no_values_break_the_reader(record: dict[str, object]) -> None:
    found = read_labels((json.dumps(record) + "\n").encode(), "x.jsonl")
    assert len(found.rows) + len(found.errors) == 1
    assert all(str(error) for error in found.errors)


def read(**values: object) -> LabelRow | str:
    """The verdict, or the column at fault."""
    record = {"query": "q", "skill_id": "a", "grade": 3} | values
    found = read_labels((json.dumps(record) + "\n").encode(), "x.jsonl", Limits(text_chars=40))
    return found.rows[0] if found.rows else found.errors[0].column


@pytest.mark.parametrize(
    ("given_grade", "grade"),
    [(3, 3), ("2", 2), (1.0, 1), ("0.0", 0), (None, None), ("can't tell", None)],
)
def test_grades_people_write(given_grade: object, grade: int | None) -> None:
    row = read(grade=given_grade)
    assert isinstance(row, LabelRow)
    assert row.grade == grade


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("query", ""),
        ("query", "   "),
        ("query", 7),
        ("query", "q" * 41),
        ("skill_id", None),
        ("skill_id", "x" * 501),
        ("grade", 4),
        ("grade", -1),
        ("grade", True),
        ("grade", "good"),
        ("grade", ""),
        ("grade", 2.5),
        ("content_hash", "abc"),
        ("content_hash", "G" * 64),
        ("annotator", "x" * 201),
        ("at", "yesterday"),
        ("at", 17),
        ("at", "0001-01-01T00:00:00+10:00"),
        ("seconds", -1),
        ("seconds", 3601),
        ("seconds", "long"),
        ("seconds", True),
        ("note", "x" * 10_001),
        ("split", "both"),
        ("suites", 3),
        ("suites", [""]),
        ("suites", [4]),
        ("suites", "[oops"),
    ],
)
def test_unusable_value_is_named(column: str, value: object) -> None:
    assert read(**{column: value}) == column


def test_missing_grade_is_no_verdict() -> None:
    (error,) = read_labels(b'{"query": "q", "skill_id": "a"}\n', "x.jsonl").errors
    assert (error.row, error.column) == (1, "grade")


def test_moment_without_a_zone_is_utc() -> None:
    row = read(at="2026-01-31 12:00:00")
    assert isinstance(row, LabelRow)
    assert row.at == datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_other_names_of_columns_are_understood() -> None:
    found = read_labels(b"Text,Skill,Grade,Suite\nq,a,3,nightly\n", "x.csv")
    assert found.rows == (LabelRow("q", "a", 3, suites=("nightly",), row=2),)


def test_csv_without_a_needed_column_is_refused() -> None:
    with pytest.raises(SourceError, match="no column skill_id and no column grade"):
        read_labels(b"query,note\nq,x\n", "x.csv")


@pytest.mark.parametrize(
    ("header", "labels"), [("query,skill_id,grade", True), ("query,expected", False)]
)
def test_labels_are_told_from_queries(header: str, labels: bool) -> None:
    assert is_label_table(read_table(f"{header}\n1,2,3\n".encode(), "x.csv")) is labels


def test_agreed_lines_say_who_judged() -> None:
    rows = [
        LabelRow("q", "a", 2, judges=("ann", "bob"), contested=True),
        LabelRow("q", "b", None, annotator="ann"),
    ]
    first, second = map(json.loads, to_json_lines(rows).splitlines())
    assert (first["judges"], first["settled"], first["contested"]) == (["ann", "bob"], False, True)
    assert "judges" not in second
    assert to_label_csv(rows).splitlines()[1].endswith('"[""ann"", ""bob""]",false,true')


def test_token_is_the_content() -> None:
    row = LabelRow("q", "a", 3, annotator="ann")
    assert content_token(row) == content_token(LabelRow("q", "a", 3, annotator="ann", row=9))
    assert len(content_token(row)) == 64
    for other in (LabelRow("q", "a", 2, annotator="ann"), LabelRow("q", "a", 3, annotator="bob")):
        assert content_token(row) != content_token(other)


@pytest.mark.parametrize(
    ("name", "folder", "found"),
    [
        ("labels.jsonl", False, LabelFormat.JSONL),
        ("LABELS.CSV", False, LabelFormat.CSV),
        ("/a.b/run.qrels", False, LabelFormat.QRELS),
        ("x.triplets.jsonl", False, LabelFormat.TRIPLETS),
        ("x.listwise.jsonl", False, LabelFormat.LISTWISE),
        ("x.queries.csv", False, LabelFormat.QUERIES),
        ("bench.zip", False, LabelFormat.EVAL_CORE),
        ("/a.b/bench", False, LabelFormat.EVAL_CORE),
        ("bench.v2", True, LabelFormat.EVAL_CORE),
    ],
)
def test_format_by_name(name: str, folder: bool, found: LabelFormat) -> None:
    assert format_of(name, folder=folder) is found
