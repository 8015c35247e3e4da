"""The three-layer filter that keeps right answers from being taught as wrong ones.

Responsible for the layers of PAPER section "Training" over names, bodies and cosines. Must not
know where negatives come from.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence

from skillrouter_core.records import Skill, normalised_name

FALSE_NEGATIVE_JACCARD = 0.6
FALSE_NEGATIVE_COSINE = 0.92

CACHED_BODIES = 20_000
"""So many bodies' trigrams are kept in memory, some 5 kB each; the longest unused go first."""


def word_trigrams(text: str) -> frozenset[int]:
    """Return the hashes of a text's lower-cased word trigrams; of the whole text if shorter."""
    words = text.lower().split()
    if len(words) < 3:
        return frozenset([hash(tuple(words))]) if words else frozenset()
    return frozenset(map(hash, zip(words, words[1:], words[2:], strict=False)))


def jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    """Return |a and b| / |a or b|; two empty sets have nothing in common: 0."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def false_negative_layer(
    negative: Skill, positives: Sequence[Skill], cosines: Mapping[str, float]
) -> str | None:
    """Return the layer that shows a negative to be right as well, or None.

    Layers are "name", "jaccard" and "cosine". `cosines` gives, by skill id, the negative's
    highest embedding cosine to any positive. Source: PAPER section "Training".
    """
    cosine = cosines.get(negative.skill_id, 0.0)
    return FalseNegativeFilter().layer(negative, positives, cosine)


class FalseNegativeFilter:
    """The filter for many queries: trigrams are kept, and what it takes out is counted by layer."""

    def __init__(self, *, cached_bodies: int = CACHED_BODIES) -> None:
        """Start with nothing counted."""
        self.counts: Counter[str] = Counter()
        self._grams: OrderedDict[str, frozenset[int]] = OrderedDict()
        self._cached = cached_bodies

    def layer(self, negative: Skill, positives: Sequence[Skill], cosine: float) -> str | None:
        """Return the first layer by which a negative is right as well, or None; count nothing.

        `cosine` is the highest to any of the positives.
        """
        name = normalised_name(negative.name)
        if any(name == normalised_name(right.name) for right in positives):
            return "name"
        if self.near_copy(negative, positives):
            return "jaccard"
        return "cosine" if cosine > FALSE_NEGATIVE_COSINE else None

    def near_copy(self, negative: Skill, positives: Sequence[Skill]) -> bool:
        """Return whether a negative's body is nearly that of a positive."""
        grams = self._of(negative)
        return any(jaccard(grams, self._of(one)) > FALSE_NEGATIVE_JACCARD for one in positives)

    def passes(self, negative: Skill, positives: Sequence[Skill], cosine: float) -> bool:
        """Return whether a negative may serve, and count it by its layer where it may not."""
        layer = self.layer(negative, positives, cosine)
        if layer is not None:
            self.counts[layer] += 1
        return layer is None

    def _of(self, skill: Skill) -> frozenset[int]:
        grams = self._grams.pop(skill.body, None)
        if grams is None:
            grams = word_trigrams(skill.body)
        self._grams[skill.body] = grams
        if len(self._grams) > self._cached:
            self._grams.popitem(last=False)
        return grams
