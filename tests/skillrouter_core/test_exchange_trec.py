"""TREC files: stable ids, texts of any shape beside the grades, faults named by line."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.trec import (
    query_id,
    read_qrels,
    read_topics,
    to_qrels,
    to_topics,
)
from skillrouter_core.records.exchange import LabelRow

WORDS = (
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), min_size=1)
    .map(str.strip)
    .filter(bool)
)


def test_lines_are_what_trec_eval_reads() -> None:
    rows = [LabelRow("merge", "a/b c", 3), LabelRow("merge", "d", None), LabelRow("x", "50%", 0)]
    merge, other = query_id("merge"), query_id("x")
    assert to_qrels(rows) == f"{merge} 0 a/b%20c 3\n{other} 0 50%25 0\n"
    assert to_topics(["merge", "x", "merge"]) == f"{merge}\tmerge\n{other}\tx\n"


def test_query_id_is_made_from_the_text_alone() -> None:
    assert query_id("") == "qe3b0c44298fc1c14"  # SHA-256 of nothing begins so
    assert query_id("merge") != query_id("merge ")


@given(st.lists(st.tuples(WORDS, WORDS, st.sampled_from([0, 1, 2, 3])), min_size=1, max_size=5))
def test_grades_and_texts_are_read_back(labels: list[tuple[str, str, int]]) -> None:
    rows = [LabelRow(query, skill_id, grade) for query, skill_id, grade in labels]
    topics = read_topics(to_topics(row.query for row in rows).encode(), "x.queries.tsv")
    found = read_qrels(to_qrels(rows).encode(), "x.qrels", topics)
    assert found.errors == ()
    assert [(row.query, row.skill_id, row.grade) for row in found.rows] == labels


@given(st.binary(max_size=200))
def test_no_bytes_break_the_readers(raw: bytes) -> None:
    with suppress(SourceError):
        assert all(key and text.strip() for key, text in read_topics(raw, "x.tsv").items())
    with suppress(SourceError):
        assert {row.query for row in read_qrels(raw, "x.qrels", {"q": "text"}).rows} <= {"text"}


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("q1 0 a", "", "3 values"),
        ("q9 0 a 3", "query id", "no text for this query"),
        ("q1 0 a 4", "grade", "no grade"),
        ("q1 0 a -2", "grade", "no grade"),
    ],
)
def test_unusable_line_is_named(line: str, column: str, reason: str) -> None:
    found = read_qrels(f"q1 0 a 3\n\n{line}\n".encode(), "x.qrels", {"q1": "merge"})
    (error,) = found.errors
    assert (error.row, error.column) == (3, column)
    assert reason in error.reason
    assert len(found.rows) == 1


def test_binary_grades_get_a_warning() -> None:
    assert "read as related" in read_qrels(b"q 0 a 1\nq 0 b 0\n", "x", {"q": "t"}).notes[0]
    assert read_qrels(b"q 0 a 1\nq 0 b 3\n", "x", {"q": "t"}).notes == ()


def test_lines_beyond_the_cap_are_said_to_be_unread() -> None:
    found = read_qrels(b"q 0 a 3\n" * 4, "x", {"q": "t"}, Limits(rows=2))
    assert (len(found.rows), len(found.errors)) == (2, 1)


@pytest.mark.parametrize(
    ("raw", "words"),
    [(b"q1\n", "row 1: 1 cells"), (b"q1\t\n", "row 1"), (b'q1\t"x"y\n', "quotation marks")],
)
def test_bad_topics_are_refused(raw: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read_topics(raw, "x.queries.tsv")
