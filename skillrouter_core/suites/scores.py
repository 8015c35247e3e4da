"""Whether an answer is right, and the means of that over a run.

Responsible for Hit@1 and Recall@20 of a suite with their intervals. Must not know how two runs
compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from skillrouter_core.metrics import bootstrap_interval
from skillrouter_core.records.suites import Estimate, SuiteAnswer, SuiteScore

CANDIDATES = 20
"""How many candidates of stage 1 an expected skill must be among to count as retrieved."""

Expected = Mapping[str, tuple[str, ...]]
"""By the text of a query the skills that should answer it."""


def is_right(answer: SuiteAnswer, expected: Sequence[str]) -> bool:
    """Return whether the first answer is an expected one."""
    return bool(answer.ranking) and answer.ranking[0] in expected


def retrieved_share(answer: SuiteAnswer, expected: Sequence[str]) -> float:
    """Return the share of the expected skills among the candidates of stage 1, in [0, 1]."""
    candidates = set(answer.stage1_ranking[:CANDIDATES])
    return sum(skill_id in candidates for skill_id in expected) / len(expected)


def score(answers: Iterable[SuiteAnswer], expected: Expected | None = None) -> SuiteScore:
    """Return a run's figures.

    `expected` says what is expected of each query; without it, or for a query it does not name,
    what was expected when the run was made.
    """
    asked = tuple(answers)
    judged = [(answer, wanted) for answer in asked if (wanted := wanted_of(answer, expected))]
    hits = [float(is_right(answer, wanted)) for answer, wanted in judged]
    shares = [retrieved_share(answer, wanted) for answer, wanted in judged]
    return SuiteScore(len(asked), len(judged), int(sum(hits)), estimate(hits), estimate(shares))


def wanted_of(answer: SuiteAnswer, expected: Expected | None) -> tuple[str, ...]:
    """Return what is expected of a query: what `expected` says, else what the run kept."""
    return answer.expected if expected is None else expected.get(answer.query_text, answer.expected)


def estimate(values: Sequence[float]) -> Estimate | None:
    """Return the mean of values, one a query, with its interval; None where there are none."""
    if not values:
        return None
    low, high = bootstrap_interval(values)
    return Estimate(sum(values) / len(values), low, high)
