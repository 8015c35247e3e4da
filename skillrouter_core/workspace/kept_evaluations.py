"""Evaluations that are kept, task by task, so that two can be held against each other.

Responsible for asking a router every query, for what is remembered of each answer, and for the
near-copies among wrong answers. Must not know how an evaluation is drawn.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from skillrouter_core.errors import BenchmarkError, UsageError
from skillrouter_core.models import Profile, find_model
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import Candidate, Route, RouteOptions, Skill
from skillrouter_core.records.evaluations import (
    EvaluatedTask,
    Evaluation,
    EvaluationInfo,
    Ranked,
)

if TYPE_CHECKING:
    from skillrouter_core.evaluate.copies import CopyFinder

DESCRIPTION_CHARS = 300
"""Of a candidate's description so much is kept with an evaluation."""

LABELS = "labels"
"""Name of the benchmark made of the workspace's own held-out queries and live skills."""
DEMO = "demo"
"""Name of the benchmark that ships with the program."""


class Routing(Protocol):
    """Whatever answers queries: a router, or one for each share of them."""

    def route(self, query: str, options: RouteOptions | None = None) -> Route:
        """Return the two-stage answer to a query."""
        ...


@dataclass(frozen=True, slots=True)
class Question:
    """One query to be asked, with the ids of its right skills inside the pool."""

    task_id: str
    query: str
    style: str
    right: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is evaluated on: named questions over a pool of skills."""

    name: str
    tier: str
    questions: tuple[Question, ...]
    pool: tuple[Skill, ...]

    @property
    def fingerprint(self) -> str:
        """16 hex digits over the questions, their right answers and the pool's texts."""
        asked = [(one.task_id, one.query, sorted(one.right)) for one in self.questions]
        texts = sorted((skill.skill_id, skill.content_hash) for skill in self.pool)
        return sha256(repr((asked, texts)).encode("utf-8", "replace")).hexdigest()[:16]


def benchmark_subject(folder: Path, tier: str) -> Subject:
    """Return the tasks of a benchmark's tier that count; raises BenchmarkError without any."""
    from skillrouter_core.benchmark import load_benchmark, load_pool
    from skillrouter_core.evaluate import scored_tasks

    benchmark, pool = load_benchmark(folder), load_pool(folder, tier)
    counted = scored_tasks(benchmark, {skill.skill_id for skill in pool})
    questions = tuple(
        Question(one.task.task_id, one.task.query, one.task.style, tuple(sorted(one.right)))
        for one in counted
    )
    if not questions:
        raise BenchmarkError(
            f"no task of {folder} has a right answer in tier {tier!r}; check core_gt_ids in "
            "relevance.json against the pool's skill_id"
        )
    return Subject(folder.resolve().name, tier, questions, tuple(pool))


def label_subject(right_of: Mapping[str, Sequence[str]], pool: Sequence[Skill]) -> Subject:
    """Return held-out queries with the skills judged right, over the live skills.

    Queries none of whose right skills is live are left out. Raises UsageError without any.
    """
    live = {skill.skill_id for skill in pool}
    questions = []
    for query, right in sorted(right_of.items()):
        kept = tuple(sorted(set(right) & live))
        if kept:
            key = sha256(query.encode("utf-8", "replace")).hexdigest()[:12]
            questions.append(Question(key, query, "", kept))
    if not questions:
        raise UsageError(
            "no held-out query has a skill judged right (grade 3) that is still in a catalog; "
            "label some on the page Label, or name a benchmark's folder"
        )
    return Subject(LABELS, "live", tuple(questions), tuple(pool))


def ask(
    subject: Subject,
    router: Routing,
    options: RouteOptions,
    profile: Profile,
    copies: CopyFinder,
    *,
    note: str = "",
    listener: ProgressListener = silent,
) -> Evaluation:
    """Ask every question and return the evaluation, not kept yet.

    Questions are asked one at a time, so the milliseconds are those of a lone user.
    """
    by_id = {skill.skill_id: skill for skill in subject.pool}
    meter = Meter(listener, f"evaluate {subject.name}", len(subject.questions), unit="queries")
    tasks = []
    threshold = 0.5
    for question in subject.questions:
        route = router.route(question.query, options)
        threshold = route.threshold
        tasks.append(_evaluated(question, route, by_id, copies))
        meter.advance()
    info = _info(subject, options, profile, tasks, threshold, note)
    return Evaluation(info, tuple(tasks))


def _evaluated(
    question: Question, route: Route, by_id: Mapping[str, Skill], copies: CopyFinder
) -> EvaluatedTask:
    right = [by_id[skill_id] for skill_id in question.right]
    first = by_id[route.ranking[0]] if route.ranking else None
    wrong = first is not None and first.skill_id not in question.right
    copy = copies.copy_of(first, right) if first is not None and wrong else None
    return EvaluatedTask(
        task_id=question.task_id,
        query=question.query,
        style=question.style,
        right=question.right,
        right_names=tuple(skill.name for skill in right),
        right_hashes=tuple(skill.content_hash for skill in right),
        stage1=route.stage1_ranking,
        final=route.ranking,
        candidates=tuple(map(_ranked, route.candidates)),
        confidence=route.confidence,
        milliseconds=route.timings.total,
        copy_of=copy.skill_id if copy else "",
        copy_jaccard=copy.jaccard if copy else None,
        copy_cosine=copy.cosine if copy else None,
    )


def _ranked(candidate: Candidate) -> Ranked:
    return Ranked(
        skill_id=candidate.skill.skill_id,
        name=candidate.skill.name,
        description=candidate.skill.description[:DESCRIPTION_CHARS],
        place=candidate.place,
        stage1_rank=candidate.stage1_rank,
        bm25=candidate.bm25,
        dense=candidate.dense,
        text_score=candidate.text_score,
        stage2_score=candidate.stage2_score,
        folded=tuple(skill.skill_id for skill in candidate.folded),
    )


def _info(
    subject: Subject,
    options: RouteOptions,
    profile: Profile,
    tasks: Sequence[EvaluatedTask],
    threshold: float,
    note: str,
) -> EvaluationInfo:
    now = datetime.now(UTC)
    reranks = options.rerank and profile.reranker is not None
    return EvaluationInfo(
        evaluation_id=f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}",
        benchmark=subject.name,
        tier=subject.tier,
        profile=options.profile,
        encoder=find_model(profile.encoder).key,
        reranker=find_model(profile.reranker).key if reranks and profile.reranker else "",
        stage1=options.stage1.value,
        body=options.body,
        rerank=reranks,
        pool=len(subject.pool),
        tasks=len(tasks),
        hit=sum(task.hit for task in tasks) / len(tasks),
        fingerprint=subject.fingerprint,
        created_at=now,
        note=note,
        threshold=threshold,
    )
