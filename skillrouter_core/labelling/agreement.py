"""How far people agree beyond chance: Krippendorff's alpha with its interval.

Responsible for the arithmetic over a table of pairs and people. Must not know queries, skills
or who the people are.

Follows K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011): with n_c the number
of grades c in all pairs that have two or more, and o_ck how often c met k in a pair (each pair's
meetings divided by its number of grades less one), alpha is 1 - observed / expected disagreement.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import UsageError
from skillrouter_core.metrics import LEVEL, SEED
from skillrouter_core.records.agreement import Alpha

Floats = NDArray[np.float64]
Scale = Literal["nominal", "ordinal", "interval"]

LEAST_PAIRS = 2
"""Below so many pairs with two grades there is no alpha."""
RESAMPLES = 2_000
"""Bootstrap resamples; the interval's ends are then steady to about half a hundredth."""
_AT_ONCE = 1_000
"""Resamples in memory at once."""

TOO_FEW = "fewer than 2 pairs have grades of two people"
ONE_GRADE = "all grades are the same, so agreement cannot be told from habit"


def krippendorff_alpha(units: Floats, level: Scale = "ordinal") -> float | None:
    """Return alpha of `units` [pairs, people], float64 with NaN where a person said nothing.

    None where it is not defined: fewer than two pairs with two grades, or one value only. Raises
    `UsageError` for another level than nominal, ordinal and interval, and for another shape.
    """
    return alpha_interval(units, level, resamples=0).value


def alpha_interval(
    units: Floats, level: Scale = "ordinal", *, resamples: int = RESAMPLES, seed: int = SEED
) -> Alpha:
    """Return alpha of `units` with its 95% percentile bootstrap interval.

    Pairs are drawn with replacement, all of a pair's grades together; draws in which all grades
    are the same have no alpha and are left out. Pairs of one query are taken as independent, so
    that few queries with many pairs each make the interval somewhat too narrow. `resamples` 0
    leaves the interval out.
    """
    values, patterns, times = _patterns(units, level)
    pairs, grades = int(times.sum()), int(patterns.sum(axis=1) @ times)
    if pairs < LEAST_PAIRS or len(values) < 2:
        reason = TOO_FEW if pairs < LEAST_PAIRS else ONE_GRADE
        return Alpha(None, None, None, pairs, grades, reason)
    meetings = _meetings(patterns)
    value = float(_alphas(times @ meetings, values, level)[0])
    low, high = _interval(meetings, times, values, level, resamples, seed)
    return Alpha(value, low, high, pairs, grades)


def meeting_counts(units: Floats, grades: tuple[int, ...]) -> NDArray[np.int64]:
    """Return [g, g] counts of how often one grade met another in a pair, two people at a time.

    Only the diagonal and what is above it are filled: 0 meeting 3 is the same as 3 meeting 0.
    """
    _check(units, "ordinal")
    counts = np.stack([(units == grade).sum(axis=1) for grade in grades], axis=1)
    met = counts.T @ counts
    own = np.einsum("ic,ic->c", counts, counts - 1) // 2
    return np.asarray(np.triu(met, 1) + np.diag(own), dtype=np.int64)


def _check(units: Floats, level: str) -> None:
    if units.ndim != 2:
        raise UsageError(f"grades of {units.ndim} dimensions; give a table of pairs by people")
    if level not in ("nominal", "ordinal", "interval"):
        raise UsageError(f"no scale {level!r}; choose nominal, ordinal or interval")


def _patterns(units: Floats, level: str) -> tuple[Floats, Floats, NDArray[np.int64]]:
    """Return the values that occur, the distinct counts of them in a pair, and how often each.

    Grades are few, so thousands of pairs fall into some tens of patterns, and a resample of the
    pairs is one multinomial draw over those. Pairs with fewer than two grades are left out.
    """
    _check(units, level)
    shared = units[np.count_nonzero(~np.isnan(units), axis=1) >= 2]
    values = np.unique(shared[~np.isnan(shared)])
    counts = np.zeros((len(shared), len(values)), dtype=np.float64)
    for at, value in enumerate(values):
        counts[:, at] = (shared == value).sum(axis=1)
    if not counts.size:
        return values, counts, np.zeros(len(counts), dtype=np.int64)
    patterns, times = np.unique(counts, axis=0, return_counts=True)
    return values, patterns, times.astype(np.int64)


def _meetings(patterns: Floats) -> Floats:
    """Return, for each pattern, how often value c met value k: [patterns, values * values]."""
    grades = patterns.sum(axis=1)
    met = patterns[:, :, None] * patterns[:, None, :]
    diagonal = np.arange(patterns.shape[1])
    met[:, diagonal, diagonal] -= patterns
    met /= (grades - 1)[:, None, None]
    return np.asarray(met.reshape(len(patterns), -1), dtype=np.float64)


def _alphas(flat: Floats, values: Floats, level: str) -> Floats:
    """Return alpha of one or more coincidence matrices, flattened; NaN where one value is left."""
    size = len(values)
    met = np.atleast_2d(flat).reshape(-1, size, size)
    totals = met.sum(axis=2)
    distance = _distances(totals, values, level)
    observed = (met * distance).sum(axis=(1, 2))
    expected = (totals[:, :, None] * totals[:, None, :] * distance).sum(axis=(1, 2))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = 1 - (totals.sum(axis=1) - 1) * observed / expected
    return np.asarray(np.where(expected > 0, found, np.nan), dtype=np.float64)


def _distances(totals: Floats, values: Floats, level: str) -> Floats:
    """Return squared distances of the values: [1 or matrices, values, values].

    Ordinal: the values lie where the middles of their ranks do, given how often each occurs.
    """
    if level == "nominal":
        return (1 - np.eye(len(values)))[None]
    places = values[None] if level == "interval" else totals.cumsum(axis=1) - totals / 2
    return np.asarray((places[:, :, None] - places[:, None, :]) ** 2, dtype=np.float64)


def _interval(
    meetings: Floats,
    times: NDArray[np.int64],
    values: Floats,
    level: str,
    resamples: int,
    seed: int,
) -> tuple[float | None, float | None]:
    rng, pairs = np.random.default_rng(seed), int(times.sum())
    found = [np.empty(0)]
    for start in range(0, resamples, _AT_ONCE):
        drawn = rng.multinomial(pairs, times / pairs, size=min(_AT_ONCE, resamples - start))
        found.append(_alphas(drawn @ meetings, values, level))
    alphas = np.concatenate(found)
    alphas = alphas[~np.isnan(alphas)]
    if not len(alphas):
        return None, None
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(alphas, [tail, 1 - tail])
    return float(low), float(high)
