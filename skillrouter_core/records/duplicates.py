"""Near-copies: pairs with the evidence for them, groups, and what people decided.

Responsible for the records of the duplicates workflow and for the rule that turns a pair's
values into a verdict. Must not know how values are computed, stored or drawn.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

MOSTLY_BOILERPLATE = 0.5
"""From this share of boilerplate in what two bodies have in common, their likeness is the
template's: the embedding, which cannot leave the template out, then no longer counts."""


class Layer(StrEnum):
    """Which of the three filters of PAPER section "Training" a pair passes."""

    NAME = "name"
    TEXT = "text"
    EMBEDDING = "embedding"


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Above which values a pair counts as near-duplicate (strictly; defaults: PAPER "Training")."""

    jaccard: float = 0.6
    cosine: float = 0.92


_SINGLE = struct.Struct("ff")


def _above(value: float, limit: float) -> bool:
    """Compare as the tables of pairs do, in single precision: there 3/5 is not above 0.6."""
    single, threshold = _SINGLE.unpack(_SINGLE.pack(value, limit))
    return bool(single > threshold)


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two skills with every layer's value; `a` < `b`.

    `raw_jaccard` compares the bodies' trigrams, `jaccard` the same without boilerplate that
    hundreds of skills of one source share and without clauses such as "not for X, use Y";
    `jaccard` decides. `shared_boilerplate` is the share of the common trigrams that is
    boilerplate. `cosine` is None where a skill has no vector yet. `set_apart`: one skill's
    description says that it is not for what the other one, named there, does.
    """

    a: str
    b: str
    same_name: bool
    jaccard: float
    raw_jaccard: float
    cosine: float | None
    shared_boilerplate: float = 0.0
    set_apart: bool = False

    def layers(self, thresholds: Thresholds) -> tuple[Layer, ...]:
        """Return the layers that this pair passes, in the order of `Layer`."""
        found = []
        if self.same_name:
            found.append(Layer.NAME)
        if _above(self.jaccard, thresholds.jaccard):
            found.append(Layer.TEXT)
        cosine = None if self.discounted else self.cosine
        if cosine is not None and _above(cosine, thresholds.cosine):
            found.append(Layer.EMBEDDING)
        return tuple(found)

    @property
    def discounted(self) -> bool:
        """Whether the embedding's likeness is explained by a template or by a negation.

        A template is filled in under many names, so two skills of one name are not its doing.
        """
        template = self.shared_boilerplate >= MOSTLY_BOILERPLATE and not self.same_name
        return self.set_apart or template

    def is_duplicate(self, thresholds: Thresholds) -> bool:
        """Whether text or embedding says near-copy; the same name alone is another lane."""
        return any(layer is not Layer.NAME for layer in self.layers(thresholds))

    def strength(self, thresholds: Thresholds) -> float:
        """Return how far the better layer is above its threshold: 1 identical, 0 on the border."""
        text = (self.jaccard - thresholds.jaccard) / max(1 - thresholds.jaccard, 1e-9)
        if self.cosine is None or self.discounted:
            return text
        return max(text, (self.cosine - thresholds.cosine) / max(1 - thresholds.cosine, 1e-9))


class Verdict(StrEnum):
    """What a person decides about one skill."""

    KEEP = "keep"
    MERGE = "merge"
    DISTINCT = "distinct"
    RETIRE = "retire"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision about to be made: merge and distinct name the other skill, the rest do not."""

    verdict: Verdict
    skill_id: str
    other_id: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """One person's verdict on a skill; append-only, the newest that is not undone counts.

    `other_id` and `other_hash` name the skill merged into, or the one it is distinct from;
    both are empty for the other verdicts. Hashes are those of the texts that were decided on.
    """

    decision_id: int
    verdict: Verdict
    skill_id: str
    content_hash: str
    other_id: str
    other_hash: str
    note: str
    author: str
    created_at: datetime
    undone_at: datetime | None = None
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class DuplicateGroup:
    """Skills that are near-copies of one keeper, each of them directly: groups do not chain.

    `members` has the keeper first; `weakest` is the least alike of all pairs of members (not
    only of those with the keeper); `reasons` say why this keeper is suggested. `oversize`
    marks a group too big to be judged as one: raise the thresholds for it.
    """

    keeper: str
    members: tuple[str, ...]
    weakest: DuplicatePair
    reasons: tuple[str, ...]
    oversize: bool = False
