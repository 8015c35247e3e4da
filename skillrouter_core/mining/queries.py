"""Queries written for skills nobody asked for yet.

Responsible for what a generator is, for the one that reads a skill's own description, for the
rule that a query must not name its skill, and for drawing skills evenly over categories (PAPER
section "Training"). Must not know language models: one that uses them comes in as a generator.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Protocol

from skillrouter_core.mining.pairs import (
    MIN_QUERY_CHARS,
    Pair,
    derived_pair,
    stratified,
)
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import Skill, normalised_name

MAX_WRITTEN_CHARS = 2400
"""Two and a half times the paper's mean of 160 words; a longer query is a model gone astray."""

CHUNK = 16
"""Skills given to a generator at a time: enough for a batch, few enough for progress."""


class QueryGenerator(Protocol):
    """Anything that writes a query for a skill.

    `name` is kept with the run. What comes back is checked by `generate`: it need not be good.
    """

    name: str

    def write(self, skills: Sequence[Skill], seed: int) -> Sequence[Pair | None]:
        """Return a pair for each skill, None where there is nothing to say; same seed, same text.

        A pair's skill is the text to train on: a part quoted as the query is taken out of it.
        """
        ...


class DescriptionQueries:
    """The default: a skill's description or "when to use" list, taken out of its text."""

    name = "description"

    def write(self, skills: Sequence[Skill], seed: int) -> Sequence[Pair | None]:
        """Return a pair for each skill; no model is needed."""
        return [derived_pair(one, random.Random(f"{seed}\x1f{one.skill_id}")) for one in skills]


@dataclass(frozen=True, slots=True)
class Generated:
    """Pairs for skills, and why other skills got none, counted."""

    pairs: tuple[Pair, ...]
    rejected: Counter[str] = field(default_factory=Counter, hash=False)


def generate(
    skills: Sequence[Skill],
    generator: QueryGenerator,
    *,
    limit: int,
    seed: int,
    refuse: Callable[[Pair], str | None] = lambda pair: None,
    listener: ProgressListener = silent,
) -> Generated:
    """Return up to `limit` pairs of skills drawn evenly over categories.

    A pair whose query names its skill, or is too short, or that `refuse` gives a reason against
    is left out and counted; the next skill takes its turn.
    """
    pairs: list[Pair] = []
    rejected: Counter[str] = Counter()
    order = stratified(skills, random.Random(seed))
    meter = Meter(listener, "Writing queries", min(limit, len(skills)), unit="queries")
    for chunk in _chunks(order, CHUNK):
        if len(pairs) >= limit:
            break
        for pair in generator.write(chunk, seed):
            reason = "nothing to say" if pair is None else _objection(pair) or refuse(pair)
            if pair is None or reason:
                rejected[reason or ""] += 1
            elif len(pairs) < limit:
                pairs.append(pair)
                meter.advance()
    return Generated(tuple(pairs), rejected)


def names_skill(query: str, skill: Skill) -> bool:
    """Return whether a query mentions a skill's name, or its folder's, in any spelling."""
    words = normalised_name(query).split()
    text = f" {' '.join(words)} "
    for name in {normalised_name(skill.name), normalised_name(skill.skill_id.rsplit("/", 1)[-1])}:
        if name and (f" {name} " in text or name.replace(" ", "") in words):
            return True
    return False


def _objection(pair: Pair) -> str | None:
    if len(pair.query) < MIN_QUERY_CHARS:
        return "too short"
    if len(pair.query) > MAX_WRITTEN_CHARS:
        return "too long"
    return "names its skill" if names_skill(pair.query, pair.skill) else None


def _chunks(skills: Iterator[Skill], size: int) -> Iterator[list[Skill]]:
    while chunk := list(islice(skills, size)):
        yield chunk
