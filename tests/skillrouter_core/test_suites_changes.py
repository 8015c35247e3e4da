"""What became of each query between two runs, and the figures over them."""

from __future__ import annotations

import pytest

from skillrouter_core.metrics import bootstrap_interval, paired_difference
from skillrouter_core.records.suites import Standing, SuiteAnswer
from skillrouter_core.suites import CANDIDATES, diff, is_right, score


def answer(
    text: str, *ranking: str, expected: tuple[str, ...] = ("a",), stage1: tuple[str, ...] = ()
) -> SuiteAnswer:
    return SuiteAnswer(text, expected, stage1 or ranking, ranking, None, False, 1.0)


RIGHT, WRONG, LOST = ("a", "b"), ("b", "a"), ("b", "c")


@pytest.mark.parametrize(
    ("before", "after", "standing"),
    [
        (RIGHT, RIGHT, Standing.STILL_RIGHT),
        (RIGHT, WRONG, Standing.BROKEN),
        (RIGHT, LOST, Standing.BROKEN),
        (RIGHT, (), Standing.BROKEN),
        (WRONG, RIGHT, Standing.FIXED),
        (LOST, RIGHT, Standing.FIXED),
        ((), RIGHT, Standing.FIXED),
        (WRONG, WRONG, Standing.STILL_WRONG),
        (LOST, WRONG, Standing.STILL_WRONG),
        (WRONG, LOST, Standing.NEVER),
        (LOST, LOST, Standing.NEVER),
        ((), (), Standing.NEVER),
    ],
)
def test_standing(before: tuple[str, ...], after: tuple[str, ...], standing: Standing) -> None:
    (change,) = diff([answer("q", *before)], [answer("q", *after)]).changes
    assert change.standing is standing


def test_queries_of_one_run_alone_are_new_or_gone_and_unexpected_ones_are_open() -> None:
    before = [answer("old", "a"), answer("free", "a", expected=())]
    after = [answer("young", "b"), answer("free", "b", expected=())]
    found = {change.query_text: change for change in diff(before, after).changes}
    assert {text: change.standing for text, change in found.items()} == {
        "young": Standing.NEW,
        "old": Standing.GONE,
        "free": Standing.OPEN,
    }
    assert found["old"].last.ranking == ("a",)
    assert found["young"].before is None


def test_changes_come_in_order_of_concern_then_by_text() -> None:
    before = [answer(text, *RIGHT) for text in "zxy"] + [answer("fix", *WRONG)]
    after = [answer("z", *WRONG), answer("x", *WRONG), answer("y", *RIGHT), answer("fix", *RIGHT)]
    found = [(change.standing, change.query_text) for change in diff(before, after).changes]
    assert found == [
        (Standing.BROKEN, "x"),
        (Standing.BROKEN, "z"),
        (Standing.FIXED, "fix"),
        (Standing.STILL_RIGHT, "y"),
    ]


def test_any_expected_skill_in_the_first_place_is_right() -> None:
    assert is_right(answer("q", "b", "a"), ("a", "b"))
    assert not is_right(answer("q", "c", "a", "b"), ("a", "b"))
    assert not is_right(answer("q"), ("a",))


def test_both_runs_are_judged_by_what_is_expected_today() -> None:
    before = [answer("q", "b", expected=("a",))]
    after = [answer("q", "c", expected=("c",))]
    assert diff(before, after).changes[0].standing is Standing.FIXED
    today = diff(before, after, {"q": ("b",)})
    assert today.changes[0].standing is Standing.BROKEN
    assert (today.before.right, today.after.right) == (1, 0)
    assert diff(before, after, {"q": ()}).changes[0].standing is Standing.OPEN


def test_only_the_candidates_of_stage_one_count_as_retrieved() -> None:
    deep = tuple(f"s{rank}" for rank in range(CANDIDATES))
    near = answer("q", "b", stage1=(*deep[:-1], "a"))
    far = answer("q", "b", stage1=(*deep, "a"))
    assert diff([near], [near]).changes[0].standing is Standing.STILL_WRONG
    assert diff([far], [far]).changes[0].standing is Standing.NEVER


def test_figures_by_hand() -> None:
    answers = [
        answer("1", "a", "b", expected=("a", "c")),  # right, half of the expected retrieved
        answer("2", "b", "a"),  # wrong, retrieved
        answer("3", "b", "c"),  # wrong, not retrieved
        answer("4", "a"),  # right
        answer("5", "a", expected=()),  # not judged
    ]
    found = score(answers)
    assert (found.queries, found.judged, found.right) == (5, 4, 2)
    assert found.hit is not None
    assert found.recall is not None
    assert found.hit.value == 0.5
    assert found.recall.value == pytest.approx((0.5 + 1 + 0 + 1) / 4)
    assert (found.hit.low, found.hit.high) == bootstrap_interval([1, 0, 0, 1])


def test_no_figures_of_nothing() -> None:
    found = diff([], [answer("q", "a", expected=())])
    assert (found.before.hit, found.after.hit, found.hit, found.compared) == (None,) * 3 + (0,)


def test_the_difference_is_paired_over_what_both_runs_hold() -> None:
    before = [answer(str(n), *(RIGHT if n < 6 else WRONG)) for n in range(10)]
    after = [answer(str(n), *(RIGHT if n >= 1 else LOST)) for n in range(10)]
    found = diff([*before, answer("gone", "a")], [*after, answer("new", "b")])
    by_hand = paired_difference([0.0] + [1.0] * 9, [1.0] * 6 + [0.0] * 4)
    assert found.compared == 10
    assert found.hit is not None
    assert found.recall is not None
    assert found.hit.value == pytest.approx(0.3)
    assert (found.hit.low, found.hit.high) == (by_hand.low, by_hand.high)
    assert found.recall.value == pytest.approx(-0.1)
    assert len(found.of(Standing.BROKEN)) == 1
    assert len(found.of(Standing.FIXED)) == 4


def test_near_copies_of_the_expected_one_are_named() -> None:
    before = [answer("q", "a"), answer("r", "a"), answer("s", "a"), answer("t", "a")]
    after = [answer("q", "twin"), answer("r", "other"), answer("s"), answer("t", "a")]
    asked = []

    def copies(pairs):
        asked.append(tuple(pairs))
        return {("a", "twin")}

    told = diff(before, after, copies=copies).changes
    assert [(change.query_text, change.copy_of) for change in told if change.after.ranking] == [
        ("q", "a"),
        ("r", ""),
        ("t", ""),
    ]
    assert asked == [(("a", "twin"), ("a", "other"))]
    assert told[0].standing is Standing.BROKEN
