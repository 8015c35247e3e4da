"""The paper's hard negatives for one query after another.

Responsible for drawing 4 semantic, 3 lexical, 2 of the same category and 1 of another (PAPER
section "Training"), for what people judged, and for the report. Must not know models: query
vectors come in, and the pool brings its own.

What people said goes first:

- judged wrong (0): taken before anything is drawn, in place of semantic negatives, then lexical
  ones, and so on. The verdict outweighs a like name or vector, but a text that is a near-copy of
  a right one contradicts itself and is left out.
- judged related (1): such a skill does not do the job but looks as if it might, which is what a
  hard negative is. It may serve where meaning or words propose it, never as a filler.
- judged useful or right (2, 3), or "can't tell": never a negative.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.index import DenseIndex
from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.mining.filtering import FalseNegativeFilter
from skillrouter_core.records import Skill, normalised_name
from skillrouter_core.records.training import MiningOptions, MiningReport, NegativeSource

FloatVector = NDArray[np.float32]
FloatMatrix = NDArray[np.float32]
IntVector = NDArray[np.int64]

_DRAWN = (
    NegativeSource.SEMANTIC,
    NegativeSource.LEXICAL,
    NegativeSource.CATEGORY,
    NegativeSource.RANDOM,
)


@dataclass(frozen=True, slots=True)
class JudgedQuery:
    """A query with what is known of it.

    `vector` is the base encoder's [d]. `rights` are all skills that answer it, useful ones
    among them, `right_vectors` [len(rights), d] theirs. `wrong` were judged wrong; `related` and
    `unsure` are ids judged related, and those nobody could tell.
    """

    text: str
    vector: FloatVector
    rights: tuple[Skill, ...]
    right_vectors: FloatMatrix
    wrong: tuple[Skill, ...] = ()
    related: frozenset[str] = frozenset()
    unsure: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Negative:
    """A mined skill and where it came from."""

    skill: Skill
    source: NegativeSource


_Allowed = Callable[[Skill, JudgedQuery, float], bool]
"""Whether the filter lets a skill serve a query as a negative, given its cosine."""


class MiningPool:
    """The skills to draw from, row by row, with both retrievers over the same rows."""

    def __init__(self, skills: Sequence[Skill], dense: DenseIndex, lexical: LexicalIndex) -> None:
        """Bind the rows; `skills[i]` is row i of both indexes."""
        self.skills, self.dense, self._lexical = skills, dense, lexical
        self.names = [normalised_name(one.name) for one in skills]
        self._rows_of: dict[str, list[int]] = defaultdict(list)
        for row, one in enumerate(skills):
            if one.category:
                self._rows_of[one.category].append(row)

    def semantic(self, vector: FloatVector, depth: int) -> list[int]:
        """Return the `depth` rows nearest to a unit vector."""
        return [int(row) for row in self.dense.search(vector, depth)[0]]

    def lexical(self, text: str, depth: int) -> list[int]:
        """Return the `depth` rows with the highest BM25 score above 0."""
        scores = self._lexical.scores(text)
        best = np.argsort(-scores, kind="stable")[:depth]
        return [int(row) for row in best if scores[row] > 0]

    def of_categories(self, categories: frozenset[str]) -> list[int]:
        """Return the rows of some categories."""
        return [row for name in sorted(categories) for row in self._rows_of.get(name, ())]

    def cosines(self, rows: Sequence[int], vectors: FloatMatrix) -> FloatVector:
        """Return each row's highest cosine to any of `vectors` [n, d]; 0 where n is 0."""
        if not len(vectors) or not len(rows):
            return np.zeros(len(rows), dtype=np.float32)
        found: FloatVector = (self.dense.matrix[list(rows)] @ vectors.T).max(axis=1)
        return found


class NegativeMiner:
    """Mines query after query and counts what happened; the same seed gives the same negatives."""

    def __init__(self, pool: MiningPool, options: MiningOptions, seed: int) -> None:
        """Start with nothing counted."""
        self._pool, self._options, self._seed = pool, options, seed
        self._filter = FalseNegativeFilter()
        self._taken: Counter[str] = Counter()
        self._shortfalls: Counter[str] = Counter()
        self._filled: Counter[str] = Counter()
        self._queries = self._related = self._contradicted = self._short = self._without = 0

    def mine(self, query: JudgedQuery) -> tuple[Negative, ...]:
        """Return a query's negatives, at most `options.size`, none of them a right answer."""
        # By query, so that a query's negatives do not hang on which others are mined before.
        rng = random.Random(f"{self._seed}\x1f{query.text}")
        draw = _Draw(self._pool, query, rng, self._options, self._allowed)
        chosen = self._judged(query, rng)
        draw.seen |= {one.skill.skill_id for one in chosen}
        chosen += self._drawn(draw, len(chosen))
        self._count(query, chosen)
        return tuple(chosen)

    def report(self) -> MiningReport:
        """Return what happened so far."""
        return MiningReport(
            queries=self._queries,
            negatives={source.value: self._taken[source.value] for source in NegativeSource},
            filtered={layer: self._filter.counts[layer] for layer in ("name", "jaccard", "cosine")},
            shortfalls=dict(self._shortfalls),
            filled=dict(self._filled),
            related=self._related,
            contradicted=self._contradicted,
            short=self._short,
            dropped={"no negatives": self._without} if self._without else {},
        )

    def _judged(self, query: JudgedQuery, rng: random.Random) -> list[Negative]:
        wrong = []
        for one in query.wrong:
            if self._options.filtered and self._filter.near_copy(one, query.rights):
                self._contradicted += 1
            else:
                wrong.append(one)
        kept = wrong if len(wrong) <= self._options.size else rng.sample(wrong, self._options.size)
        return [Negative(one, NegativeSource.JUDGED) for one in kept]

    def _drawn(self, draw: _Draw, judged: int) -> list[Negative]:
        """Draw by quota, judged ones deducted; what one source lacks the next ones give."""
        chosen: list[Negative] = []
        owed = 0
        for source, quota in self._quotas(judged).items():
            own = draw.take(source, quota)
            self._shortfalls[source.value] += quota - len(own)
            extra = draw.take(source, owed)
            owed += quota - len(own) - len(extra)
            chosen += own + self._noted(extra)
        for source in _DRAWN[:-1]:  # the last source's own lack: the first ones may have more
            extra = draw.take(source, owed)
            owed -= len(extra)
            chosen += self._noted(extra)
        return chosen

    def _noted(self, extra: list[Negative]) -> list[Negative]:
        for one in extra:
            self._filled[one.source.value] += 1
        return extra

    def _quotas(self, judged: int) -> dict[NegativeSource, int]:
        asked = self._options
        quotas = {}
        for source, quota in zip(
            _DRAWN, (asked.semantic, asked.lexical, asked.category, asked.random), strict=True
        ):
            given = min(judged, quota)
            judged -= given
            quotas[source] = quota - given
        return quotas

    def _allowed(self, skill: Skill, query: JudgedQuery, cosine: float) -> bool:
        return not self._options.filtered or self._filter.passes(skill, query.rights, cosine)

    def _count(self, query: JudgedQuery, chosen: Sequence[Negative]) -> None:
        self._queries += 1
        self._taken.update(one.source.value for one in chosen)
        self._related += sum(one.skill.skill_id in query.related for one in chosen)
        self._short += 0 < len(chosen) < self._options.size
        self._without += not chosen
        self._shortfalls += Counter()  # drops zeros


class _Draw:
    """One query's candidates, source by source, each looked at once and in a seeded order."""

    def __init__(
        self,
        pool: MiningPool,
        query: JudgedQuery,
        rng: random.Random,
        options: MiningOptions,
        allowed: _Allowed,
    ) -> None:
        self._pool, self._query, self._rng = pool, query, rng
        self._depth, self._allowed = options.depth, allowed
        self.seen = {one.skill_id for one in (*query.rights, *query.wrong)} | query.unsure
        self._texts: set[tuple[str, str]] = set()
        self._queues: dict[NegativeSource, Iterator[tuple[int, float]]] = {}

    def take(self, source: NegativeSource, count: int) -> list[Negative]:
        """Return up to `count` more negatives of a source."""
        found: list[Negative] = []
        if source not in self._queues and count:
            self._queues[source] = iter(self._candidates(source))
        while len(found) < count:
            entry = next(self._queues[source], None)
            if entry is None:
                break
            skill = self._pool.skills[entry[0]]
            if self._usable(skill, source, entry[1]):
                self.seen.add(skill.skill_id)
                self._texts.add((skill.name, skill.body))
                found.append(Negative(skill, source))
        return found

    def _usable(self, skill: Skill, source: NegativeSource, cosine: float) -> bool:
        if skill.skill_id in self.seen or (skill.name, skill.body) in self._texts:
            return False
        hard = source in (NegativeSource.SEMANTIC, NegativeSource.LEXICAL)
        if skill.skill_id in self._query.related and not hard:
            return False
        return self._allowed(skill, self._query, cosine)

    def _candidates(self, source: NegativeSource) -> list[tuple[int, float]]:
        rows = self._rows(source)
        rows = self._rng.sample(rows, min(len(rows), self._depth))
        cosines = self._pool.cosines(rows, self._query.right_vectors)
        return list(zip(rows, cosines.tolist(), strict=True))

    def _rows(self, source: NegativeSource) -> list[int]:
        pool, categories = self._pool, frozenset(one.category for one in self._query.rights)
        if source is NegativeSource.SEMANTIC:
            return pool.semantic(self._query.vector, self._depth)
        if source is NegativeSource.LEXICAL:
            return pool.lexical(self._query.text, self._depth)
        if source is NegativeSource.CATEGORY:
            names = {normalised_name(one.name) for one in self._query.rights}
            rows = pool.of_categories(categories - {""})
            return [row for row in rows if pool.names[row] not in names]
        known = categories - {""}
        drawn = self._rng.sample(range(len(pool.skills)), min(len(pool.skills), 4 * self._depth))
        return [row for row in drawn if pool.skills[row].category not in known]
