"""Alpha against Krippendorff's published example, an independent package and a slow formula."""

from __future__ import annotations

import itertools

import krippendorff
import numpy as np
import pytest

from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.agreement import (
    ONE_GRADE,
    TOO_FEW,
    alpha_interval,
    krippendorff_alpha,
    meeting_counts,
)

NAN = np.nan
# "Computing Krippendorff's Alpha-Reliability" (2011), part C: four observers, twelve units.
PUBLISHED = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, NAN, NAN, NAN],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, NAN, 3],
        [NAN, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, NAN],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, NAN],
    ]
).T


def made_up(pairs: int, people: int, *, seed: int, missing: float = 0.3) -> np.ndarray:
    """Grades 0 to 3 of people who see the same truth through some noise."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 4, size=(pairs, 1))
    noise = rng.integers(-1, 2, size=(pairs, people)) * (rng.random((pairs, people)) < 0.5)
    grades = np.clip(truth + noise, 0, 3).astype(float)
    grades[rng.random(grades.shape) < missing] = NAN
    return grades


@pytest.mark.parametrize(("level", "alpha"), [("nominal", 0.743), ("ordinal", 0.815)])
def test_published_example(level: str, alpha: float) -> None:
    assert krippendorff_alpha(PUBLISHED, level) == pytest.approx(alpha, abs=0.0005)


def test_published_example_counts_only_units_with_two_grades() -> None:
    found = alpha_interval(PUBLISHED, "interval", resamples=200)
    assert found.value == pytest.approx(0.849, abs=0.0005)
    assert (found.pairs, found.grades) == (11, 40)
    assert found.low <= found.value <= found.high


@pytest.mark.parametrize("level", ["nominal", "ordinal", "interval"])
@pytest.mark.parametrize("people", [2, 3, 7])
@pytest.mark.parametrize("pairs", [5, 60, 900])
def test_alpha_is_that_of_an_independent_package(level: str, people: int, pairs: int) -> None:
    units = made_up(pairs, people, seed=pairs + people)
    expected = krippendorff.alpha(reliability_data=units.T, level_of_measurement=level)
    assert krippendorff_alpha(units, level) == pytest.approx(expected, abs=1e-12)


def test_full_agreement_is_one_and_reversed_grades_are_below_zero() -> None:
    same = np.array([[0, 0], [3, 3], [1, 1], [2, 2]], dtype=float)
    assert krippendorff_alpha(same) == pytest.approx(1)
    assert krippendorff_alpha(np.array([[0, 3], [3, 0], [1, 2], [2, 1]], dtype=float)) < 0


@pytest.mark.parametrize(
    ("units", "reason", "pairs"),
    [
        ([[1, NAN], [NAN, 2]], TOO_FEW, 0),
        ([[1, 2], [3, NAN]], TOO_FEW, 1),
        ([[2, 2], [2, 2], [NAN, 3]], ONE_GRADE, 2),
    ],
)
def test_no_alpha_has_a_reason(units: list, reason: str, pairs: int) -> None:
    found = alpha_interval(np.array(units, dtype=float))
    assert (found.value, found.low, found.high) == (None, None, None)
    assert (found.reason, found.pairs) == (reason, pairs)


def test_nobody_said_anything() -> None:
    assert alpha_interval(np.empty((0, 0))).reason == TOO_FEW
    assert krippendorff_alpha(np.full((4, 3), NAN)) is None


@pytest.mark.parametrize(("units", "level"), [([1.0, 2.0], "ordinal"), ([[1.0]], "ratio")])
def test_wrong_table_or_scale_is_refused(units: list, level: str) -> None:
    with pytest.raises(UsageError, match=r"give a table|choose nominal"):
        krippendorff_alpha(np.array(units), level)


def test_interval_is_that_of_drawing_pairs_one_by_one() -> None:
    units = made_up(80, 3, seed=1)
    rng = np.random.default_rng(7)
    drawn = [krippendorff_alpha(units[rng.integers(0, 80, 80)]) for _ in range(3000)]
    found = alpha_interval(units, resamples=20_000)
    assert [found.low, found.high] == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.02)


def test_interval_is_the_same_again_and_narrows_with_more_pairs() -> None:
    few, many = made_up(40, 3, seed=2), made_up(4000, 3, seed=2)
    assert alpha_interval(few) == alpha_interval(few)
    narrow, wide = alpha_interval(many), alpha_interval(few)
    assert narrow.high - narrow.low < (wide.high - wide.low) / 3


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    truth = krippendorff_alpha(made_up(100_000, 2, seed=0, missing=0))
    samples = (made_up(120, 2, seed=seed, missing=0) for seed in range(1, 201))
    found = [alpha_interval(units, resamples=400) for units in samples]
    assert 0.88 < sum(one.low <= truth <= one.high for one in found) / len(found) <= 1


def test_meetings_count_every_two_people_of_a_pair_once() -> None:
    units = made_up(50, 4, seed=3)
    expected = np.zeros((4, 4), dtype=int)
    for row in units:
        for one, other in itertools.combinations(row[~np.isnan(row)].astype(int), 2):
            expected[min(one, other), max(one, other)] += 1
    assert meeting_counts(units, (0, 1, 2, 3)).tolist() == expected.tolist()
