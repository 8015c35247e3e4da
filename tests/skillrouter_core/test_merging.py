"""What a merge does to saved queries, case by case."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from skillrouter_core.records import SavedQuery
from skillrouter_core.workspace.merging import answers_of, effects

RANKING = ("a", "b", "c")


def query(*expected: str, text: str = "q") -> SavedQuery:
    return SavedQuery(1, text, "suite", expected, "ann", datetime(2026, 1, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("removed", "into", "expected", "after", "lost"),
    [
        (["a"], "", (), "b", False),
        (["a"], "", ("a",), "b", True),
        (["a"], "b", ("a",), "b", False),  # b takes over and answers
        (["a"], "c", ("a",), "b", True),  # c takes over, b comes first
        (["a"], "", ("a", "b"), "b", False),
        (["a"], "", ("c",), "b", False),  # was wrong before
        (["a", "b"], "c", ("b",), "c", False),
        (["a", "b", "c"], "", ("a",), "", True),
        (["a", "b", "c"], "z", ("a",), "", True),
    ],
)
def test_first_answer_that_is_left(
    removed: list[str], into: str, expected: tuple[str, ...], after: str, lost: bool
) -> None:
    (effect,) = effects(removed, into, [query(*expected)], {"q": RANKING})
    assert (effect.before, effect.after, effect.lost) == ("a", after, lost)
    assert effect.expected == expected


@pytest.mark.parametrize(
    ("removed", "into", "rankings"),
    [
        (["b", "c"], "a", {"q": RANKING}),
        (["a"], "a", {"q": RANKING}),
        ([], "", {"q": RANKING}),
        (["a"], "", {}),
        (["a"], "", {"q": ()}),
        (["a"], "", {"another": RANKING}),
    ],
)
def test_queries_whose_answer_stays_are_left_out(
    removed: list[str], into: str, rankings: dict[str, tuple[str, ...]]
) -> None:
    assert list(effects(removed, into, [query("a")], rankings)) == []


def test_answers_by_skill() -> None:
    first, second = query("b", "z", text="first"), query(text="second")
    found = answers_of(["a", "b", "z", "x"], [first, second], {"first": RANKING, "second": ("a",)})
    assert [(one.query.text, one.place, one.expected) for one in found["a"]] == [
        ("first", 1, False),
        ("second", 1, False),
    ]
    assert [(one.place, one.expected, one.answers) for one in found["b"]] == [(2, True, False)]
    assert [(one.place, one.expected) for one in found["z"]] == [(None, True)]
    assert found["x"] == ()


def test_expected_first_answer_is_listed_once() -> None:
    (only,) = answers_of(["a"], [query("a")], {"q": RANKING})["a"]
    assert only.answers
    assert only.expected
