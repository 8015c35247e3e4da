"""Which grade several verdicts add up to, and when they conflict: the rules as tables."""

from __future__ import annotations

import math

import pytest

from skillrouter_core.labelling.consensus import conflicts, consensus, grade_table
from tests.label_records import said, settled

PEOPLE = "abcdefg"


def verdicts(*grades: int | None) -> list:
    return [said(name, grade) for name, grade in zip(PEOPLE, grades, strict=False)]


@pytest.mark.parametrize(
    ("grades", "grade", "contested"),
    [
        ((3,), 3, False),
        ((None,), None, False),
        ((2, 2), 2, False),
        ((2, None), 2, False),
        ((None, None), None, False),
        ((2, 3), 2, False),
        ((0, 1), 0, False),
        ((1, 2), 1, True),  # one says useful, the other does not
        ((0, 2), 1, True),
        ((0, 3), 1, True),
        ((1, 3), 2, True),
        ((0, 0, 1), 0, False),
        ((2, 3, 3), 3, False),
        ((1, 1, 2), 1, True),
        ((0, 1, 3), 1, True),
        ((0, 1, 2, 3), 1, True),
        ((2, 2, 3, None), 2, False),
    ],
)
def test_grades_add_up(grades: tuple, grade: int | None, contested: bool) -> None:
    (found,) = consensus(verdicts(*grades), [])
    assert (found.grade, found.contested, found.settled) == (grade, contested, False)
    assert found.judges == tuple(PEOPLE[: len(grades)])


@pytest.mark.parametrize("grade", [0, 2, 3, None])
def test_settled_grade_wins_and_ends_the_conflict(grade: int | None) -> None:
    said_so = verdicts(0, 3)
    (found,) = consensus(said_so, [settled(1, minutes=30), settled(grade)])
    assert (found.grade, found.settled, found.contested) == (grade, True, False)
    (conflict,) = conflicts(said_so, [settled(grade)])
    assert conflict.settlement is not None
    assert conflict.settlement.grade == grade


def test_settlement_outlives_its_verdicts() -> None:
    (found,) = consensus([], [settled(2)])
    assert (found.grade, found.judges, found.content_hash) == (2, (), "a")


def test_verdicts_on_an_older_text_no_longer_count() -> None:
    every = [said("ada", 3), said("bob", 0, text="b", minutes=1), said("cyn", 1, text="b")]
    (found,) = consensus(every, [])
    assert (found.content_hash, found.grade, found.judges) == ("b", 0, ("bob", "cyn"))
    (conflict,) = conflicts(every, [])
    assert [one.annotator for one in conflict.verdicts] == ["cyn", "bob"]
    assert [one.annotator for one in conflict.older] == ["ada"]
    assert not conflict.serious


def test_settlement_counts_until_another_text_is_judged() -> None:
    before = [said("ada", 3), said("bob", 0)]
    (found,) = consensus([*before, said("cyn", 2, text="b", minutes=90)], [settled(1)])
    assert (found.content_hash, found.grade, found.settled) == ("b", 2, False)
    # The same text judged again changes nothing: it was settled.
    (found,) = consensus([*before, said("cyn", 2, minutes=90)], [settled(1)])
    assert (found.grade, found.settled) == (1, True)
    # Settled on a text that nobody judged yet: the newest word is the settlement.
    (found,) = consensus(before, [settled(1, text="b")])
    assert (found.content_hash, found.grade, found.judges) == ("b", 1, ())


def test_pairs_come_in_order_of_first_mention_and_apart() -> None:
    every = [
        said("ada", 3, skill="mine/one"),
        said("ada", 1, skill="mine/two"),
        said("bob", 3, skill="mine/one"),
        said("bob", 0, query="other", skill="mine/one"),
    ]
    found = [(one.query_text, one.skill_id, one.grade) for one in consensus(every, [])]
    assert found == [
        ("merge my files", "mine/one", 3),
        ("merge my files", "mine/two", 1),
        ("other", "mine/one", 0),
    ]


def test_conflicts_are_ordered_by_how_bad_they_are() -> None:
    every = [
        *(said(name, grade, skill="mild", minutes=9) for name, grade in (("a", 2), ("b", 3))),
        *(said(name, grade, skill="old", minutes=1) for name, grade in (("a", 1), ("b", 2))),
        *(said(name, grade, skill="new", minutes=2) for name, grade in (("a", 1), ("b", 2))),
        *(said(name, grade, skill="wide") for name, grade in (("a", 0), ("b", 3), ("c", None))),
        *(said(name, grade, skill="none") for name, grade in (("a", 1), ("b", None))),
    ]
    found = conflicts(every, [])
    assert [one.skill_id for one in found] == ["wide", "new", "old", "mild"]
    assert [one.spread for one in found] == [3, 1, 1, 1]
    assert [one.serious for one in found] == [True, True, True, False]
    assert len(found[0].verdicts) == 3


def test_grades_share_a_row_only_on_the_same_text() -> None:
    table, names = grade_table(
        [said("bob", 2), said("ada", None), said("cyn", 1), said("cyn", 3, text="b")]
    )
    assert names == ("ada", "bob", "cyn")
    rows = [[None if math.isnan(value) else value for value in row] for row in table]
    assert rows == [[None, 2, 1], [None, None, 3]]


def test_nothing_said() -> None:
    assert consensus([], []) == ()
    assert conflicts([], []) == ()
    table, names = grade_table([])
    assert (table.shape, names) == ((0, 0), ())
