"""Saved queries: suites, what is expected, and a text on one side of training for good."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import select

from db.models import QueryRow
from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import NewQuery, SavedCounts, Split, SuiteSize
from skillrouter_core.workspace import Workspace

TRAIN, HELD_OUT = Split.TRAIN, Split.HELD_OUT
TEXTS = [f"query number {number}" for number in range(200)]
FOR_TRAINING = next(text for text in TEXTS if split_of(text) is TRAIN)
FOR_MEASURING = next(text for text in TEXTS if split_of(text) is HELD_OUT)


def save(
    ws: Workspace, *rows: NewQuery | str, suite: str = "mine", held_out: bool = False
) -> SavedCounts:
    given = [NewQuery(row) if isinstance(row, str) else row for row in rows]
    return ws.labels.save_queries(given, suite, "ann", "upload", held_out=held_out)


def expected(ws: Workspace, suite: str | None = None) -> dict[str, tuple[str, ...]]:
    return {one.text: one.expected for one in ws.labels.queries(suite)}


def test_batch_is_kept_with_author_source_and_side(workspace: Workspace) -> None:
    assert save(workspace, NewQuery(f" {FOR_TRAINING} ", ("a/x",)), FOR_MEASURING) == SavedCounts(
        2, 0, 0
    )
    first, second = workspace.labels.queries("mine")
    assert (first.text, first.expected, first.split) == (FOR_TRAINING, ("a/x",), TRAIN)
    assert (second.text, second.expected, second.split) == (FOR_MEASURING, (), HELD_OUT)
    assert {(one.author, one.source) for one in (first, second)} == {("ann", "upload")}
    assert workspace.labels.queries(split=HELD_OUT) == (second,)
    assert workspace.labels.queries("other") == ()


def test_same_batch_again_changes_nothing(workspace: Workspace) -> None:
    rows = [NewQuery(text, (f"a/{number}",)) for number, text in enumerate(TEXTS)]
    assert save(workspace, *rows) == SavedCounts(len(rows), 0, 0)
    before, version = workspace.labels.queries(), workspace.labels.version()
    assert save(workspace, *rows) == SavedCounts(0, 0, len(rows))
    assert workspace.labels.queries() == before
    assert workspace.labels.version() == version


def test_rows_of_one_text_put_together_what_they_expect(workspace: Workspace) -> None:
    rows = [NewQuery("q", ("a/1", "a/2")), NewQuery("r"), NewQuery("q ", ("a/2", "a/3"))]
    assert save(workspace, *rows) == SavedCounts(2, 0, 0)
    assert expected(workspace) == {"q": ("a/1", "a/2", "a/3"), "r": ()}


@pytest.mark.parametrize(
    ("given", "counts", "left"),
    [
        ((), SavedCounts(0, 0, 1), ("a/1",)),
        (("a/1",), SavedCounts(0, 0, 1), ("a/1",)),
        (("a/2",), SavedCounts(0, 1, 0), ("a/2",)),
    ],
)
def test_row_without_expected_skills_leaves_those_that_are_there(
    workspace: Workspace, given: tuple[str, ...], counts: SavedCounts, left: tuple[str, ...]
) -> None:
    save(workspace, NewQuery("q", ("a/1",)))
    assert save(workspace, NewQuery("q", given)) == counts
    assert expected(workspace) == {"q": left}


def test_held_out_batch_moves_every_copy_of_its_texts(workspace: Workspace) -> None:
    workspace.labels.save_query(FOR_TRAINING, suite="daily")
    workspace.labels.save_query("another one to train with", suite="daily")
    assert save(workspace, FOR_TRAINING, held_out=True) == SavedCounts(1, 0, 0)
    sides = {(one.suite, one.text): one.split for one in workspace.labels.queries()}
    assert sides["daily", FOR_TRAINING] is HELD_OUT
    assert sides["mine", FOR_TRAINING] is HELD_OUT
    assert sides["daily", "another one to train with"] is split_of("another one to train with")
    assert save(workspace, FOR_TRAINING, held_out=True) == SavedCounts(0, 0, 1)


def test_declaring_what_is_there_already_counts_as_a_change(workspace: Workspace) -> None:
    save(workspace, FOR_TRAINING)
    assert save(workspace, FOR_TRAINING, held_out=True) == SavedCounts(0, 1, 0)
    assert save(workspace, NewQuery(FOR_TRAINING, split=HELD_OUT)) == SavedCounts(0, 0, 1)


def test_new_copy_joins_the_side_of_the_others(workspace: Workspace) -> None:
    save(workspace, FOR_TRAINING, held_out=True)
    assert workspace.labels.save_query(FOR_TRAINING, suite="route").split is HELD_OUT
    save(workspace, FOR_TRAINING, suite="upload")
    assert {one.split for one in workspace.labels.queries()} == {HELD_OUT}


def test_row_may_declare_training_for_a_text_nobody_keeps(workspace: Workspace) -> None:
    save(workspace, NewQuery(FOR_MEASURING, split=TRAIN))
    assert workspace.labels.split(FOR_MEASURING) is TRAIN
    assert workspace.labels.save_query(FOR_MEASURING, suite="route").split is TRAIN


@pytest.mark.parametrize(
    ("rows", "held_out"),
    [
        ([NewQuery("held", split=TRAIN)], False),
        ([NewQuery("other"), NewQuery("held ", ("a/x",), TRAIN)], False),
        ([NewQuery("new", split=TRAIN)], True),
        ([NewQuery("new", split=TRAIN), NewQuery("new", split=HELD_OUT)], False),
    ],
)
def test_held_out_text_is_never_trained_with_unseen(
    workspace: Workspace, rows: list[NewQuery], held_out: bool
) -> None:
    save(workspace, "held", held_out=True)
    before = workspace.labels.queries()
    refused = "held" if rows[0].text != "new" else "new"
    with pytest.raises(UsageError, match=f"'{refused}' is held out"):
        save(workspace, *rows, suite="more", held_out=held_out)
    assert workspace.labels.queries() == before


@pytest.mark.parametrize("way", ["query", "suite"])
def test_declared_side_outlives_the_query(workspace: Workspace, way: str) -> None:
    save(workspace, FOR_TRAINING, held_out=True)
    (kept,) = workspace.labels.queries()
    if way == "query":
        workspace.labels.remove_query(kept.query_id)
    else:
        assert workspace.labels.remove_suite("mine") == 1
    assert workspace.labels.queries() == ()
    assert workspace.labels.suites() == ()
    assert workspace.labels.suite_sizes() == ()
    assert workspace.labels.split(FOR_TRAINING) is HELD_OUT
    with pytest.raises(UsageError, match="held out"):
        save(workspace, NewQuery(FOR_TRAINING, split=TRAIN))
    with pytest.raises(NotFoundError):
        workspace.labels.remove_query(kept.query_id)
    assert workspace.labels.save_query(FOR_TRAINING).split is HELD_OUT


def test_removing_forgets_what_the_text_says_itself(workspace: Workspace) -> None:
    save(workspace, FOR_TRAINING, FOR_MEASURING)
    save(workspace, FOR_TRAINING, suite="other")
    assert workspace.labels.remove_suite("mine") == 2
    with workspace.database.read() as session:
        rows = session.execute(select(QueryRow.suite, QueryRow.text)).all()
    assert [tuple(row) for row in rows] == [("other", FOR_TRAINING)]


def test_remembered_side_is_kept_once(workspace: Workspace) -> None:
    for suite in ("one", "two"):
        save(workspace, FOR_TRAINING, suite=suite, held_out=True)
    for _ in range(2):
        workspace.labels.remove_suite("one")
        workspace.labels.remove_suite("two")
        save(workspace, FOR_TRAINING, suite="one")
        save(workspace, FOR_TRAINING, suite="two")
    workspace.labels.remove_suite("two")
    with workspace.database.read() as session:
        rows = session.execute(select(QueryRow.suite, QueryRow.split)).all()
    assert [tuple(row) for row in rows] == [("one", "held-out")]


def test_removing_an_unknown_suite_names_those_there_are(workspace: Workspace) -> None:
    save(workspace, "q", suite="nightly")
    for name in ("gone", ""):
        with pytest.raises(NotFoundError, match="nightly"):
            workspace.labels.remove_suite(name)


def test_suites_are_counted_by_side_and_expectation(workspace: Workspace) -> None:
    save(workspace, NewQuery(FOR_TRAINING, ("a/x",)), FOR_MEASURING, suite="b")
    save(workspace, "one", "two", suite="a", held_out=True)
    assert workspace.labels.suite_sizes() == (
        SuiteSize("a", queries=2, train=0, held_out=2, expected=0),
        SuiteSize("b", queries=2, train=1, held_out=1, expected=1),
    )


def test_side_of_many_texts_at_once(workspace: Workspace) -> None:
    save(workspace, *(NewQuery(text, split=HELD_OUT) for text in TEXTS[:100]))
    many = [f" {text}" for text in TEXTS] + [f"{number} more" for number in range(900)]
    sides = workspace.labels.splits(many)
    assert list(sides) == many
    assert all(sides[f" {text}"] is HELD_OUT for text in TEXTS[:100])
    others = [text for text in many if text.strip() not in TEXTS[:100]]
    assert [sides[text] for text in others] == [split_of(text) for text in others]
    assert workspace.labels.split(f"{FOR_TRAINING}  ") is HELD_OUT


@pytest.mark.parametrize(
    ("rows", "suite", "source", "refused"),
    [
        (["fine", " "], "mine", "upload", "query is empty"),
        (["fine"], " ", "upload", "suite"),
        (["fine"], "x" * 201, "upload", "suite"),
        (["fine"], "mine", "telepathy", "telepathy"),
    ],
)
def test_batch_with_one_bad_value_is_not_kept(
    workspace: Workspace, rows: list[str], suite: str, source: str, refused: str
) -> None:
    with pytest.raises(UsageError, match=refused):
        workspace.labels.save_queries([NewQuery(row) for row in rows], suite, "ann", source)
    assert workspace.labels.queries() == ()


def test_saved_again_with_an_expectation_keeps_number_and_moment(workspace: Workspace) -> None:
    first = workspace.labels.save_query("q", author="ann", source="typed")
    again = workspace.labels.save_query("q", expected=["a/x"], author="bob")
    assert (again.query_id, again.created_at) == (first.query_id, first.created_at)
    assert (again.author, again.source) == ("bob", "typed")


def test_two_writers_declaring_and_saving_leave_a_text_on_one_side(workspace: Workspace) -> None:
    both, failures = threading.Barrier(2), []

    def write(suite: str, held_out: bool) -> None:
        try:
            both.wait()
            for text in TEXTS[:30]:
                save(workspace, text, suite=suite, held_out=held_out)
        except Exception as error:  # noqa: BLE001  # handed to the test's own thread
            failures.append(error)

    threads = [
        threading.Thread(target=write, args=("benchmark", True)),
        threading.Thread(target=write, args=("mine", False)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    kept = workspace.labels.queries()
    assert len(kept) == 60
    assert {one.split for one in kept} == {HELD_OUT}
