"""Which of several near-copies to keep, and why.

Responsible for one number per skill and for reasons in words. Must not know groups, decisions
or likeness: it looks at each skill by itself. Reasons hold nothing that strangers wrote.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from skillrouter_core.dedup.pairs import FloatVector
from skillrouter_core.records import Problem, Skill

ENOUGH_DESCRIPTION = 200
"""A description of so many characters says enough; a longer one is no better."""

ENOUGH_BODY = 20_000
"""The same for a body: beyond, length is no merit."""

WEIGHTS = {"uses": 3.0, "complete": 2.0, "description": 1.0, "body": 1.0, "source": 0.25}
"""What each part of `quality` is worth: being relied upon first, then being whole."""

MANY_USES = 15
"""So many saved queries count as much as any more do."""

EQUAL = "equal to the others in all that is measured, first by id"
BALANCE = "best in sum of completeness, description, length, source and uses"
HUB = "the best of those that are near-copies of every other"

_MISSING = frozenset(
    {
        Problem.NO_DESCRIPTION,
        Problem.EMPTY_BODY,
        Problem.TOO_SHORT,
        Problem.NO_FRONTMATTER,
        Problem.BROKEN_FRONTMATTER,
        Problem.BAD_ENCODING,
    }
)


def quality(skills: Sequence[Skill], uses: Mapping[str, int]) -> FloatVector:
    """Return how worth keeping each skill is, [n], from 0 to the sum of `WEIGHTS`.

    `uses` counts by skill id the saved queries that a skill answers or should answer. Uses,
    description and body count by the logarithm of their length or number, up to a cap.
    """
    values = [_quality(skill, uses.get(skill.skill_id, 0)) for skill in skills]
    return np.array(values, dtype=np.float32)


def _quality(skill: Skill, uses: int) -> float:
    parts = {
        "uses": _grown(uses, MANY_USES),
        "complete": 1.0 / (1 + _missing(skill)),
        "description": _grown(len(skill.description.strip()), ENOUGH_DESCRIPTION),
        "body": _grown(len(skill.body.strip()), ENOUGH_BODY),
        "source": float(_has_source(skill)),
    }
    return sum(WEIGHTS[name] * value for name, value in parts.items())


def _grown(amount: int, enough: int) -> float:
    """Return 0 for nothing, 1 for `enough` or more, growing ever slower between."""
    return math.log1p(min(amount, enough)) / math.log1p(enough)


def _missing(skill: Skill) -> int:
    return len(_MISSING.intersection(skill.problems))


def _has_source(skill: Skill) -> bool:
    return bool(skill.source and skill.path)


def reasons(
    skill: Skill,
    others: Sequence[Skill],
    uses: Mapping[str, int],
    *,
    kept: bool = False,
    only_hub: bool = False,
) -> tuple[str, ...]:
    """Return why `skill` rather than `others` (at least one) is proposed as the keeper.

    Only what speaks for it is named, with the figures compared. `kept`: people decided so.
    `only_hub`: no other member is a near-copy of all the rest.
    """
    found = []
    if kept:
        found.append("people decided to keep it")
    if only_hub:
        found.append("the only one that is a near-copy of every other")
    found += _uses(skill, others, uses)
    found += _completeness(skill, others)
    found += _longer(
        "a description", lambda each: len(each.description.strip()), ENOUGH_DESCRIPTION
    )(skill, others)
    found += _longer("a body", lambda each: len(each.body.strip()), ENOUGH_BODY)(skill, others)
    if _has_source(skill) and not all(map(_has_source, others)):
        without = sum(not _has_source(each) for each in others)
        found.append(f"says where it comes from, unlike {_of(without, len(others))}")
    return tuple(found) or (_no_reason(skill, others, uses),)


def _uses(skill: Skill, others: Sequence[Skill], uses: Mapping[str, int]) -> list[str]:
    own = uses.get(skill.skill_id, 0)
    theirs = [uses.get(each.skill_id, 0) for each in others]
    if own <= max(theirs):
        return []
    queries = "saved query" if own == 1 else "saved queries"
    return [f"answers {own:,} {queries}, {_range(theirs)}"]


def _completeness(skill: Skill, others: Sequence[Skill]) -> list[str]:
    lacking = sum(_missing(each) > 0 for each in others)
    if _missing(skill) or not lacking:
        return []
    return [f"nothing is wrong with its text, unlike {_of(lacking, len(others))}"]


def _longer(
    what: str, length: Callable[[Skill], int], enough: int
) -> Callable[[Skill, Sequence[Skill]], list[str]]:
    """Return what compares one length, as far as it counts."""

    def compare(skill: Skill, others: Sequence[Skill]) -> list[str]:
        own, theirs = length(skill), [length(each) for each in others]
        if min(own, enough) <= max(theirs):
            return []
        return [f"has {what} of {own:,} characters, {_range(theirs)}"]

    return compare


def _range(values: Sequence[int]) -> str:
    """Return the others' figures in words: "the other 40" or "the others 0 to 40"."""
    low, high = min(values), max(values)
    if len(values) == 1:
        return f"the other {low:,}"
    return f"the others {low:,} each" if low == high else f"the others {low:,} to {high:,}"


def _of(part: int, whole: int) -> str:
    if whole == 1:
        return "the other"
    return f"{part} of the {whole} others" if part < whole else "all others"


def _no_reason(skill: Skill, others: Sequence[Skill], uses: Mapping[str, int]) -> str:
    values = quality([skill, *others], uses)
    if values[0] < values.max():
        return HUB
    return EQUAL if np.all(values == values[0]) else BALANCE
