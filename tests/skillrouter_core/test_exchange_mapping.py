"""From rows to queries: columns guessed, ids matched, faults named, texts kept once."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.mapping import id_list, map_rows, propose_mapping
from skillrouter_core.labelling.exchange.tables import read_table
from skillrouter_core.parsing import clean_text
from skillrouter_core.records import NewQuery, Split
from skillrouter_core.records.exchange import ColumnMapping, MappedQueries, Table, TableRow

KNOWN = KnownSkills(["mine/pdf/merge", "mine/pdf/split", "other/pdf/split", "mine/notes"])
MAPPING = ColumnMapping("query", "expected", "grade", "split")


def mapped(*rows: str, mapping: ColumnMapping = MAPPING, **limits: int) -> MappedQueries:
    raw = "\n".join(("query,expected,grade,split", *rows)).encode()
    return map_rows(read_table(raw, "x.csv"), mapping, KNOWN, Limits(**limits))


@pytest.mark.parametrize(
    ("header", "proposed"),
    [
        ("Query;Skill ID;Grade;Split", ColumnMapping("Query", "Skill ID", "Grade", "Split")),
        ("instruction_text,core_gt_ids", ColumnMapping("instruction_text", "core_gt_ids")),
        ("id,What people typed,expected", ColumnMapping("What people typed", "expected")),
        ("n,m", ColumnMapping("m")),
    ],
)
def test_columns_are_guessed(header: str, proposed: ColumnMapping) -> None:
    cells = ["1", "a rather long request", "x", ""][: header.count(",") + header.count(";") + 1]
    delimiter = ";" if ";" in header else ","
    table = read_table(f"{header}\n{delimiter.join(cells)}\n".encode(), "x.csv")
    assert propose_mapping(table) == proposed


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("mine/pdf/merge", "mine/pdf/merge"),
        ("pdf/merge", "mine/pdf/merge"),
        ("merge", "mine/pdf/merge"),
        ("/merge/", "mine/pdf/merge"),
        ("notes", "mine/notes"),
        ("split", None),
        ("pdf/split", None),
        ("other/pdf/split", "other/pdf/split"),
        ("erge", None),
        ("mine", None),
        ("", None),
    ],
)
def test_ids_are_matched_where_that_is_certain(written: str, found: str | None) -> None:
    assert KNOWN.find(written) == found


def test_ambiguous_and_unknown_ids_say_what_to_do() -> None:
    assert "2 skills end so (mine/pdf/split, other/pdf/split)" in KNOWN.why_not("split")[0]
    assert "import its catalog" in KNOWN.why_not("nope")[1]


@pytest.mark.parametrize(
    ("row", "query"),
    [
        ("merge files,merge,,", NewQuery("merge files", ("mine/pdf/merge",))),
        ("q,merge|notes,,", NewQuery("q", ("mine/pdf/merge", "mine/notes"))),
        ('q,"[""merge"", ""notes""]",,', NewQuery("q", ("mine/pdf/merge", "mine/notes"))),
        ("q,merge | merge|,3,", NewQuery("q", ("mine/pdf/merge",))),
        ("q,merge,2,", NewQuery("q")),
        ("q,no such skill,0,", NewQuery("q")),
        ("q,,,Held_out", NewQuery("q", (), Split.HELD_OUT)),
        ("q,,,TEST", NewQuery("q", (), Split.HELD_OUT)),
        ("q,,,train", NewQuery("q", (), Split.TRAIN)),
        ("  q \x07,,,", NewQuery("q")),
    ],
)
def test_row_becomes_a_query(row: str, query: NewQuery) -> None:
    found = mapped(row)
    assert found.errors == ()
    assert found.queries == (query,)


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        (",merge,,", "query", "", "the query is empty"),
        ("q,nope,,", "expected", "nope", "no skill of any catalog"),
        ("q,split,,", "expected", "split", "2 skills end so"),
        ("q,[oops,,", "expected", "[oops", "JSON list"),
        ("q,[1],,", "expected", "[1]", "other things than texts"),
        ("q,merge,good,", "grade", "good", "no number"),
        ("q,,,sometimes", "split", "sometimes", "no side"),
        ("q" * 31 + ",,,", "query", "q" * 31, "31 characters, more than 30"),
        ("q,merge|notes|mine/pdf/split,,", "expected", "q", "more than 2 skills"),
    ],
)
def test_unusable_row_is_named(row: str, column: str, value: str, reason: str) -> None:
    found = mapped("good,,,", row, text_chars=30, expected=2)
    (error,) = found.errors
    assert (error.row, error.column, error.value) == (3, column, value)
    assert reason in error.reason
    assert error.remedy
    assert [query.text for query in found.queries] == ["good"]
    assert found.rows == 2


def test_rows_of_one_text_are_put_together() -> None:
    found = mapped("q,merge,3,", "other,,,", "q,notes,3,test", "q,mine/pdf/split,1,")
    assert found.queries == (
        NewQuery("q", ("mine/pdf/merge", "mine/notes"), Split.HELD_OUT),
        NewQuery("other"),
    )
    assert found.notes == (
        "2 rows repeat the text of another one: what they expect is put together.",
    )


def test_one_text_cannot_be_on_both_sides() -> None:
    found = mapped("q,,,train", "q,,,test", "q,merge,,train")
    assert [error.row for error in found.errors] == [3]
    assert found.queries == (NewQuery("q", ("mine/pdf/merge",), Split.TRAIN),)


def test_held_out_text_never_goes_back_to_train() -> None:
    table = read_table(b"query,split\nq,train\nq,\nr,train\n", "x.csv")
    found = map_rows(table, ColumnMapping("query", split="split"), KNOWN, held_out={"q"})
    assert [(error.row, error.value) for error in found.errors] == [(2, "q")]
    assert found.queries == (NewQuery("q"), NewQuery("r", (), Split.TRAIN))


def test_commas_between_ids_are_explained() -> None:
    (error,) = mapped('q,"merge, notes",,').errors
    assert "part several ids by |" in error.remedy


def test_errors_of_the_file_and_of_its_rows_come_in_order() -> None:
    assert [error.row for error in mapped("q,nope,,", "a,b,c,d,e", ",,,x").errors] == [2, 3, 4]


@pytest.mark.parametrize(
    "mapping", [ColumnMapping(""), ColumnMapping("nope"), ColumnMapping("query", split="nope")]
)
def test_mapping_must_name_columns_there_are(mapping: ColumnMapping) -> None:
    with pytest.raises(UsageError, match="column"):
        mapped("q,,,", mapping=mapping)


@given(st.text())
def test_id_lists_never_break(value: str) -> None:
    try:
        found = id_list(value)
    except ValueError:
        assert value.startswith("[")
        return
    assert all(one and one == one.strip() for one in found)


CELLS = st.text(max_size=8) | st.sampled_from(["merge", "notes|merge", '["notes"]', "3", "test"])


@given(st.lists(st.tuples(CELLS, CELLS, CELLS, CELLS), max_size=8))
def test_every_row_is_a_query_or_an_error(grid: list[tuple[str, ...]]) -> None:
    rows = tuple(TableRow(number, cells) for number, cells in enumerate(grid, 2))
    table = Table("x.csv", ("query", "expected", "grade", "split"), rows)
    found = map_rows(table, MAPPING, KNOWN)
    faulty = {error.row for error in found.errors}
    assert len(faulty) == len(found.errors)
    texts = {clean_text(row.cells[0]).strip() for row in rows if row.number not in faulty}
    assert {query.text for query in found.queries} == texts
    assert all(skill_id in KNOWN for query in found.queries for skill_id in query.expected)
