"""Labels to what a network learns from: pairs with negatives, and candidate lists.

Responsible for asking the index and the encoder for what mining needs. Must not know how a
negative is chosen, nor where a run keeps what comes out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import TrainingError
from skillrouter_core.index import FULL
from skillrouter_core.mining import (
    CandidateList,
    JudgedQuery,
    ListMiner,
    ListQuery,
    MiningPool,
    NegativeMiner,
    Pair,
    Scored,
)
from skillrouter_core.models import Profile
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import Hit, Skill, Stage1
from skillrouter_core.records.maps import NOISE, Level
from skillrouter_core.records.training import MiningReport, TrainOptions
from skillrouter_core.retrieve import FusionWeights, retrieve
from skillrouter_core.texts import TextPreset, encoder_document, encoder_query, preset_named
from skillrouter_core.wording import Wording, read_wording, whole_text

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.index import DenseIndex, SkillIndex
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.training_labels import TrainQuery

FloatVector = NDArray[np.float32]
FloatMatrix = NDArray[np.float32]

CHUNK = 64
"""Queries encoded at a time."""


@dataclass(frozen=True, slots=True)
class _Vectored:
    """A query with its vector [d] and those of its right answers [n, d]."""

    query: TrainQuery
    vector: FloatVector
    rights: FloatMatrix


class TrainingData:
    """Mines over one published index with the encoder that made it."""

    def __init__(self, workspace: Workspace, profile: Profile) -> None:
        """Load the index, the encoder and the indexed skills' texts.

        Raises TrainingError where the index lacks vectors or lags behind the catalogs.
        """
        self.index: SkillIndex = workspace.routing.index(profile.name)
        dense = self.index.dense()
        live = workspace.catalogs.skills_by_id(self.index.ids)
        if dense is None or list(self.index.hashes) != [
            live[one].content_hash if one in live else "" for one in self.index.ids
        ]:
            raise TrainingError(
                f"The index of {profile.name!r} is not up to date with the catalogs; run "
                f"`skillrouter index --profile {profile.name}` first"
            )
        self._encoder: Encoder = workspace.models.encoder(profile)
        made_by = self.index.manifest.dense[FULL].model_key
        if made_by != self._encoder.model_key:
            raise TrainingError(
                f"The index of {profile.name!r} was made by {made_by!r}, which was promoted after "
                f"this run began with {self._encoder.model_key!r}; start a new run"
            )
        self._dense: DenseIndex = dense
        self.skills = with_categories(workspace, [live[one] for one in self.index.ids])
        self._of_id = {one.skill_id: one for one in self.skills}
        self._row_of = {digest: row for row, digest in enumerate(self.index.hashes)}
        self._preset: TextPreset = preset_named(profile.preset)

    def pairs(
        self,
        queries: Sequence[TrainQuery],
        options: TrainOptions,
        listener: ProgressListener,
    ) -> tuple[tuple[Pair, ...], MiningReport]:
        """Return one pair for each query's target with the query's negatives, and the report."""
        pool = MiningPool(self.skills, self._dense, self.index.lexical())
        miner = NegativeMiner(pool, options.mining, options.seed)
        meter = Meter(listener, "Mining negatives", len(queries), unit="queries")
        pairs: list[Pair] = []
        for one in self._vectored(queries):
            negatives = tuple(found.skill for found in miner.mine(self._known(one)))
            rights = frozenset(right.skill_id for right in one.query.rights)
            pairs += [
                Pair(one.query.text, target, negatives, rights) for target in one.query.targets
            ]
            meter.advance()
        return tuple(pairs), miner.report()

    def lists(
        self,
        queries: Sequence[TrainQuery],
        options: TrainOptions,
        fusion: FusionWeights,
        listener: ProgressListener,
        *,
        worded: bool = False,
    ) -> tuple[tuple[CandidateList, ...], MiningReport]:
        """Return a list for each target that stage 1 finds among its candidates, and the report.

        `worded`: each candidate's whole text is read for the wording's numbers too.
        """
        miner = ListMiner(options.list_size, filtered=options.mining.filtered)
        meter = Meter(listener, "Retrieving candidates", len(queries), unit="queries")
        lists: list[CandidateList] = []
        for one in self._vectored(queries):
            found = self._listed(one, options.list_size, fusion)
            lists += miner.mine(self._worded(found) if worded else found)
            meter.advance()
        return tuple(lists), miner.report()

    def _vectored(self, queries: Sequence[TrainQuery]) -> Iterator[_Vectored]:
        vectors = self.vectors([one.text for one in queries])
        for one, vector in zip(queries, vectors, strict=True):
            yield _Vectored(one, vector, self._vectors(one.rights))

    def _vectors(self, skills: Sequence[Skill]) -> FloatMatrix:
        """Return the skills' unit vectors [n, d]: the index's, or made anew for texts it lacks."""
        vectors = np.zeros((len(skills), self._dense.dimension), dtype=np.float32)
        lacking = []
        for place, skill in enumerate(skills):
            row = self._row_of.get(skill.content_hash)
            if row is None:
                lacking.append(place)
            else:
                vectors[place] = self._dense.matrix[row]
        if lacking:
            texts = [encoder_document(skills[place], self._preset) for place in lacking]
            vectors[lacking] = self._encoder.encode_queries(texts)
        return vectors

    def _known(self, one: _Vectored) -> JudgedQuery:
        query = one.query
        return JudgedQuery(
            query.text,
            one.vector,
            tuple(self._categorised(skill) for skill in query.rights),
            one.rights,
            query.wrong,
            frozenset(skill.skill_id for skill in query.related),
            query.unsure,
        )

    def _categorised(self, skill: Skill) -> Skill:
        """Return a right answer with the category that its present version has in the pool."""
        present = self._of_id.get(skill.skill_id)
        return replace(skill, category=present.category if present else skill.category)

    def _listed(self, one: _Vectored, size: int, fusion: FusionWeights) -> ListQuery:
        query = one.query
        found = retrieve(self.index, query.text, one.vector, Stage1.HYBRID, size, fusion).hits
        rows = np.array([hit.row for hit in found], dtype=np.int64)
        cosines = (self._dense.matrix[rows] @ one.rights.T).max(axis=1)
        ids = [self.index.ids[row] for row in rows]
        return ListQuery(
            query.text,
            query.targets,
            [Scored(self.skills[hit.row], hit.bm25 or 0.0, hit.dense or 0.0) for hit in found],
            query.rights,
            self._scored(one),
            frozenset(skill.skill_id for skill in query.related),
            query.unsure,
            {skill_id: float(cosine) for skill_id, cosine in zip(ids, cosines, strict=True)},
        )

    def _worded(self, found: ListQuery) -> ListQuery:
        """Return a query's candidates and wrong skills with the numbers of their wording."""
        every = (*found.candidates, *found.wrong)
        numbers = self.wording(found.text, [one.skill for one in every]).rows().T.tolist()
        read = [replace(one, wording=tuple(n)) for one, n in zip(every, numbers, strict=True)]
        size = len(found.candidates)
        return replace(found, candidates=read[:size], wrong=tuple(read[size:]))

    def wording(self, query: str, skills: Sequence[Skill]) -> Wording:
        """Return how the wording of some skills' whole texts follows a query's."""
        return read_wording(query, [whole_text(one) for one in skills], self.index.lexical())

    def proposals(self, query: str, vector: FloatVector, depth: int) -> tuple[Hit, ...]:
        """Return what both retrievers propose for a query, with both scores of each."""
        every = FusionWeights()
        return retrieve(self.index, query, vector, Stage1.HYBRID, depth, every).hits

    def vectors(self, texts: Sequence[str]) -> Iterator[FloatVector]:
        """Yield the unit vector [d] of each query."""
        for start in range(0, len(texts), CHUNK):
            chunk = [encoder_query(one, self._preset) for one in texts[start : start + CHUNK]]
            yield from self._encoder.encode_queries(chunk)

    def _scored(self, one: _Vectored) -> tuple[Scored, ...]:
        """Return the skills judged wrong with their stage-1 scores, whether found or not."""
        wrong = one.query.wrong
        if not wrong:
            return ()
        lexical = self.index.lexical().scores(one.query.text)
        cosines = self._vectors(wrong) @ one.vector
        rows = [self._row_of.get(skill.content_hash) for skill in wrong]
        return tuple(
            Scored(skill, 0.0 if row is None else float(lexical[row]), float(cosine))
            for skill, row, cosine in zip(wrong, rows, cosines, strict=True)
        )


def with_categories(workspace: Workspace, skills: Sequence[Skill]) -> list[Skill]:
    """Return skills whose missing category is the coarse cluster they lie in, if there is a map."""
    clusters = _clusters(workspace) if any(not one.category for one in skills) else {}
    return [
        replace(one, category=clusters[one.skill_id])
        if not one.category and one.skill_id in clusters
        else one
        for one in skills
    ]


def _clusters(workspace: Workspace) -> Mapping[str, str]:
    made = workspace.map.load()
    if made is None:
        return {}
    numbers = made.numbers(Level.COARSE)
    return {
        skill_id: f"cluster {number}"
        for skill_id, number in zip(made.ids, numbers.tolist(), strict=True)
        if number != NOISE
    }
