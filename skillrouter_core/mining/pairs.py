"""A query and the skill that answers it, and such pairs out of skills' own texts.

Responsible for the pair, for pairs whose query is a piece of the skill's text, and for drawing
skills evenly. Must not know negatives.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from skillrouter_core.records import Skill, normalised_name

MIN_QUERY_CHARS = 40
MAX_QUERY_CHARS = 600

_USE_HEADING = re.compile(
    r"^#{1,4}[^\n]*\b(when to use|use this|use when|use cases?|triggers?|activat\w+|"
    r"example (?:prompts?|quer\w+|requests?|usage))\b[^\n]*\n(?P<section>.*?)(?=^#{1,4} |\Z)",
    re.IGNORECASE | re.MULTILINE | re.DOTALL,
)
_BULLET = re.compile(r"^\s*(?:[-*+]|\d+[.)])\s+(?P<text>.+)$", re.MULTILINE)
_MARKUP = re.compile(r"[*_`\"“”]|\[([^\]]*)\]\([^)]*\)")


@dataclass(frozen=True, slots=True)
class Pair:
    """A query and the skill that answers it, as the model shall see that skill.

    `negatives` are skills that do not answer it, mined or judged; `rights` are the ids of all
    skills that do, so that none of them serves as a negative by the accident of a batch.
    """

    query: str
    skill: Skill
    negatives: tuple[Skill, ...] = ()
    rights: frozenset[str] = frozenset()


def derived_pairs(skills: Sequence[Skill], *, limit: int, seed: int) -> tuple[Pair, ...]:
    """Return up to `limit` pairs whose query is a skill's own description or "when to use" list.

    The part used as the query is taken out of the document, and the skill's name out of the
    query, so that the pair teaches meaning, not copying. Skills are drawn round-robin over
    sources: a source that fills thousands of skills from one template counts no more than
    others (PAPER: stratified sampling).
    """
    rng = random.Random(seed)
    pairs: list[Pair] = []
    for skill in _round_robin(skills, rng, lambda one: one.source):
        pair = derived_pair(skill, rng)
        if pair is not None:
            pairs.append(pair)
        if len(pairs) == limit:
            break
    return tuple(pairs)


def derived_pair(skill: Skill, rng: random.Random) -> Pair | None:
    """Return one of the pairs a skill's own text offers, or None where no piece is long enough."""
    usable = [pair for pair in _pairs_of(skill, rng) if len(pair.query) >= MIN_QUERY_CHARS]
    return rng.choice(usable) if usable else None


def stratified(skills: Sequence[Skill], rng: random.Random) -> Iterator[Skill]:
    """Yield all skills, taking turns over categories, or over sources for those without one."""
    return _round_robin(skills, rng, lambda one: one.category or f"\x1f{one.source}")


def _round_robin(
    skills: Sequence[Skill], rng: random.Random, stratum: Callable[[Skill], str]
) -> Iterator[Skill]:
    groups: dict[str, list[Skill]] = defaultdict(list)
    for skill in skills:
        groups[stratum(skill)].append(skill)
    queues = [rng.sample(group, len(group)) for group in groups.values()]
    while queues:
        for queue in queues:
            yield queue.pop()
        queues = [queue for queue in queues if queue]


def _pairs_of(skill: Skill, rng: random.Random) -> Iterable[Pair]:
    if skill.description:
        yield Pair(_as_query(skill.description, skill.name), replace(skill, description=""))
    for section in _USE_HEADING.finditer(skill.body):
        bullets = [match["text"] for match in _BULLET.finditer(section["section"])]
        if bullets:
            chosen = rng.sample(bullets, min(len(bullets), 2))
            rest = skill.body[: section.start()] + skill.body[section.end() :]
            yield Pair(_as_query(" ".join(chosen), skill.name), replace(skill, body=rest))


def _as_query(text: str, name: str) -> str:
    plain = " ".join(_MARKUP.sub(r"\1", text).split())
    spelled = r"[\W_]+".join(map(re.escape, normalised_name(name).split()))
    if spelled:
        plain = re.sub(rf"\b{spelled}\b", "this", plain, flags=re.IGNORECASE)
    return plain[:MAX_QUERY_CHARS]
