"""The guard between what is trained on and what is measured with.

Responsible for saying which training labels leak, and why. Must not know who declared a query
held out, nor where labels come from.

What leaks:

- a held-out query's text as a training query, also respelled, reworded in a few places, or
  quoted inside a longer one: the answer would be learnt by heart;
- a held-out query's right answer, or a near-copy of it by any layer of the false-negative
  filter, as the right answer of a training query: it would be learnt for another query. Of a
  declared benchmark this is never allowed, nor for generated queries, which are made of that
  very text. Of queries held out by chance it may be allowed, because in a small catalog nearly
  every skill is some held-out query's answer.

A held-out answer as somebody's negative leaks nothing that helps.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import LeakageError
from skillrouter_core.mining.filtering import (
    FALSE_NEGATIVE_COSINE,
    FALSE_NEGATIVE_JACCARD,
    word_trigrams,
)
from skillrouter_core.records import Skill, normalised_name

FloatVector = NDArray[np.float32]

NEAR_QUERY_JACCARD = 0.5
"""Of word pairs: one changed word in eight leaves 0.56."""
QUOTED_SHARE = 0.8
"""Share of the shorter query's word pairs that the longer one must have for a quotation."""
QUOTED_PAIRS = 7
"""Word pairs below which a quotation is chance."""

NAMED = 5
"""Leaks spelled out in the message; the rest are counted."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """A query to measure with, its right answers, and whether a benchmark declared it."""

    query: str
    answers: tuple[Skill, ...]
    benchmark: bool


@dataclass(frozen=True, slots=True)
class Leak:
    """One training label that must not be used; `how` says in words what it has in common."""

    query: str
    skill_id: str
    held_out: str
    how: str

    def __str__(self) -> str:
        """Return it as part of a message."""
        return f"{self.query[:80]!r} with {self.skill_id!r} ({self.how} {self.held_out[:80]!r})"


@dataclass(frozen=True, slots=True)
class _Answer:
    query: str
    skill: Skill
    benchmark: bool


class LeakageGuard:
    """Holds training labels against all that is held out; made once for many labels."""

    def __init__(
        self,
        held_out: Sequence[HeldOut],
        *,
        shared_answers: bool = False,
        vectors: Mapping[str, FloatVector] | None = None,
    ) -> None:
        """Index what is held out; `vectors` are unit vectors by content hash, where there are."""
        self._shared, self._vectors = shared_answers, vectors or {}
        self._spelled = {spelled(one.query): one.query for one in held_out}
        self._queries = _Overlaps([(one.query, _word_pairs(one.query)) for one in held_out])
        pairs = [(one, skill) for one in held_out for skill in one.answers]
        self._answers = [_Answer(one.query, skill, one.benchmark) for one, skill in pairs]
        self._bodies = _Overlaps([("", word_trigrams(skill.body)) for _, skill in pairs])
        self._by_key: dict[str, list[int]] = defaultdict(list)
        for place, (_, skill) in enumerate(pairs):
            for key in _keys(skill):
                self._by_key[key].append(place)
        self._matrix_places, self._matrix = self._stacked()

    def query_leak(self, text: str) -> tuple[str, str] | None:
        """Return how a query's text is a held-out one's, and that one; None where it is not."""
        plain = spelled(text)
        if plain in self._spelled:
            return "the same text as the held-out query", self._spelled[plain]
        for label, alike, contained, shorter in self._queries.with_any(_word_pairs(text)):
            if alike > NEAR_QUERY_JACCARD:
                return "nearly the held-out query", label
            if shorter >= QUOTED_PAIRS and contained >= QUOTED_SHARE:
                return "quotes or is quoted by the held-out query", label
        return None

    def answer_leak(self, skill: Skill, *, generated: bool) -> tuple[str, str] | None:
        """Return how a right answer is a held-out query's, and that query; None where it is not.

        `generated`: the query was written from the skill's own text.
        """
        for place, how in self._alike(skill):
            answer = self._answers[place]
            if answer.benchmark or generated or not self._shared:
                whose = "a benchmark's query" if answer.benchmark else "the held-out query"
                return f"{how} of {whose}", answer.query
        return None

    def leaks(self, labels: Iterable[tuple[str, Skill, bool]]) -> tuple[Leak, ...]:
        """Return the leaks among (query, right skill, generated) labels, in their order."""
        found = []
        for query, skill, generated in labels:
            leak = self.query_leak(query) or self.answer_leak(skill, generated=generated)
            if leak is not None:
                found.append(Leak(query, skill.skill_id, leak[1], leak[0]))
        return tuple(found)

    def require_none(self, labels: Iterable[tuple[str, Skill, bool]]) -> None:
        """Raise LeakageError naming the labels that leak, if any do."""
        found = self.leaks(labels)
        if not found:
            return
        named = "; ".join(map(str, found[:NAMED]))
        more = f"; and {len(found) - NAMED} more" if len(found) > NAMED else ""
        raise LeakageError(
            f"{len(found)} training labels would teach what is held out: {named}{more}. "
            f"Start a new run, which leaves them out, or take the held-out queries back."
        )

    def _alike(self, skill: Skill) -> Iterable[tuple[int, str]]:
        """Yield the places of held-out answers that a skill is, or is a near-copy of."""
        for key in _keys(skill):
            what = (
                "the right answer" if not key.startswith("name:") else "has the name of the answer"
            )
            yield from ((place, what) for place in self._by_key.get(key, ()))
        for place, alike in self._bodies.alike(word_trigrams(skill.body)):
            if alike > FALSE_NEGATIVE_JACCARD:
                yield place, "nearly the text of the answer"
        vector = self._vectors.get(skill.content_hash)
        if vector is not None and len(self._matrix_places):
            cosines = self._matrix @ vector
            for row in np.flatnonzero(cosines > FALSE_NEGATIVE_COSINE):
                yield self._matrix_places[int(row)], "nearly the meaning of the answer"

    def _stacked(self) -> tuple[list[int], NDArray[np.float32]]:
        places = [
            place
            for place, answer in enumerate(self._answers)
            if answer.skill.content_hash in self._vectors
        ]
        rows = [self._vectors[self._answers[place].skill.content_hash] for place in places]
        return places, np.stack(rows) if rows else np.empty((0, 0), dtype=np.float32)


class _Overlaps:
    """Texts as sets of grams, so that only those sharing any are compared."""

    def __init__(self, texts: Sequence[tuple[str, frozenset[int]]]) -> None:
        self._labels = [label for label, _ in texts]
        self._sizes = [len(grams) for _, grams in texts]
        self._places: dict[int, list[int]] = defaultdict(list)
        for place, (_, grams) in enumerate(texts):
            for gram in grams:
                self._places[gram].append(place)

    def alike(self, grams: frozenset[int]) -> Iterable[tuple[int, float]]:
        """Yield the place and the Jaccard of each text sharing any gram."""
        for place, shared in self._shared(grams):
            yield place, shared / (self._sizes[place] + len(grams) - shared)

    def with_any(self, grams: frozenset[int]) -> Iterable[tuple[str, float, float, int]]:
        """Yield (label, Jaccard, share of the shorter one, its grams) of each text sharing any."""
        for place, shared in self._shared(grams):
            size = self._sizes[place]
            shorter = min(size, len(grams))
            yield (
                self._labels[place],
                shared / (size + len(grams) - shared),
                shared / shorter,
                shorter,
            )

    def _shared(self, grams: frozenset[int]) -> list[tuple[int, int]]:
        counts = Counter(place for gram in grams for place in self._places.get(gram, ()))
        return counts.most_common()


def _word_pairs(text: str) -> frozenset[int]:
    words = spelled(text).split()
    return frozenset(map(hash, pairwise(words)))


def spelled(text: str) -> str:
    """Return a query folded for comparison: NFKC, lower case, words alone."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(re.findall(r"\w+", folded))


def _keys(skill: Skill) -> tuple[str, ...]:
    name = normalised_name(skill.name)
    keys = (f"id:{skill.skill_id}", f"hash:{skill.content_hash}")
    return (*keys, f"name:{name}") if name else keys
