"""A query through both stages: the Route.

Responsible for composing encoder, index, reranker, evidence, folding and confidence,
and for timing each. Must not know files, databases or how an answer is shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from skillrouter_core.calibrate import DEFAULT_THRESHOLD, Calibration, read_calibrations
from skillrouter_core.encode import Encoder
from skillrouter_core.errors import UsageError
from skillrouter_core.folding import fold
from skillrouter_core.index import FULL, NO_BODY, SkillIndex
from skillrouter_core.models import Profile, find_model
from skillrouter_core.passages import evidence
from skillrouter_core.records import Candidate, Hit, Route, RouteOptions, Skill, Stage1, Timings
from skillrouter_core.rerank import FloatVector, Reranker, StageTwoWeights
from skillrouter_core.retrieve import FusionWeights, retrieve
from skillrouter_core.texts import TextPreset, encoder_query, reranker_document, reranker_query
from skillrouter_core.wording import Wording, read_wording, whole_text

RANKING_DEPTH = 50
"""Stage-1 ranks a Route carries: Recall@50 is the deepest metric of the benchmark."""

STALE = "Some indexed skills are no longer in the catalog and were left out. Rebuild the index."
NO_VECTORS = "Vectors are still being made: BM25 answers alone until they are ready."
OTHER_VECTORS = (
    "The index holds the vectors of another model than the one that answers: BM25 answers alone. "
    "Run `skillrouter index`."
)
NO_RERANKER = "This profile has no reranker: stage 1 decides alone."

SkillLookup = Callable[[Sequence[str]], Mapping[str, Skill]]
"""Skill ids to skills; ids that no longer exist are missing from the answer."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """What was fitted on held-out training queries.

    `calibrations` are keyed by stage-1 kind, with "+rerank" appended when stage 2 ran.
    """

    fusion: FusionWeights = field(default_factory=FusionWeights)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    none_fits_below: float = DEFAULT_THRESHOLD


def read_tuning(profile: Profile) -> Tuning:
    """Return what the manifests of a profile's models say was fitted; defaults where nothing."""
    encoder = find_model(profile.encoder).manifest
    reranker = find_model(profile.reranker).manifest if profile.reranker else {}
    return Tuning(
        fusion=FusionWeights(**encoder.get("fusion", {})),
        calibrations=read_calibrations(encoder) | read_calibrations(reranker),
        none_fits_below=float(reranker.get("none_fits_below", DEFAULT_THRESHOLD)),
    )


@dataclass(frozen=True, slots=True)
class _Scored:
    """A hit with its skill and what stage 2 made of it."""

    hit: Hit
    skill: Skill
    stage1_rank: int
    text_score: float | None = None
    stage2_score: float | None = None

    @property
    def deciding_score(self) -> float:
        return self.hit.score if self.stage2_score is None else self.stage2_score


class Router:
    """Routes queries over one index with one profile's models.

    `encoder` None routes by BM25 and says so; `reranker` None stops after stage 1.
    """

    def __init__(
        self,
        index: SkillIndex,
        skills: SkillLookup,
        preset: TextPreset,
        *,
        encoder: Encoder | None = None,
        reranker: Reranker | None = None,
        tuning: Tuning | None = None,
    ) -> None:
        """Bind the parts; nothing is loaded or computed here."""
        self._index, self._skills, self._preset = index, skills, preset
        self._encoder, self._reranker = encoder, reranker
        self._tuning = tuning or Tuning()

    def route(self, query: str, options: RouteOptions | None = None) -> Route:
        """Return the two-stage answer to a query.

        Raises UsageError for an empty query or counts below 1.
        """
        options = options or RouteOptions()
        _require_usable(query, options)
        notes: list[str] = []
        started = time.perf_counter()
        vector = self._encode(query, options, notes)
        encoded = time.perf_counter()
        found, used = self._stage1(query, vector, options, notes)
        retrieved = time.perf_counter()
        ranked = self._stage2(query, found, used, options, notes)
        reranked = time.perf_counter()
        candidates = self._present(query, ranked, options)
        finished = time.perf_counter()
        return Route(
            query=query,
            options=options,
            candidates=candidates,
            ranking=tuple(entry.skill.skill_id for entry in ranked),
            stage1_ranking=tuple(entry.skill.skill_id for entry in found),
            confidence=self._confidence(ranked, used),
            threshold=self._threshold(options),
            timings=Timings(
                encode=(encoded - started) * 1e3,
                stage1=(retrieved - encoded) * 1e3,
                stage2=(reranked - retrieved) * 1e3,
                total=(finished - started) * 1e3,
            ),
            notes=tuple(notes),
        )

    def _encode(self, query: str, options: RouteOptions, notes: list[str]) -> FloatVector | None:
        if options.stage1 is Stage1.BM25:
            return None
        part = self._index.manifest.dense.get(_view(options))
        if self._encoder is None or part is None:
            notes.append(NO_VECTORS)
            return None
        if part.model_key != self._encoder.model_key:
            notes.append(OTHER_VECTORS)
            return None
        vectors = self._encoder.encode_queries([encoder_query(query, self._preset)])
        return np.asarray(vectors[0], dtype=np.float32)

    def _stage1(
        self, query: str, vector: FloatVector | None, options: RouteOptions, notes: list[str]
    ) -> tuple[list[_Scored], Stage1]:
        depth = max(options.candidates, options.top, RANKING_DEPTH)
        kind = Stage1.BM25 if vector is None else options.stage1
        answer = retrieve(
            self._index, query, vector, kind, depth, self._tuning.fusion, _view(options)
        )
        ids = [self._index.ids[hit.row] for hit in answer.hits]
        skills = self._skills(ids)
        found = [
            _Scored(hit, skills[skill_id], rank)
            for rank, (hit, skill_id) in enumerate(zip(answer.hits, ids, strict=True), 1)
            if skill_id in skills
        ]
        if len(found) < len(ids):
            notes.append(STALE)
        return found, answer.used

    def _stage2(
        self,
        query: str,
        found: list[_Scored],
        used: Stage1,
        options: RouteOptions,
        notes: list[str],
    ) -> list[_Scored]:
        """Return the candidates in final order: the reranked head, then the others."""
        if not options.rerank or not found:
            return found
        if self._reranker is None:
            notes.append(NO_RERANKER)
            return found
        weights = self._reranker.weights[used]
        found, wording = self._by_wording(query, found, weights, options)
        head, tail = found[: options.candidates], found[options.candidates :]
        documents = [
            reranker_document(entry.skill, self._preset, body=options.body) for entry in head
        ]
        text = self._reranker.score(reranker_query(query, self._preset), documents)
        read = None if wording is None else wording.keep(range(len(head)))
        scores = weights.combine(text, _feature(head, "bm25"), _feature(head, "dense"), read)
        order = np.argsort(-scores, kind="stable")
        reranked = [
            replace(head[i], text_score=float(text[i]), stage2_score=float(scores[i]))
            for i in order
        ]
        return reranked + tail

    def _by_wording(
        self, query: str, found: list[_Scored], weights: StageTwoWeights, options: RouteOptions
    ) -> tuple[list[_Scored], Wording | None]:
        """Return all that stage 1 found, ordered by all that is known before the reranker reads.

        It reads the first few only; the wording costs so little that every text is looked at.
        Where no wording counts, stage 1's order stays and there is none.
        """
        if not weights.reads_wording:
            return found, None
        texts = [whole_text(_visible(entry.skill, options)) for entry in found]
        wording = read_wording(query, texts, self._index.lexical(_view(options)))
        nothing = np.zeros(len(found), dtype=np.float32)
        scores = weights.combine(
            nothing, _feature(found, "bm25"), _feature(found, "dense"), wording
        )
        order = [int(i) for i in np.argsort(-scores, kind="stable")]
        return [found[i] for i in order], wording.keep(order)

    def _present(
        self, query: str, ranked: list[_Scored], options: RouteOptions
    ) -> tuple[Candidate, ...]:
        """Return the shown answers: near-copies folded where wanted, evidence attached."""
        head = ranked[: max(options.candidates, options.top)]
        alone = [[position] for position in range(len(head))]
        groups = fold([entry.skill for entry in head]) if options.fold else alone
        lexical = self._index.lexical(_view(options))
        shown = []
        for position, group in enumerate(groups[: options.top], 1):
            entry = head[group[0]]
            shown.append(
                Candidate(
                    skill=entry.skill,
                    rank=position,
                    place=group[0] + 1,
                    stage1_rank=entry.stage1_rank,
                    stage1_score=entry.hit.score,
                    stage2_score=entry.stage2_score,
                    bm25=entry.hit.bm25,
                    dense=entry.hit.dense,
                    text_score=entry.text_score,
                    folded=tuple(head[row].skill for row in group[1:]),
                    evidence=evidence(query, _visible(entry.skill, options), lexical.idf),
                )
            )
        return tuple(shown)

    def _confidence(self, ranked: list[_Scored], used: Stage1) -> float | None:
        if not ranked:
            return None
        reranked = [entry for entry in ranked if entry.stage2_score is not None]
        key = used.value + ("+rerank" if reranked else "")
        curve = self._tuning.calibrations.get(key)
        if curve is None:
            return None
        return curve.probability([entry.deciding_score for entry in reranked or ranked])

    def _threshold(self, options: RouteOptions) -> float:
        if options.none_fits_below is not None:
            return options.none_fits_below
        return self._tuning.none_fits_below


def _require_usable(query: str, options: RouteOptions) -> None:
    if not query.strip():
        raise UsageError("The query is empty. Say in a sentence what the agent should do.")
    for name, count in (("top", options.top), ("candidates", options.candidates)):
        if count < 1:
            raise UsageError(f"{name} is {count}; it must be at least 1.")


def _view(options: RouteOptions) -> str:
    return FULL if options.body else NO_BODY


def _visible(skill: Skill, options: RouteOptions) -> Skill:
    """Return the skill as the stages saw it."""
    return skill if options.body else replace(skill, body="")


def _feature(head: list[_Scored], name: str) -> FloatVector:
    """Return a stage-1 feature [n], zero where that retriever did not run."""
    return np.array([getattr(entry.hit, name) or 0.0 for entry in head], dtype=np.float32)
