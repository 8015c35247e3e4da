"""A run's networks asked the held-out queries, and the numbers around them fitted to the answers.

Responsible for what the retrievers and the reranker make of every held-out query. Must not know
how a number is fitted (`fitting`), nor where a run keeps it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from skillrouter_core.fitting import (
    Fits,
    Looked,
    fit_stage_one,
    fit_stage_two_around,
    lacking,
    weights_without_reading,
)
from skillrouter_core.models import Profile
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import Hit, RouteOptions, Stage1
from skillrouter_core.registry import Fitted
from skillrouter_core.rerank import Reranker
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.route import RANKING_DEPTH
from skillrouter_core.texts import preset_named, reranker_document, reranker_query
from skillrouter_core.tuning import JudgedCandidates
from skillrouter_core.workspace.training_data import TrainingData

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.training_labels import TrainQuery

COMPACT = "compact"
"""The text preset whose profiles add stage 1's scores and the wording to the reranker's."""

PROPOSED = 400
"""Candidates of both retrievers over which their mix is fitted."""

MOST_QUERIES = 400
"""Held-out queries that numbers are fitted on; of more, a fixed choice: reading takes the time."""

OTHER_KINDS = 3
"""Every so many-th query serves the kinds of stage 1 that are exceptions, if those are enough."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """A held-out query and all that both retrievers propose; `right` is the right one's row."""

    text: str
    hits: tuple[Hit, ...]
    right: int | None


class Fitting:
    """Fits the numbers around one pair of models on held-out queries; made for one run."""

    def __init__(
        self,
        ws: Workspace,
        profile: Profile,
        queries: Sequence[TrainQuery],
        listener: ProgressListener,
    ) -> None:
        """Load the profile's index, which must be up to date; raises as `TrainingData` does."""
        self._ws, self._profile, self._listener = ws, profile, listener
        self._data = TrainingData(ws, profile)
        self._preset = preset_named(profile.preset)
        self._asked = tuple(self._ask(queries))

    def stage_one(self, former: Fitted, *, mix: bool) -> Fits:
        """Return the mix, if wanted, and the confidence of each kind of stage 1 alone."""
        looked = [Looked(one.text, _features(one.hits, one.right)) for one in self._asked]
        return fit_stage_one(looked, former, mix=mix)

    def stage_two(self, former: Fitted, fusion: FusionWeights) -> Fits:
        """Return stage 2's weights and confidence with the profile's reranker."""
        reranker = self._ws.models.reranker(self._profile)
        if reranker is None:
            return Fits(former, (), done=False)
        weighs = self._profile.preset == COMPACT
        heads = {
            kind: self._heads(kind, self._of_kind(kind, fusion), weighs=weighs) for kind in Stage1
        }
        every = {(one.text, hit.row) for head in heads.values() for one in head for hit in one.hits}
        meter = Meter(self._listener, "Reading for stage 2", len(every), unit="texts")
        known: dict[tuple[str, int], float] = {}
        looked = {
            kind: [self._read(one, reranker, known, meter, worded=weighs) for one in head]
            for kind, head in heads.items()
        }
        return fit_stage_two_around(looked, former, weighs=weighs)

    def _ask(self, queries: Sequence[TrainQuery]) -> Iterable[_Asked]:
        """Yield each query with what is proposed, other right answers and unsure ones left out."""
        chosen = chosen_of(queries, set(self._data.index.ids))
        meter = Meter(self._listener, "Asking held-out queries", len(chosen), unit="queries")
        vectors = self._data.vectors([one.text for one in chosen])
        for one, vector in zip(chosen, vectors, strict=True):
            hits = self._data.proposals(one.text, vector, PROPOSED)
            targets = {skill.skill_id for skill in one.targets}
            neither = targets | {skill.skill_id for skill in one.protected} | one.unsure
            right = next((hit.row for hit in hits if self._id(hit) in targets), None)
            kept = tuple(hit for hit in hits if hit.row == right or self._id(hit) not in neither)
            yield _Asked(one.text, kept, right)
            meter.advance()

    def _id(self, hit: Hit) -> str:
        return self._data.index.ids[hit.row]

    def _of_kind(self, kind: Stage1, fusion: FusionWeights) -> list[_Asked]:
        """Return the queries that serve a kind of stage 1, each with what that kind would find."""
        asked = self._asked
        fewer = asked[::OTHER_KINDS]
        if kind is not Stage1.HYBRID and not lacking([one.text for one in fewer]):
            asked = fewer
        return [replace(one, hits=_found(kind, one.hits, fusion)) for one in asked]

    def _heads(self, kind: Stage1, asked: Sequence[_Asked], *, weighs: bool) -> list[_Asked]:
        """Return the queries with the candidates that the reranker is to read."""
        size = RouteOptions().candidates
        looked = [Looked(one.text, self._worded(one)) for one in asked] if weighs else []
        found = [one.text for one in looked if one.candidates.right is not None]
        if not weighs or lacking(found):
            return [replace(one, hits=one.hits[:size]) for one in asked]
        weights = weights_without_reading(looked, kind)
        heads = []
        for one, features in zip(asked, looked, strict=True):
            order = np.argsort(-features.candidates.combined(weights), kind="stable")[:size]
            heads.append(replace(one, hits=tuple(one.hits[int(i)] for i in order)))
        return heads

    def _worded(self, one: _Asked) -> JudgedCandidates:
        skills = [self._data.skills[hit.row] for hit in one.hits]
        wording = self._data.wording(one.text, skills)
        return replace(_features(one.hits, one.right), wording=wording)

    def _read(
        self,
        one: _Asked,
        reranker: Reranker,
        known: dict[tuple[str, int], float],
        meter: Meter,
        *,
        worded: bool,
    ) -> Looked:
        """Return a query's candidates with the reranker's scores, each text read once."""
        new = [hit.row for hit in one.hits if (one.text, hit.row) not in known]
        documents = [reranker_document(self._data.skills[row], self._preset) for row in new]
        if documents:
            scores = reranker.score(reranker_query(one.text, self._preset), documents)
            known.update({(one.text, row): float(s) for row, s in zip(new, scores, strict=True)})
        text = np.array([known[one.text, hit.row] for hit in one.hits], np.float32)
        features = self._worded(one) if worded else _features(one.hits, one.right)
        meter.advance(len(new))
        return Looked(one.text, replace(features, text=text))


def chosen_of(queries: Sequence[TrainQuery], pool: set[str]) -> list[TrainQuery]:
    """Return the queries with a right answer in the pool, MOST_QUERIES of them at most.

    Which ones is decided by their texts alone.
    """
    answered = [one for one in queries if any(skill.skill_id in pool for skill in one.targets)]
    return sorted(answered, key=_digest)[:MOST_QUERIES]


def _digest(query: TrainQuery) -> str:
    return sha256(query.text.encode("utf-8", "replace")).hexdigest()


def _found(kind: Stage1, hits: Sequence[Hit], fusion: FusionWeights) -> tuple[Hit, ...]:
    """Return what a kind of stage 1 hands on, best first, with the scores that it knows."""
    lexical = np.array([hit.bm25 or 0.0 for hit in hits])
    cosine = np.array([hit.dense or 0.0 for hit in hits])
    if kind is Stage1.BM25:
        scores, kept = lexical, [replace(hit, dense=None) for hit in hits]
    elif kind is Stage1.DENSE:
        scores, kept = cosine, [replace(hit, bm25=None) for hit in hits]
    else:
        scores, kept = fusion.bm25 * np.log1p(lexical) + fusion.dense * cosine, list(hits)
    order = np.argsort(-scores, kind="stable")[:RANKING_DEPTH]
    return tuple(kept[int(i)] for i in order if kind is not Stage1.BM25 or scores[i] > 0)


def _features(hits: Sequence[Hit], right: int | None) -> JudgedCandidates:
    rows = [hit.row for hit in hits]
    return JudgedCandidates(
        bm25=np.array([hit.bm25 or 0.0 for hit in hits], dtype=np.float32),
        dense=np.array([hit.dense or 0.0 for hit in hits], dtype=np.float32),
        text=np.zeros(len(hits), np.float32),
        right=rows.index(right) if right in rows else None,
    )
