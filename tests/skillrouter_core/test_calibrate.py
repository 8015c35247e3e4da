import math
import random

import pytest

from skillrouter_core.calibrate import (
    Calibration,
    fit_calibration,
    ranking_features,
    read_calibrations,
)


def test_features_by_hand():
    assert ranking_features([5.0, 3.0, 1.0]) == (5.0, 2.0, 3.0)
    assert ranking_features([5.0]) == (5.0, 0.0, 0.0)
    # only five runners-up count
    assert ranking_features([5.0, *[1.0] * 5, -100.0])[2] == 4.0


def test_an_empty_ranking_has_no_confidence():
    with pytest.raises(ValueError, match="empty ranking"):
        ranking_features([])


def test_the_curve_is_the_logistic_one():
    curve = Calibration(bias=-1.0, score=0.5, lead=2.0, field=0.0)
    assert curve.probability([2.0, 1.5]) == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert curve.probability([1e9]) == pytest.approx(1.0)


def test_a_fit_learns_that_a_clear_lead_is_right():
    rng = random.Random(1)
    leads = [rng.uniform(0, 4) for _ in range(400)]
    rankings = [[1.0, 1.0 - lead, 1.0 - lead] for lead in leads]
    right = [rng.random() < lead / 4 for lead in leads]
    curve = fit_calibration(rankings, right)
    assert curve.probability([1.0, -3.0]) > 0.8 > 0.2 > curve.probability([1.0, 1.0])
    middle = curve.probability([1.0, -1.0, -1.0])
    assert middle == pytest.approx(0.5, abs=0.1)


def test_a_manifest_gives_its_curves():
    manifest = {"calibration": {"bm25": {"bias": 1, "score": 2, "lead": 3, "field": 4}}}
    assert read_calibrations(manifest) == {"bm25": Calibration(1, 2, 3, 4)}
    assert read_calibrations({}) == {}
