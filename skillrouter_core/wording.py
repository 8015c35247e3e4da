"""How closely the wording of a few skills follows a query's, read from their whole texts.

Responsible for four numbers a candidate that stage 2 weighs beside BM25 and cosine. BM25 reads
the beginning of a body, as long bodies would drown the rest of the pool; among a handful of
candidates the whole text tells more. Must not know how the numbers are weighed.

Nothing is stored for it: the texts are at hand in stage 2, and how rare a term is comes from
the BM25 index.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.records import Skill

FloatVector = NDArray[np.float32]

READ_CHARS = 20_000
"""Of a longer body only the beginning is read: fifty candidates within a twentieth of a second."""

TYPICAL_TERMS = 530
"""Terms of an average skill, whole text: repetition in longer ones counts for less."""

SATURATION, LENGTH_SHARE = 1.5, 0.75
"""BM25's k1 and b, at their usual values, for repeated phrases."""

BACKGROUND = 0.3
"""Share of the catalog's language in a skill's (Jelinek-Mercer's lambda)."""

DISTINCT_TERMS = 80
"""Turns the share of skills that hold a term into the share of all words it makes up, roughly."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Four numbers a text, each [n].

    `cover`: the share of the query's rarity whose terms occur, 0 to 1. `phrases`: ln(1 + the
    summed rarity of neighbouring terms of the query that are neighbours in the text as well,
    repetition saturating). `likelihood`: how much likelier the query's terms are in the text's
    language than in the catalog's, in nats (Jelinek-Mercer smoothing). `length`: ln(1 + terms).
    """

    cover: FloatVector
    phrases: FloatVector
    likelihood: FloatVector
    length: FloatVector

    def rows(self) -> FloatVector:
        """Return the four numbers as rows [4, n], in the order of the fields."""
        return np.stack([self.cover, self.phrases, self.likelihood, self.length])

    def keep(self, positions: Sequence[int]) -> Wording:
        """Return the numbers of the texts at these positions, in their order."""
        return Wording(*self.rows()[:, list(positions)])


def whole_text(skill: Skill) -> str:
    """Return what is read of a skill: name, description and body up to READ_CHARS."""
    return "\n".join([skill.name, skill.description, skill.body[:READ_CHARS]])


def read_wording(query: str, texts: Sequence[str], lexical: LexicalIndex) -> Wording:
    """Return how the wording of each text follows the query's.

    `lexical` says how rare a term is among the catalog's skills.
    """
    asked = lexical.terms(query)
    rarity = {term: lexical.rarity(term) for term in dict.fromkeys(asked)}
    phrases = {pair: sum(map(rarity.__getitem__, pair)) for pair in _neighbours(asked)}
    numbers = [_read(lexical.terms(text), rarity, phrases) for text in texts]
    table = np.array(numbers, dtype=np.float32).reshape(len(texts), 4)
    return Wording(*table.T)


def _neighbours(asked: Sequence[str]) -> dict[tuple[str, str], None]:
    """Return the query's neighbouring terms once each, in order; a doubled word is no phrase."""
    return dict.fromkeys(pair for pair in pairwise(asked) if pair[0] != pair[1])


def _read(
    terms: Sequence[str],
    rarity: Mapping[str, float],
    phrases: Mapping[tuple[str, str], float],
) -> tuple[float, float, float, float]:
    counts = Counter(term for term in terms if term in rarity)
    together = Counter(pair for pair in pairwise(terms) if pair in phrases)
    whole = sum(rarity.values())
    share = len(terms) / TYPICAL_TERMS
    held_back = SATURATION * (1 - LENGTH_SHARE + LENGTH_SHARE * share)
    said = sum(phrases[pair] * n / (n + held_back) for pair, n in together.items())
    return (
        sum(rarity[term] for term in counts) / whole if whole else 0.0,
        math.log1p(said),
        sum(_gain(n / len(terms), rarity[term]) for term, n in counts.items()),
        math.log1p(len(terms)),
    )


def _gain(share: float, rarity: float) -> float:
    """Return ln of how much likelier a term is where it makes up `share` of all words."""
    expected = math.exp(-rarity) / DISTINCT_TERMS
    return math.log1p((1 - BACKGROUND) / BACKGROUND * share / expected)
