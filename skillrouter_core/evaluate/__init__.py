"""Scoring on a benchmark: anybody's predictions, or a router asked query by query.

Responsible for the reports behind `skillrouter score` and `skillrouter evaluate`, in the JSON
shapes of DESIGN.md. Must not know how a ranking is made: no model code is imported here.
"""

from skillrouter_core.evaluate.routers import (
    EvaluateOptions,
    RankedAnswer,
    RankingRouter,
    TierReport,
    evaluate,
)
from skillrouter_core.evaluate.scoring import (
    STRATA,
    ScoredTask,
    ScoreReport,
    TaskScore,
    score_predictions,
    scored_tasks,
)

__all__ = [
    "STRATA",
    "EvaluateOptions",
    "RankedAnswer",
    "RankingRouter",
    "ScoreReport",
    "ScoredTask",
    "TaskScore",
    "TierReport",
    "evaluate",
    "score_predictions",
    "scored_tasks",
]
