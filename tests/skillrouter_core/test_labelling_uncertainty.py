"""How unsure the stages are of a pair: numbers worked by hand, and the words for them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.labelling.candidates import CandidateList, StoredCandidate
from skillrouter_core.labelling.uncertainty import Doubt, doubts, reason


def candidate(place, stage1_rank, stage2=None, bm25=None, dense=None, stage1=1.0):
    return StoredCandidate(f"s{place}", "h", place, stage1_rank, stage1, stage2, bm25, dense)


def listed(*candidates):
    return CandidateList("q", "v", tuple(candidates), None)


WORKED = listed(
    candidate(1, 2, stage2=4.0, bm25=5.0, dense=0.2),
    candidate(2, 1, stage2=3.0, bm25=1.0, dense=0.9),
    candidate(3, 3, stage2=0.0, bm25=3.0, dense=0.9),
)


def test_the_worked_example():
    # Scores 4, 3, 0: their mean is 7/3, their standard deviation sqrt(26/9) = 1.69967.
    first, second, third = doubts(WORKED)
    spread = math.sqrt(26 / 9)
    assert [first.margin, second.margin, third.margin] == [1.0, 1.0, 4.0]
    assert first.nearness == pytest.approx(math.exp(-1 / spread)) == pytest.approx(0.5553, abs=1e-4)
    # Ranks 2 and 1 of three: ln 2 / ln 3.
    assert first.stages == second.stages == pytest.approx(0.6309, abs=1e-4)
    assert third.stages == 0
    # BM25 ranks them 1, 3, 2; the vectors 3, 1, 1, ties sharing the better rank.
    assert [one.bm25_rank for one in (first, second, third)] == [1, 3, 2]
    assert [one.dense_rank for one in (first, second, third)] == [3, 1, 1]
    assert first.retrievers == second.retrievers == pytest.approx(1.0)
    assert third.retrievers == pytest.approx(0.6309, abs=1e-4)
    # (2 * 0.5553 + 0.6309 + 1) / 4, twice; (2 * exp(-4 / 1.69967) + 0 + 0.6309) / 4.
    assert first.value == second.value == pytest.approx(0.6854, abs=1e-4)
    assert third.value == pytest.approx(0.2053, abs=1e-4)


def test_what_did_not_run_takes_no_part_in_the_mean():
    lexical = doubts(listed(candidate(1, 1, bm25=9.0, stage1=3.0), candidate(2, 2, stage1=1.0)))
    assert lexical[0].stages is None
    assert lexical[0].retrievers is None
    assert lexical[0].value == lexical[0].nearness == pytest.approx(math.exp(-2 / 1))


def test_equal_scores_are_as_near_as_can_be_and_one_alone_is_sure():
    assert [one.nearness for one in doubts(listed(candidate(1, 1), candidate(2, 2)))] == [1, 1]
    (alone,) = doubts(listed(candidate(1, 1, stage2=3.0)))
    assert (alone.value, alone.margin) == (0.0, None)
    assert doubts(listed()) == ()


SCORE = st.floats(-20, 20, allow_nan=False)


@given(st.lists(st.tuples(SCORE, SCORE, SCORE), min_size=1, max_size=20), st.randoms())
def test_every_doubt_is_between_sure_and_not_at_all(rows, shuffled):
    ranks = list(range(1, len(rows) + 1))
    shuffled.shuffle(ranks)
    ordered = sorted(rows, reverse=True)
    found = doubts(
        listed(
            *(
                candidate(at, rank, stage2=row[0], bm25=row[1], dense=row[2])
                for at, (rank, row) in enumerate(zip(ranks, ordered, strict=True), 1)
            )
        )
    )
    assert all(0 <= one.value <= 1 for one in found)


def test_a_narrower_lead_is_more_doubtful_than_a_wide_one():
    narrow = listed(candidate(1, 1, 5.0), candidate(2, 2, 4.9), candidate(3, 3, 0.0))
    wide = listed(candidate(1, 1, 5.0), candidate(2, 2, 2.0), candidate(3, 3, 0.0))
    assert doubts(narrow)[0].value > doubts(wide)[0].value


@pytest.mark.parametrize(
    ("at", "said"),
    [
        (
            0,
            "It comes first by only 1.00 of stage 2's score. "
            "Of the candidates BM25 ranks it 1, the vectors 3. "
            "Stage 1 ranks it 2, stage 2 ranks it 1.",
        ),
        (2, "Of the candidates BM25 ranks it 2, the vectors 1."),
    ],
)
def test_the_reason_names_what_weighs_most_with_its_numbers(at, said):
    assert reason(doubts(WORKED)[at]) == said


def doubt(**parts):
    given_parts = {
        "value": 0.1,
        "place": 2,
        "stage1_rank": 2,
        "margin": 3.0,
        "nearness": 0.1,
        "stages": 0.0,
        "retrievers": None,
        "bm25_rank": None,
        "dense_rank": None,
        "reranked": True,
    }
    return Doubt(**(given_parts | parts))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({}, "Its score of stage 2 is 3.00 behind the first answer's."),
        ({"nearness": 0.0}, "Its score of stage 2 is 3.00 behind the first answer's."),
        (
            {"reranked": False, "stages": None},
            "Its score of stage 1 is 3.00 behind the first answer's.",
        ),
        ({"nearness": None, "margin": None, "stages": 0.0}, "Both stages rank it 2."),
        (
            {"nearness": None, "stages": None, "retrievers": 0.0, "bm25_rank": 4, "dense_rank": 4},
            "BM25 and the vectors both rank it 4 of the candidates.",
        ),
        (
            {"nearness": None, "stages": None, "margin": None},
            "It is the only candidate of the query.",
        ),
    ],
)
def test_something_is_always_said(parts, said):
    assert reason(doubt(**parts)) == said
