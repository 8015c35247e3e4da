"""In which order pairs come, and which of them may come to whom: the rules, case by case."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skillrouter_core.labelling.candidates import CandidateList, StoredCandidate
from skillrouter_core.labelling.ledger import Ledger
from skillrouter_core.labelling.strategies import (
    Order,
    QueuedPair,
    near_copies,
    ordered,
    queued_pairs,
    selected,
)
from skillrouter_core.labelling.turns import Standing
from skillrouter_core.records import VerdictKey
from skillrouter_core.records.queues import Strategy


def pair(name, doubt=0.0, shuffle=0.0, overlap=1.0, query="q"):
    return QueuedPair(query, (query, name), None, 0, doubt, shuffle, overlap)


def names(pairs):
    return [one.skill_id for one in pairs]


# ------------------------------------------------------------------ orders

POOL = [
    pair("sure", 0.1, 0.9),
    pair("torn", 0.8, 0.5),
    pair("late", 0.8, 0.6),
    pair("calm", 0.3, 0.1),
]


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (Strategy.LEAST_CERTAIN, ["torn", "late", "calm", "sure"]),
        (Strategy.CATALOG, ["torn", "late", "calm", "sure"]),
        (Strategy.CLUSTER, ["torn", "late", "calm", "sure"]),
        (Strategy.RANDOM, ["calm", "torn", "late", "sure"]),
        (Strategy.QUERY, ["sure", "torn", "late", "calm"]),
    ],
)
def test_each_strategy_has_its_order(strategy, expected):
    assert names(ordered(POOL, strategy)) == expected
    assert ordered([], strategy) == ()


def test_a_list_becomes_pairs_best_first_with_their_doubts():
    def stored(name, place, score):
        return StoredCandidate(name, "h", place, place, 1.0, score, None, None)

    found = queued_pairs(
        CandidateList("bread", "1", (stored("a", 1, 3.0), stored("b", 2, 1.0)), None), "key"
    )
    assert [(one.pair, one.count) for one in found] == [(("key", "a"), 2), (("key", "b"), 2)]
    # Both are 2 from the decision and 1 is the standard deviation; both stages agree.
    assert found[0].doubt == pytest.approx(2 * math.exp(-2) / 3)
    assert {one.query_text for one in found} == {"bread"}


def test_skills_put_aside_come_in_their_order_with_the_queries_that_hold_them():
    holding = {"b": [pair("b", 0.1, query="x"), pair("b", 0.9, query="y")]}
    nearest = {"a": [pair("a", query="z")], "b": [pair("b", query="never")]}
    found = selected({"a": "", "b": "", "c": ""}, holding, nearest)
    assert [one.pair for one in found] == [("z", "a"), ("y", "b"), ("x", "b")]


def test_near_copies_are_found_within_a_query_only():
    # Positions 0 to 2 belong to one query, 3 and 4 to another; rows 5 and 7 are near-copies.
    rows = np.array([7, 1, 5, 7, -1])
    codes = np.array([5 * 10 + 7])
    assert near_copies([[0, 1, 2], [3, 4]], rows, codes, 10).tolist() == [[0, 2]]
    assert near_copies([[0, 1, 2]], rows, np.array([], dtype=np.int64), 10).tolist() == []
    assert near_copies([], rows, codes, 10).tolist() == []
    # The same skill twice is no near-copy of itself.
    assert near_copies([[0, 3]], rows, np.array([77]), 10).tolist() == []


# ------------------------------------------------------------------ verdicts


def ledger(*verdicts, undone=()):
    """Return a ledger of (person, skill, grade) numbered from 1."""
    made = Ledger()
    made.take(
        [
            VerdictKey(at, "q", skill, who, grade)
            for at, (who, skill, grade) in enumerate(verdicts, 1)
        ],
        frozenset(undone),
    )
    return made


def test_a_ledger_counts_what_nobody_took_back():
    said = ledger(("ada", "a", 3), ("bob", "a", 1), ("ada", "b", 0), ("ada", "a", 2), undone=[2, 3])
    assert said.judges(("q", "a")) == {"ada"}
    assert said.grades(("q", "a")) == {"ada": 2}
    assert said.judges(("q", "b")) == frozenset()
    assert said.said(("q", "b"), "ada") == 1
    assert said.verdicts("ada") == (("q", "a"), ("q", "a"))
    assert said.newest == 4


def test_a_ledger_tells_which_pairs_changed():
    said = ledger(("ada", "a", 3))
    said.take([VerdictKey(2, "q", "b", "ada", 1)], frozenset({1}))
    assert said.changes == [("q", "a"), ("q", "b"), ("q", "a")]
    assert said.judges(("q", "a")) == frozenset()


# ------------------------------------------------------------------ whose turn


def turn(said, who="ada", *, skipped=(), held=None, share=0.5, order=None):
    order = order or Order(
        Strategy.LEAST_CERTAIN,
        (pair("one", overlap=0.9), pair("two", overlap=0.1), pair("three", overlap=0.9)),
    )
    skips = [("q", name) for name in skipped]
    hands = {("q", name): set(people) for name, people in (held or {}).items()}
    standing = Standing(order)
    return standing.turn(said, who, skips, hands, share), names(order.pairs)


@pytest.mark.parametrize(
    ("verdicts", "skipped", "held", "next_names"),
    [
        ([], [], {}, ["one", "two", "three"]),
        # One's own verdict, and one of another where a single one is wanted.
        ([("ada", "one", 3)], [], {}, ["two", "three"]),
        ([("bob", "one", 3)], [], {}, ["two", "three"]),
        # "two" is among those that two people grade.
        ([("bob", "two", 3)], [], {}, ["one", "two", "three"]),
        ([("bob", "two", 3), ("cy", "two", 3)], [], {}, ["one", "three"]),
        ([("ada", "two", None)], [], {}, ["one", "three"]),
        # In others' hands; in one's own.
        ([], [], {"one": ["bob"]}, ["two", "three"]),
        ([], [], {"one": ["ada"]}, ["one", "two", "three"]),
        ([], [], {"two": ["bob"]}, ["one", "two", "three"]),
        ([], [], {"two": ["bob", "cy"]}, ["one", "three"]),
        ([("bob", "two", 1)], [], {"two": ["cy"]}, ["one", "three"]),
        # Skipped once: last. Twice: never again.
        ([], ["one"], {}, ["two", "three", "one"]),
        ([], ["one", "two", "one"], {}, ["three", "two"]),
    ],
)
def test_who_may_be_asked_what(verdicts, skipped, held, next_names):
    found, names_ = turn(ledger(*verdicts), skipped=skipped, held=held)
    assert [names_[row] for row in found.next_rows(9)] == next_names


def test_what_others_hold_is_still_left_and_counts_as_remaining():
    found, _ = turn(ledger(), held={"one": ["bob"]})
    assert found.left.tolist() == [True, True, True]
    assert found.free.tolist() == [False, True, True]


def test_the_number_of_rows_and_those_in_hand_are_heeded():
    found, _ = turn(ledger())
    assert found.next_rows(2) == [0, 1]
    assert found.next_rows(2, without=[0]) == [1, 2]
    assert found.next_rows(0) == found.next_rows(-3) == []
    assert [found.places(row) for row in range(3)] == [1, 2, 1]


def test_a_standing_follows_the_ledger():
    order = Order(Strategy.RANDOM, (pair("one"), pair("two")))
    standing, said = Standing(order), ledger(("bob", "one", 3))
    assert standing.turn(said, "ada", (), {}, 0).free.tolist() == [False, True]
    said.take([VerdictKey(2, "q", "two", "bob", 1)], frozenset())
    assert standing.turn(said, "ada", (), {}, 0).free.tolist() == [False, False]
    said.take([], frozenset({1}))
    assert standing.turn(said, "ada", (), {}, 0).free.tolist() == [True, False]


# ------------------------------------------------------------------ near-copies at odds

COPIES = Order(
    Strategy.DUPLICATES,
    (pair("a"), pair("a-copy"), pair("b"), pair("b-copy"), pair("c")),
    copies=np.array([[0, 1], [2, 3]]),
    contested=np.array([False, False, False, False, True]),
)


@pytest.mark.parametrize(
    ("verdicts", "next_names"),
    [
        ([], ["c"]),
        ([("bob", "a", 3)], ["a-copy", "c"]),
        ([("ada", "a", 3)], ["a-copy", "c"]),
        # Judged alike: nothing to ask. Judged differently: another person looks at both, first.
        ([("bob", "a", 3), ("bob", "a-copy", 3)], ["c"]),
        ([("bob", "b", 3), ("bob", "b-copy", 0)], ["b", "b-copy", "c"]),
        ([("bob", "b", 3), ("cy", "b-copy", 0), ("bob", "a", 1)], ["b", "b-copy", "a-copy", "c"]),
        ([("ada", "b", 3), ("bob", "b-copy", 0)], ["b-copy", "c"]),
        # Nobody could tell: that is no other grade, yet a verdict.
        ([("bob", "b", None), ("bob", "b-copy", 0)], ["c"]),
        ([("bob", "b", 3), ("bob", "b-copy", 0), ("cy", "b", 1), ("cy", "b-copy", 1)], ["c"]),
        ([("bob", "c", 3)], []),
    ],
)
def test_near_copies_judged_differently_or_by_halves_are_asked(verdicts, next_names):
    found, names_ = turn(ledger(*verdicts), share=0, order=COPIES)
    assert [names_[row] for row in found.next_rows(9)] == next_names


def test_the_grade_of_a_row_is_the_mean_of_its_people():
    standing = Standing(COPIES)
    said = ledger(("bob", "a", 3), ("cy", "a", 0), ("di", "a", None))
    assert standing.grade(said, 0) == 1.5
    assert math.isnan(standing.grade(said, 1))
    assert standing.copies(0) == [1]
    assert standing.copies(3) == [2]
    assert standing.copies(4) == []
