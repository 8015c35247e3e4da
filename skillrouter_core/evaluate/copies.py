"""Wrong answers that are near-copies of a right one.

Responsible for the verdict by two layers of the false-negative filter, text and embedding
(PAPER.md, "Training"); a shared name alone is no copy. Must not know how answers were found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from skillrouter_core.dedup.shingles import Shingler
from skillrouter_core.records import Skill, Thresholds

Cosine = Callable[[str, str], float | None]
"""The cosine of two skills' vectors by id; None where there are no vectors."""


@dataclass(frozen=True, slots=True)
class Copy:
    """The right skill that an answer is a near-copy of, with the value of each layer."""

    skill_id: str
    jaccard: float
    cosine: float | None


class CopyFinder:
    """Says whether an answer is a near-copy of a right skill."""

    def __init__(self, cosine: Cosine, thresholds: Thresholds | None = None) -> None:
        """Bind where cosines come from; thresholds are the paper's by default."""
        self._cosine, self._thresholds = cosine, thresholds or Thresholds()
        self._shingler = Shingler()

    def copy_of(self, answer: Skill, right: Sequence[Skill]) -> Copy | None:
        """Return the right skill most like the answer if any layer calls them copies, else None."""
        found = [self._compared(answer, skill) for skill in right]
        near = [copy for copy in found if self._is_copy(copy)]
        return max(near, key=lambda copy: (copy.jaccard, copy.cosine or 0.0), default=None)

    def _compared(self, answer: Skill, skill: Skill) -> Copy:
        a, b = self._shingler.shingle(answer.body), self._shingler.shingle(skill.body)
        shared = len(np.intersect1d(a, b, assume_unique=True))
        union = len(a) + len(b) - shared
        jaccard = shared / union if union else 0.0
        return Copy(skill.skill_id, jaccard, self._cosine(answer.skill_id, skill.skill_id))

    def _is_copy(self, copy: Copy) -> bool:
        limits = self._thresholds
        return copy.jaccard > limits.jaccard or (copy.cosine or 0.0) > limits.cosine
