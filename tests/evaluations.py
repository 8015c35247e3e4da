"""Made-up evaluations for tests: tasks with known right answers and rankings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from skillrouter_core.records.evaluations import (
    EvaluatedTask,
    Evaluation,
    EvaluationInfo,
    Ranked,
)


def task(task_id: str, right: Sequence[str], final: Sequence[str], **others: Any) -> EvaluatedTask:
    """Return a task whose two rankings are the same unless `stage1` is given."""
    given: dict[str, Any] = {
        "query": f"Query {task_id}",
        "style": "",
        "right_names": tuple(right),
        "right_hashes": tuple(f"hash of {one}" for one in right),
        "stage1": tuple(final),
        "candidates": tuple(
            Ranked(one, one, f"About {one}.", place, place, 1.5, 0.5, None, 0.25, ("twin",))
            for place, one in enumerate(final, 1)
        ),
        "confidence": 0.5,
        "milliseconds": 12.5,
    }
    return EvaluatedTask(
        task_id=task_id, right=tuple(right), final=tuple(final), **{**given, **others}
    )


def evaluation(
    *tasks: EvaluatedTask, name: str = "one", minute: int = 0, **others: Any
) -> Evaluation:
    """Return an evaluation of these tasks."""
    info = EvaluationInfo(
        evaluation_id=name,
        benchmark="bench",
        tier="easy",
        profile="compact",
        encoder="encoder-1",
        reranker="reranker-1",
        stage1="hybrid",
        body=True,
        rerank=True,
        pool=100,
        tasks=len(tasks),
        hit=sum(one.hit for one in tasks) / max(len(tasks), 1),
        fingerprint="same",
        created_at=datetime(2026, 1, 2, 3, minute, tzinfo=UTC),
    )
    values = {name: getattr(info, name) for name in info.__dataclass_fields__}
    return Evaluation(EvaluationInfo(**{**values, **others}), tasks)
