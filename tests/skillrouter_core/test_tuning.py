from dataclasses import replace

import numpy as np
import pytest

from skillrouter_core.errors import TrainingError
from skillrouter_core.rerank import StageTwoWeights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.tuning import (
    JudgedCandidates,
    best_threshold,
    fit_confidence,
    fit_fusion,
    fit_stage_two,
    mean_reciprocal_rank,
)
from skillrouter_core.wording import Wording


def queries(count=200, *, signal=(0.0, 0.0, 3.0), seed=1):
    """Candidates of noise where the right one is lifted by `signal` in bm25, dense, text."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        bm25 = rng.gamma(4.0, 3.0, 10).astype(np.float32)
        dense, text = rng.normal(0, 1, (2, 10)).astype(np.float32)
        right = int(rng.integers(10))
        bm25[right] += signal[0]
        dense[right] += signal[1]
        text[right] += signal[2]
        made.append(JudgedCandidates(bm25, dense, text, right))
    return made


def test_reciprocal_rank_by_hand():
    x = np.zeros(3, np.float32)
    three = [JudgedCandidates(x, x, x, right) for right in (0, 2, None)]
    scores = [np.array([3.0, 2, 1]), np.array([3.0, 2, 1]), np.array([3.0, 2, 1])]
    assert mean_reciprocal_rank(three, scores) == pytest.approx((1 + 1 / 3 + 0) / 3)


def test_fusion_follows_the_retriever_that_knows():
    assert fit_fusion(queries(signal=(40.0, 0.0, 0.0))).dense < 1.0
    assert fit_fusion(queries(signal=(0.0, 6.0, 0.0))).dense > 1.0


def test_stage_two_weighs_what_carries_the_signal():
    weights = fit_stage_two(queries(400))
    assert weights.text > 1.0
    assert abs(weights.dense) < 0.3


def test_stage_two_cannot_be_beaten_by_moving_a_weight():
    made = queries(100, signal=(5.0, 1.0, 1.5))
    best = fit_stage_two(made)

    def loss(weights):
        rows = [query.combined(weights) for query in made]
        return np.mean([np.log(np.exp(r - r[q.right]).sum()) for q, r in zip(made, rows)])  # noqa: B905

    for step in (0.1, -0.1):
        for moved in (
            StageTwoWeights(best.text + step, best.bm25, best.dense),
            StageTwoWeights(best.text, best.bm25 + step, best.dense),
            StageTwoWeights(best.text, best.bm25, best.dense + step),
        ):
            assert loss(moved) > loss(best)


def worded(made, *, lift):
    """Give every query wording that is noise but for the right candidate's cover."""
    rng = np.random.default_rng(5)
    for query in made:
        numbers = rng.normal(0, 1, (4, len(query.bm25))).astype(np.float32)
        numbers[0, query.right] += lift
        yield replace(query, wording=Wording(*numbers))


def test_wording_is_weighed_where_every_query_has_it():
    plain = queries(400, signal=(0.0, 0.0, 0.0))
    weights = fit_stage_two(list(worded(plain, lift=3.0)))
    assert weights.cover > 1.0
    assert max(abs(weights.phrases), abs(weights.likelihood), abs(weights.length)) < 0.3
    some = [*worded(plain[:200], lift=3.0), *plain[200:]]
    assert not fit_stage_two(some).reads_wording


def test_wording_travels_with_its_candidates():
    (one,) = worded(queries(1), lift=9.0)
    kept = one.at([one.right, 0 if one.right else 1])
    assert kept.right == 0
    assert kept.wording.cover[0] == one.wording.cover[one.right]
    assert len(one.without_right().wording.length) == len(one.bm25) - 1
    cover_alone = StageTwoWeights(text=0.0, cover=2.0)
    np.testing.assert_allclose(one.combined(cover_alone), 2 * one.wording.cover, rtol=1e-6)


def test_features_that_stage_1_lacks_get_no_weight():
    weights = fit_stage_two(queries(signal=(5.0, 1.0, 1.0)), dense=False)
    assert weights.dense == pytest.approx(0.0)
    assert weights.bm25 != 0.0


def test_confidence_tells_present_from_absent():
    made = queries(300, signal=(0.0, 0.0, 6.0))
    scores = [query.text for query in made]
    curve, threshold = fit_confidence(made, scores)
    sure = curve.probability([6.0, 1.0, 0.5, 0.4, 0.3, 0.2])
    unsure = curve.probability([1.5, 1.4, 1.2, 0.9, 0.4, 0.2])
    assert unsure < threshold < sure


def test_the_threshold_splits_where_the_two_sides_part():
    confidences = np.array([0.9, 0.8, 0.7, 0.3, 0.2, 0.1])
    present = np.array([True, True, True, False, False, False])
    assert best_threshold(confidences, present) == pytest.approx(0.51)


def test_taking_the_right_one_out_takes_all_its_features_out():
    one = queries(1)[0]
    less = one.without_right()
    assert less.right is None
    assert less.text.tolist() == [t for i, t in enumerate(one.text.tolist()) if i != one.right]
    assert less.without_right() is less


def test_hybrid_scores_are_stage_1s():
    one = queries(1)[0]
    expected = 2 * np.log1p(one.bm25) + 3 * one.dense
    np.testing.assert_allclose(one.fused(FusionWeights(2.0, 3.0)), expected, rtol=1e-6)


@pytest.mark.parametrize("fit", [fit_fusion, fit_stage_two])
def test_too_few_queries_are_refused(fit):
    with pytest.raises(TrainingError, match="29 held-out queries"):
        fit(queries(29))
