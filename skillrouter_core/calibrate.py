"""Scores to a probability that the first answer is right.

Responsible for the features a ranking's scores offer, the logistic curve over them and
its fit. Must not know models, queries or skills.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

DEFAULT_THRESHOLD = 0.5
FIELD = 5
"""How many runners-up the leader is compared with."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic curve over the leader's score, its lead over the second, and over the field."""

    bias: float
    score: float
    lead: float
    field: float

    def probability(self, scores: Sequence[float]) -> float:
        """Return the probability in [0, 1] that the first of these descending scores is right."""
        score, lead, field = ranking_features(scores)
        logit = self.bias + self.score * score + self.lead * lead + self.field * field
        return 1 / (1 + math.exp(-max(min(logit, 50.0), -50.0)))


def ranking_features(scores: Sequence[float]) -> tuple[float, float, float]:
    """Return (first score, first minus second, first minus the mean of the next five).

    A single candidate leads by 0: alone, it has beaten nobody. Raises ValueError on none.
    """
    if not scores:
        raise ValueError("no scores: an empty ranking has no confidence")
    rest = list(scores[1 : 1 + FIELD])
    if not rest:
        return scores[0], 0.0, 0.0
    return scores[0], scores[0] - rest[0], scores[0] - sum(rest) / len(rest)


def fit_calibration(rankings: Sequence[Sequence[float]], right: Sequence[bool]) -> Calibration:
    """Return the curve fitted to rankings whose first answer is known to be right or wrong.

    Rankings with the right skill taken out of the pool teach what "none fits" looks like.
    """
    from sklearn.linear_model import LogisticRegression

    features = np.array([ranking_features(scores) for scores in rankings])
    model = LogisticRegression(max_iter=1000).fit(features, np.asarray(right, dtype=int))
    score, lead, field = (float(value) for value in model.coef_[0])
    return Calibration(float(model.intercept_[0]), score, lead, field)


def read_calibrations(manifest: Mapping[str, Any]) -> dict[str, Calibration]:
    """Return a model manifest's curves by stage-1 kind; empty where there are none."""
    return {kind: Calibration(**curve) for kind, curve in manifest.get("calibration", {}).items()}
