"""The metrics against hand-worked numbers, a naive reference and the laws they must obey."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from skillrouter_core.errors import UsageError
from skillrouter_core.metrics import (
    METRIC_NAMES,
    PairedDifference,
    bootstrap_interval,
    distinct,
    paired_difference,
    summarise,
    task_metrics,
)

ZERO = dict.fromkeys(METRIC_NAMES, 0.0)
ONE = dict.fromkeys(METRIC_NAMES, 1.0)
L3 = math.log2(3)  # the discount of rank 2; that of rank 3 is log2(4) = 2


def test_metric_names_are_the_papers() -> None:
    assert METRIC_NAMES == (
        "nDCG@1", "nDCG@3", "nDCG@10", "Hit@1", "Precision@3", "MRR@10",
        "Recall@10", "Recall@20", "Recall@50",
        "FullCoverage@3", "FullCoverage@5", "FullCoverage@10",
    )  # fmt: skip


FILLER = [f"x{i}" for i in range(60)]

CASES = {
    # name: (ranking, right, grades, what differs from the named base, base)
    "one right answer, first": (["a", "x"], {"a"}, None, {"Precision@3": 1 / 3}, ONE),
    "one right answer, third": (
        ["x", "y", "a"], {"a"}, None,
        {"Hit@1": 0.0, "nDCG@1": 0.0, "nDCG@3": 1 / 2, "nDCG@10": 1 / 2, "Precision@3": 1 / 3,
         "MRR@10": 1 / 3}, ONE,
    ),
    "one right answer, fourth": (
        ["x", "y", "z", "a"], {"a"}, None,
        {"Recall@10": 1.0, "Recall@20": 1.0, "Recall@50": 1.0, "MRR@10": 1 / 4,
         "nDCG@10": 1 / math.log2(5), "FullCoverage@5": 1.0, "FullCoverage@10": 1.0}, ZERO,
    ),
    "one right answer, eleventh": (
        [*FILLER[:10], "a"], {"a"}, None, {"Recall@20": 1.0, "Recall@50": 1.0}, ZERO,
    ),
    "one right answer, fiftieth": ([*FILLER[:49], "a"], {"a"}, None, {"Recall@50": 1.0}, ZERO),
    "one right answer, fifty-first": ([*FILLER[:50], "a"], {"a"}, None, {}, ZERO),
    "nothing predicted": ([], {"a", "b"}, {"a": 3, "b": 3}, {}, ZERO),
    "only unknown ids": (["?", "!"], {"a"}, {"a": 3}, {}, ZERO),
    "three right answers, all first": (["c", "a", "b"], {"a", "b", "c"}, None, {}, ONE),
    "two of three right answers, short ranking": (
        ["a", "b"], {"a", "b", "c"}, None,
        {"nDCG@1": 1.0, "Hit@1": 1.0, "MRR@10": 1.0, "Precision@3": 2 / 3,
         "nDCG@3": (1 + 1 / L3) / (1 + 1 / L3 + 1 / 2),
         "nDCG@10": (1 + 1 / L3) / (1 + 1 / L3 + 1 / 2),
         "Recall@10": 2 / 3, "Recall@20": 2 / 3, "Recall@50": 2 / 3}, ZERO,
    ),
    "second right answer fifth: covered at 5, not at 3": (
        ["a", "x", "y", "z", "b"], {"a", "b"}, None,
        {"Precision@3": 1 / 3, "FullCoverage@3": 0.0, "nDCG@3": 1 / (1 + 1 / L3),
         "nDCG@10": (1 + 1 / math.log2(6)) / (1 + 1 / L3)}, ONE,
    ),
    "degraded copy before the right answer: linear gains, 1 and 3 of 3 and 1": (
        ["bad", "a"], {"a"}, {"a": 3, "bad": 1},
        {"nDCG@1": 1 / 3, "nDCG@3": (1 + 3 / L3) / (3 + 1 / L3),
         "nDCG@10": (1 + 3 / L3) / (3 + 1 / L3), "Hit@1": 0.0, "Precision@3": 1 / 3,
         "MRR@10": 1 / 2}, ONE,
    ),
    "degraded copy missing: the ideal order still counts it": (
        ["a"], {"a"}, {"a": 3, "bad": 1},
        {"nDCG@3": 3 / (3 + 1 / L3), "nDCG@10": 3 / (3 + 1 / L3), "Precision@3": 1 / 3}, ONE,
    ),
    "auxiliary skill first: graded, but no right answer": (
        ["aux", "a"], {"a"}, {"a": 3, "aux": 3},
        {"Hit@1": 0.0, "MRR@10": 1 / 2, "Precision@3": 1 / 3}, ONE,
    ),
    "repeated id: the first counts, the rest move up": (
        ["x", "x", "x", "a", "a", "a"], {"a"}, {"a": 3},
        {"Hit@1": 0.0, "nDCG@1": 0.0, "nDCG@3": 1 / L3, "nDCG@10": 1 / L3, "MRR@10": 1 / 2,
         "Precision@3": 1 / 3}, ONE,
    ),
    "repeated right answer cannot lift a metric above 1": (
        ["a", "a", "a"], {"a"}, {"a": 3}, {"Precision@3": 1 / 3}, ONE,
    ),
    "no id has a gain": (
        ["a"], {"a"}, {"a": 0},
        {"nDCG@1": 0.0, "nDCG@3": 0.0, "nDCG@10": 0.0, "Precision@3": 1 / 3}, ONE,
    ),
    "right answer without a grade among graded ids": (
        ["a", "b"], {"a", "b"}, {"b": 3},
        {"nDCG@1": 0.0, "nDCG@3": 1 / L3, "nDCG@10": 1 / L3, "Precision@3": 2 / 3}, ONE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_hand_worked(case) -> None:
    ranking, right, grades, differing, base = case
    assert task_metrics(ranking, right, grades) == pytest.approx({**base, **differing}, abs=1e-12)


def test_equal_grades_may_change_places() -> None:
    grades = {"a": 3, "b": 3, "bad": 1, "worse": 1}
    one = task_metrics(["a", "b", "bad", "worse"], {"a", "b"}, grades)
    assert one == task_metrics(["b", "a", "worse", "bad"], {"a", "b"}, grades)
    assert one["nDCG@10"] == 1.0


def test_task_without_right_answer_is_refused() -> None:
    with pytest.raises(UsageError, match="Leave it out"):
        task_metrics(["a"], frozenset(), {"a": 3})


# --------------------------------------------------------------------------- a naive reference


def naive(ranking, right, grades):
    """The definitions once more, written rank by rank without sharing anything."""
    seen = []
    for skill_id in ranking:
        if skill_id not in seen:
            seen.append(skill_id)
    out = {}
    for k in (1, 3, 10):
        dcg = 0.0
        for place in range(min(k, len(seen))):
            dcg += grades.get(seen[place], 0) / (math.log(place + 2) / math.log(2))
        best = 0.0
        for place, grade in enumerate(sorted(grades.values())[::-1]):
            if place < k:
                best += grade / (math.log(place + 2) / math.log(2))
        out[f"nDCG@{k}"] = dcg / best if best else 0.0
    out["MRR@10"] = max([1 / (seen.index(g) + 1) for g in right if g in seen[:10]], default=0.0)
    for k in (10, 20, 50):
        out[f"Recall@{k}"] = len([g for g in right if g in seen[:k]]) / len(right)
    for k in (3, 5, 10):
        out[f"FullCoverage@{k}"] = 1.0 if all(g in seen[:k] for g in right) else 0.0
    out["Hit@1"] = 1.0 if seen and seen[0] in right else 0.0
    out["Precision@3"] = len([s for s in seen[:3] if s in right]) / 3
    return out


ids = st.integers(0, 70).map(lambda number: f"s{number}")
rankings = st.lists(ids, max_size=80)
truths = st.dictionaries(ids, st.sampled_from([0, 1, 2, 3]), min_size=1, max_size=12).flatmap(
    lambda grades: st.tuples(
        st.sets(st.sampled_from(sorted(grades)), min_size=1).map(frozenset), st.just(grades)
    )
)


@given(rankings, truths)
def test_agrees_with_the_naive_reference(ranking, truth) -> None:
    right, grades = truth
    assert task_metrics(ranking, right, grades) == pytest.approx(naive(ranking, right, grades))


@given(rankings, truths)
def test_metrics_stay_between_0_and_1(ranking, truth) -> None:
    assert all(0.0 <= value <= 1.0 for value in task_metrics(ranking, *truth).values())


@given(rankings, truths, st.lists(ids), st.sampled_from([1, 3, 5, 10, 20, 50]))
def test_what_follows_rank_k_does_not_matter_at_k(ranking, truth, junk, k) -> None:
    head = list(distinct(ranking))[:k]
    longer = [*head, *junk]
    if len(head) == k:
        short, long = task_metrics(head, *truth), task_metrics(longer, *truth)
        assert {n: v for n, v in short.items() if n.endswith(f"@{k}")} == {
            n: v for n, v in long.items() if n.endswith(f"@{k}")
        }


@given(rankings, truths)
def test_moving_a_right_answer_up_never_hurts(ranking, truth) -> None:
    right, grades = truth
    ranked = list(distinct(ranking))
    place = next((i for i, s in enumerate(ranked) if i and s in right), None)
    if place is not None and grades[ranked[place]] >= grades.get(ranked[place - 1], 0):
        better = [*ranked]
        better[place - 1], better[place] = ranked[place], ranked[place - 1]
        before, after = task_metrics(ranked, right, grades), task_metrics(better, right, grades)
        assert all(after[name] >= before[name] - 1e-12 for name in METRIC_NAMES)


# --------------------------------------------------------------------------- means and intervals


def row(hit: float) -> dict[str, float]:
    return dict.fromkeys(METRIC_NAMES, hit)


def test_means_count_and_interval() -> None:
    summary = summarise([row(1.0), row(0.0), row(1.0), row(1.0)])
    assert summary["count"] == 4
    assert all(summary[name] == 0.75 for name in METRIC_NAMES)
    low, high = summary["Hit@1_ci95"]
    assert 0.0 <= low < 0.75 < high <= 1.0


def test_no_task_has_no_mean() -> None:
    assert summarise([]) == {**dict.fromkeys(METRIC_NAMES), "count": 0, "Hit@1_ci95": None}


@settings(max_examples=25)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.randoms())
def test_the_order_of_tasks_changes_nothing(values, rng) -> None:
    rows = [row(value) for value in values]
    shuffled = rng.sample(rows, len(rows))
    assert summarise(rows, resamples=200) == summarise(shuffled, resamples=200)


@pytest.mark.parametrize(("right", "tasks"), [(700, 1000), (262, 365), (120, 2000)])
def test_interval_agrees_with_the_binomial_standard_error(right, tasks) -> None:
    rate = right / tasks
    error = math.sqrt(rate * (1 - rate) / tasks)
    low, high = bootstrap_interval([1.0] * right + [0.0] * (tasks - right), resamples=50_000)
    assert (high - low) / (2 * 1.959964) == pytest.approx(error, rel=0.05)
    assert (low + high) / 2 == pytest.approx(rate, abs=0.25 * error)


def test_interval_of_fractions_agrees_with_the_normal_approximation() -> None:
    rng = random.Random(7)
    values = [rng.random() for _ in range(800)]
    mean = sum(values) / 800
    error = math.sqrt(sum((v - mean) ** 2 for v in values)) / 800
    low, high = bootstrap_interval(values, resamples=5_000)
    assert (high - low) / (2 * 1.959964) == pytest.approx(error, rel=0.05)


def test_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = random.Random(11)
    samples = [[float(rng.random() < 0.6) for _ in range(200)] for _ in range(300)]
    ends = [bootstrap_interval(s, resamples=1000, seed=i) for i, s in enumerate(samples)]
    covered = sum(low <= 0.6 <= high for low, high in ends) / len(ends)
    assert 0.90 <= covered <= 0.99


def test_interval_is_reproducible_and_the_seed_matters() -> None:
    values = [i / 97 for i in range(97)]
    assert bootstrap_interval(values, seed=1) == bootstrap_interval(values, seed=1)
    assert bootstrap_interval(values, seed=1) != bootstrap_interval(values, seed=2)


def test_interval_of_equal_values_has_no_width() -> None:
    assert bootstrap_interval([1.0, 1.0, 1.0]) == (1.0, 1.0)
    assert bootstrap_interval([0.5]) == (0.5, 0.5)


def test_a_lower_level_is_narrower() -> None:
    values = [1.0] * 60 + [0.0] * 40
    wide, narrow = bootstrap_interval(values), bootstrap_interval(values, level=0.5)
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


@pytest.mark.parametrize(
    ("values", "options", "says"),
    [
        ([], {}, "no values"),
        ([1.0], {"resamples": 0}, "0 bootstrap resamples"),
        ([1.0], {"level": 1.0}, "level of 1.0"),
    ],
)
def test_interval_refuses_nonsense(values, options, says) -> None:
    with pytest.raises(UsageError, match=says):
        bootstrap_interval(values, **options)


def test_paired_difference_by_hand() -> None:
    gain = paired_difference([1, 1, 0, 1, 1], [0, 1, 1, 0, 1])
    assert (gain.difference, gain.better, gain.worse) == (pytest.approx(0.2), 2, 1)
    assert gain.low < 0.2 < gain.high


def test_paired_difference_of_a_system_with_itself_is_nothing() -> None:
    gain = paired_difference([1, 0, 1], [1, 0, 1])
    assert (gain.difference, gain.low, gain.high, gain.better, gain.worse) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("better", "worse", "p_value"),
    [(0, 0, 1), (3, 3, 1), (1, 0, 1), (5, 0, 2 / 32), (0, 6, 2 / 64), (1, 6, 2 * (1 + 7) / 128)],
)
def test_the_sign_test_by_hand(better: int, worse: int, p_value: float) -> None:
    assert PairedDifference(0.0, 0.0, 0.0, better, worse).p_value == p_value


@pytest.mark.parametrize(("better", "worse"), [(19, 6), (37, 52), (1200, 900)])
def test_the_sign_test_as_scipy_has_it(better: int, worse: int) -> None:
    found = PairedDifference(0.0, 0.0, 0.0, better, worse).p_value
    assert found == pytest.approx(binomtest(better, better + worse).pvalue, rel=1e-6)


def test_pairing_is_narrower_than_two_intervals() -> None:
    """19 fixed and 6 spoiled of 150, the paper's own figures for its reranker."""
    before = [1.0] * 100 + [0.0] * 50
    after = [0.0] * 6 + [1.0] * 94 + [1.0] * 19 + [0.0] * 31
    gain = paired_difference(after, before, resamples=50_000)
    error = math.sqrt(25 / 150 - (13 / 150) ** 2) / math.sqrt(150)
    assert gain.difference == pytest.approx(13 / 150)
    assert (gain.better, gain.worse) == (19, 6)
    assert (gain.high - gain.low) / (2 * 1.959964) == pytest.approx(error, rel=0.05)
    apart = [bootstrap_interval(values) for values in (after, before)]
    assert gain.high - gain.low < apart[0][1] - apart[0][0] + apart[1][1] - apart[1][0]


@pytest.mark.parametrize(("a", "b"), [([1.0], []), ([], [])])
def test_paired_difference_refuses_what_does_not_pair(a, b) -> None:
    with pytest.raises(UsageError):
        paired_difference(a, b)
