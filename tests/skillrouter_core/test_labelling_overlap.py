"""Which pairs two people grade, and when one person grades a pair again."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.overlap import checked_share, draw, repeat, wanted

PAIRS = [(f"q{number}", f"s{number % 7}") for number in range(4000)]


def test_a_draw_is_the_same_for_ever():
    # Written down once: another value would give other pairs to two people.
    assert draw(("q", "s"), "overlap") == pytest.approx(0.2011837620)
    assert draw(("q", "s"), "order") == pytest.approx(0.2706627311)
    assert draw(("ab", "c"), "x") != draw(("a", "bc"), "x")


def test_draws_spread_evenly():
    drawn = sorted(draw(pair, "order") for pair in PAIRS)
    # The largest gap between the drawn and the even distribution (Kolmogorov), at 1 in 1000.
    gap = max(abs(value - at / len(drawn)) for at, value in enumerate(drawn))
    assert gap < 1.95 / math.sqrt(len(drawn))


def test_a_larger_share_holds_the_pairs_of_a_smaller_one():
    shares = {
        share: {pair for pair in PAIRS if wanted(pair, share) == 2} for share in (0, 0.1, 0.3, 1)
    }
    assert shares[0] == set()
    assert shares[0.1] < shares[0.3] < shares[1] == set(PAIRS)
    assert 300 < len(shares[0.1]) < 500


@pytest.mark.parametrize("share", [-0.1, 1.01, math.nan, math.inf])
def test_a_share_outside_nothing_and_all_is_refused(share):
    with pytest.raises(UsageError, match="from 0 to 1"):
        checked_share(share)


def graded(count):
    return PAIRS[:count]


@pytest.mark.parametrize(
    ("verdicts", "due"),
    [
        (graded(0), False),
        (graded(50), False),  # the first has only 49 others after it
        (graded(51), True),
        (graded(90), True),
        ([*graded(60), PAIRS[3]], False),  # one was just repeated
        ([*graded(60), PAIRS[3], *PAIRS[100:149]], False),
        ([*graded(60), PAIRS[3], *PAIRS[100:150]], True),
    ],
)
def test_a_second_grading_is_due_after_fifty_verdicts(verdicts, due):
    assert (repeat(verdicts, set(PAIRS)) is not None) is due


def test_the_pair_graded_again_is_old_was_graded_once_and_is_in_the_queue():
    verdicts = [*graded(60), PAIRS[3], *PAIRS[100:150]]
    assert repeat(verdicts, {PAIRS[3]}) is None
    assert repeat(verdicts, {PAIRS[120]}) is None
    assert repeat(verdicts, {PAIRS[59], PAIRS[3]}) == PAIRS[59]
    assert repeat(verdicts, set()) is None


def test_the_pair_that_is_due_stays_the_same_until_it_is_graded():
    first = repeat(graded(51), set(PAIRS))
    assert first == PAIRS[0]
    assert repeat(graded(51), set(PAIRS)) == first


@given(st.lists(st.integers(0, 30), max_size=60))
def test_fifty_others_always_lie_between(numbers):
    verdicts = [PAIRS[number] for number in numbers]
    found = repeat(verdicts, set(PAIRS), every=5, after=8)
    if found is not None:
        assert verdicts.count(found) == 1
        assert len(verdicts) - 1 - verdicts.index(found) >= 8
