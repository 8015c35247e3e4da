"""Newcomers against stored answers: stage 1's cut, stage 2's best, and when neither is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.records import SavedQuery, Skill, Stage1
from skillrouter_core.rerank import Reranker, StageTwoWeights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.texts import lexical_document, preset_named
from skillrouter_core.workspace.answers import AnswerBook, StoredAnswer
from skillrouter_core.workspace.stealing import Newcomer, Stages, stolen
from tests.fakes import OverlapReranker
from tests.fakes import skill as made

PRESET = preset_named("compact")
QUERY = "bake sourdough bread"
INDEXED = [made("a/bread", "bake bread"), made("a/ship", "roll out an image")]
VECTOR = np.array([1, 0], dtype=np.float32)
ANSWER = StoredAnswer(QUERY, ("a/bread",), Stage1.HYBRID, None, 0.5, True, VECTOR)
NEW = made("b/loaf", "bake sourdough bread")


def saved(*expected: str) -> SavedQuery:
    return SavedQuery(1, QUERY, "suite", expected, "ann", datetime(2026, 1, 2, tzinfo=UTC))


def stages(reranker: Reranker | None = None) -> Stages:
    lexical = LexicalIndex.build([lexical_document(one, PRESET) for one in INDEXED])
    average = lexical.average_terms(0, lexical_document(INDEXED[0], PRESET))
    return Stages(lexical, average, PRESET, FusionWeights(), lambda: reranker)


def margins(
    answer: StoredAnswer,
    newcomer: Newcomer | None = None,
    reranker: Reranker | None = None,
    expected: tuple[str, ...] = (),
) -> list[float]:
    book = AnswerBook("v", {answer.text: answer})
    newcomer = newcomer or Newcomer(NEW, VECTOR)
    (won,) = stolen([newcomer], [saved(*expected)], book, stages(reranker))
    return [one.margin for one in won]


def stage1_score(dense: float = 1.0) -> float:
    parts = stages()
    terms = parts.lexical.count_terms(lexical_document(NEW, PRESET))
    return float(np.log1p(parts.lexical.score_unseen(QUERY, terms, parts.average)) + dense)


def test_stage_2_decides_where_the_answer_was_reranked() -> None:
    reranker = OverlapReranker()  # all three words of the query: 1.0
    assert margins(ANSWER, reranker=reranker) == [pytest.approx(0.5)]
    assert margins(replace(ANSWER, best=1.0), reranker=OverlapReranker()) == []
    assert reranker.calls == 1


def test_stage_2_takes_the_stage_1_scores_in() -> None:
    weights: Mapping[Stage1, StageTwoWeights] = {
        kind: StageTwoWeights(text=1.0, dense=2.0) for kind in Stage1
    }
    assert margins(ANSWER, reranker=OverlapReranker(weights)) == [pytest.approx(2.5)]


def test_newcomer_below_the_cut_is_never_reranked() -> None:
    reranker = OverlapReranker()
    assert margins(replace(ANSWER, cut=stage1_score() + 0.01), reranker=reranker) == []
    assert reranker.calls == 0
    assert margins(replace(ANSWER, cut=stage1_score() - 0.01), reranker=reranker) != []


def test_stage_1_decides_alone_where_nothing_was_reranked() -> None:
    alone = replace(ANSWER, reranked=False, best=0.25)
    assert margins(alone, reranker=OverlapReranker()) == [pytest.approx(stage1_score() - 0.25)]
    assert margins(replace(alone, best=stage1_score() + 0.01)) == []


def test_bm25_alone_needs_no_vector() -> None:
    lexical = replace(ANSWER, used=Stage1.BM25, vector=None, reranked=False, best=0.1)
    assert margins(lexical, Newcomer(NEW, None))
    stranger = made("b/tax", "file a return")
    assert margins(replace(lexical, best=None), Newcomer(stranger, None)) == []


def test_hybrid_answer_needs_both_vectors() -> None:
    assert margins(ANSWER, Newcomer(NEW, None), OverlapReranker()) == []
    assert margins(replace(ANSWER, vector=None), reranker=OverlapReranker()) == []


def test_query_that_nothing_answered_is_won_by_any_candidate() -> None:
    empty = replace(ANSWER, ranking=(), best=None)
    book = AnswerBook("v", {QUERY: empty})
    ((won,),) = stolen([Newcomer(NEW, VECTOR)], [saved()], book, stages(OverlapReranker()))
    assert (won.holder, won.lost) == ("", False)


@pytest.mark.parametrize(
    ("expected", "replaces", "lost"),
    [
        (("a/bread",), "", True),
        ((), "", False),
        (("a/ship",), "", False),
        (("a/bread", "a/ship"), "a/ship", False),  # the next version of another right answer
    ],
)
def test_loss_is_a_right_answer_that_no_right_one_replaces(
    expected: tuple[str, ...], replaces: str, lost: bool
) -> None:
    book = AnswerBook("v", {QUERY: ANSWER})
    newcomer = Newcomer(NEW, VECTOR, replaces)
    ((won,),) = stolen([newcomer], [saved(*expected)], book, stages(OverlapReranker()))
    assert won.lost is lost
    assert won.holder == "a/bread"


def test_next_version_of_the_answer_takes_nothing() -> None:
    assert margins(ANSWER, Newcomer(NEW, VECTOR, "a/bread"), OverlapReranker()) == []


def test_queries_without_a_stored_answer_are_left_out() -> None:
    newcomer: Skill = NEW
    (won,) = stolen(
        [Newcomer(newcomer, VECTOR)], [saved()], AnswerBook("v", {}), stages(OverlapReranker())
    )
    assert won == ()
