"""How far a stated confidence can be believed, and where to say that none fits.

Responsible for the calibration curve and for what each threshold would cost. Must not know how
a confidence is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from skillrouter_core.errors import UsageError
from skillrouter_core.metrics import bootstrap_interval

BINS = 10
"""Equal parts of [0, 1] that the calibration curve is drawn over."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of about the same confidence: how many, what was stated, what was right.

    `low` and `high` bound the share of right answers (95% bootstrap).
    """

    count: int
    stated: float
    right: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """What saying "none fits" below a confidence would do.

    `answered` is the share of queries still answered, `right` the share of those answers that
    are right (None where nothing is answered), `lost` the share of all queries whose right answer
    would be withheld.
    """

    threshold: float
    answered: float
    right: float | None
    lost: float


def reliability(
    confidences: Sequence[float], right: Sequence[bool], bins: int = BINS
) -> tuple[Bin, ...]:
    """Return the calibration curve, least confident first; bins without an answer are left out.

    Raises UsageError where the two differ in length.
    """
    _require_pairs(confidences, right)
    found: list[list[tuple[float, float]]] = [[] for _ in range(bins)]
    for confidence, is_right in zip(confidences, right, strict=True):
        found[min(int(confidence * bins), bins - 1)].append((confidence, float(is_right)))
    return tuple(_bin(members) for members in found if members)


def calibration_error(curve: Sequence[Bin]) -> float:
    """Return the expected calibration error: |stated - right|, weighted by the answers in a bin.

    Raises UsageError for an empty curve.
    """
    total = sum(part.count for part in curve)
    if not total:
        raise UsageError("a calibration curve of no answers has no error; evaluate a query first")
    return sum(part.count * abs(part.stated - part.right) for part in curve) / total


def thresholds(
    confidences: Sequence[float], right: Sequence[bool], steps: int = 100
) -> tuple[Threshold, ...]:
    """Return what each threshold from 0 to 1 would do, in `steps` equal steps."""
    _require_pairs(confidences, right)
    total = len(confidences)
    if not total:
        return ()
    found = []
    for step in range(steps + 1):
        cut = step / steps
        kept = [ok for value, ok in zip(confidences, right, strict=True) if value >= cut]
        lost = sum(right) - sum(kept)
        share = sum(kept) / len(kept) if kept else None
        found.append(Threshold(cut, len(kept) / total, share, lost / total))
    return tuple(found)


def _bin(members: Sequence[tuple[float, float]]) -> Bin:
    hits = [hit for _, hit in members]
    low, high = bootstrap_interval(hits)
    stated = sum(value for value, _ in members) / len(members)
    return Bin(len(members), stated, sum(hits) / len(hits), low, high)


def _require_pairs(confidences: Sequence[float], right: Sequence[bool]) -> None:
    if len(confidences) != len(right):
        raise UsageError(
            f"{len(confidences)} confidences cannot be paired with {len(right)} verdicts; give "
            "one of each for every answer"
        )
