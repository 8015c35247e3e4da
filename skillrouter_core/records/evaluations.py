"""One evaluation kept: what every query of a benchmark was answered, by which models.

Responsible for the records. Must not know how queries are routed, scored or drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Ranked:
    """One of the candidates as stage 2 left it; `folded` are near-copies shown under it."""

    skill_id: str
    name: str
    description: str
    place: int
    stage1_rank: int
    bm25: float | None
    dense: float | None
    text_score: float | None
    stage2_score: float | None
    folded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class EvaluatedTask:
    """One query with its answer.

    `right` are the right ids inside the pool, `right_hashes` the content hashes of their texts.
    `stage1` and `final` are ids, 50 deep. `copy_of` names the right skill of which the first
    answer is a near-copy, with the evidence in `copy_jaccard` and `copy_cosine`; empty where it
    is none, or right itself. `milliseconds` is the whole route.
    """

    task_id: str
    query: str
    style: str
    right: tuple[str, ...]
    right_names: tuple[str, ...]
    right_hashes: tuple[str, ...]
    stage1: tuple[str, ...]
    final: tuple[str, ...]
    candidates: tuple[Ranked, ...]
    confidence: float | None
    milliseconds: float
    copy_of: str = ""
    copy_jaccard: float | None = None
    copy_cosine: float | None = None

    @property
    def stratum(self) -> str:
        """`single` with one right answer in the pool, else `multi`."""
        return "single" if len(self.right) == 1 else "multi"

    @property
    def hit(self) -> bool:
        """Whether the first answer is right."""
        return bool(self.final) and self.final[0] in self.right

    @property
    def tolerant_hit(self) -> bool:
        """Whether the first answer is right or a near-copy of a right one."""
        return self.hit or bool(self.copy_of)

    @property
    def stage1_hit(self) -> bool:
        """Whether stage 1 alone would have answered right."""
        return bool(self.stage1) and self.stage1[0] in self.right

    @property
    def retrieved(self) -> bool:
        """Whether a right skill is among the candidates that stage 2 saw."""
        return any(skill_id in self.right for skill_id in self.stage1[:20])


@dataclass(frozen=True, slots=True)
class EvaluationInfo:
    """What was evaluated and how; enough to list it.

    `benchmark` is the folder's name, `encoder` and `reranker` the keys of the weights (empty
    where none ran), `fingerprint` tells one set of tasks and pool from another: only evaluations
    with the same one compare task by task.
    """

    evaluation_id: str
    benchmark: str
    tier: str
    profile: str
    encoder: str
    reranker: str
    stage1: str
    body: bool
    rerank: bool
    pool: int
    tasks: int
    hit: float
    fingerprint: str
    created_at: datetime
    note: str = ""
    threshold: float = 0.5


@dataclass(frozen=True, slots=True)
class Evaluation:
    """An evaluation with all its tasks."""

    info: EvaluationInfo
    tasks: tuple[EvaluatedTask, ...]
