"""Pairs of near-copies as columns, so that a threshold moves over hundreds of thousands at once.

Responsible for the table of pairs and the vectorised form of `DuplicatePair`'s rule. Must
not know how a value was computed or what is decided about a pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import MOSTLY_BOILERPLATE, DuplicatePair, Thresholds

RowVector = NDArray[np.int32]
BoolVector = NDArray[np.bool_]
FloatVector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class PairTable:
    """Columns of equal length, one entry a pair; `a` < `b` are rows of the scan's skills.

    The values are those of `DuplicatePair`; a cosine that is not known is NaN.
    """

    a: RowVector
    b: RowVector
    same_name: BoolVector
    jaccard: FloatVector
    raw_jaccard: FloatVector
    cosine: FloatVector
    shared_boilerplate: FloatVector
    set_apart: BoolVector

    def __len__(self) -> int:
        """Return the number of pairs."""
        return len(self.a)

    def text(self, thresholds: Thresholds) -> BoolVector:
        """Return which pairs the text layer finds."""
        return np.asarray(self.jaccard > np.float32(thresholds.jaccard))

    def embedding(self, thresholds: Thresholds) -> BoolVector:
        """Return which pairs the embedding layer finds; never those explained otherwise."""
        above = self.cosine > np.float32(thresholds.cosine)
        return np.asarray(above & ~self.discounted())

    def discounted(self) -> BoolVector:
        """Return which pairs' embedding likeness comes from a template or a negation."""
        template = (self.shared_boilerplate >= MOSTLY_BOILERPLATE) & ~self.same_name
        return np.asarray(self.set_apart | template)

    def duplicates(self, thresholds: Thresholds) -> BoolVector:
        """Return which pairs are near-copies by text or embedding."""
        return self.text(thresholds) | self.embedding(thresholds)

    def strength(self, thresholds: Thresholds) -> FloatVector:
        """Return how far each pair is above its thresholds: 1 identical, 0 on the border, below <0.

        The better of both layers, each measured from its threshold to 1; comparable across
        layers, so that the weakest edge of a group can be named.
        """
        text = (self.jaccard - thresholds.jaccard) / max(1 - thresholds.jaccard, 1e-9)
        cosine = (self.cosine - thresholds.cosine) / max(1 - thresholds.cosine, 1e-9)
        counted = np.where(self.discounted(), np.float32(np.nan), cosine)
        return np.asarray(np.fmax(text, counted), dtype=np.float32)

    def take(self, wanted: NDArray[np.integer] | BoolVector) -> PairTable:
        """Return the chosen pairs, by mask or by position."""
        return PairTable(*(getattr(self, column.name)[wanted] for column in fields(self)))

    def pair(self, position: int, ids: tuple[str, ...]) -> DuplicatePair:
        """Return one pair as a record; `ids` are the skill ids by row."""
        return self.take(np.array([position])).records(ids)[0]

    def records(self, ids: tuple[str, ...]) -> tuple[DuplicatePair, ...]:
        """Return all pairs as records, in order; `ids` are the skill ids by row."""
        columns = (getattr(self, column.name).tolist() for column in fields(self))
        return tuple(
            DuplicatePair(
                ids[a],
                ids[b],
                same_name,
                jaccard,
                raw,
                None if math.isnan(cosine) else cosine,
                boilerplate,
                apart,
            )
            for a, b, same_name, jaccard, raw, cosine, boilerplate, apart in zip(
                *columns, strict=True
            )
        )


@dataclass(frozen=True, slots=True)
class Scan:
    """What one scan of a catalog found; rows are skills sorted by id.

    `pairs` holds everything above `floors`, so thresholds may move anywhere above them
    without another scan. `chars` are the lengths of the bodies. `seconds` names each step's
    duration; `notes` say which cap bit and what was left out.
    """

    ids: tuple[str, ...]
    hashes: tuple[str, ...]
    names: tuple[str, ...]
    sources: tuple[str, ...]
    chars: NDArray[np.int64]
    pairs: PairTable
    floors: Thresholds
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()
