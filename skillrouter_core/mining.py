"""Pairs and lists to train on: what answers a query, and what only looks like it.

Responsible for pairs derived from skills' own texts, for hard negatives out of a
candidate list, and for the false-negative filter of PAPER section "Training". Must not
know models, losses or files.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from skillrouter_core.records import Skill, normalised_name

FALSE_NEGATIVE_JACCARD = 0.6
FALSE_NEGATIVE_COSINE = 0.92

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
    """A query and the skill that answers it, as the model shall see that skill."""

    query: str
    skill: Skill


@dataclass(frozen=True, slots=True)
class Scored:
    """A skill in a candidate list with its stage-1 features."""

    skill: Skill
    bm25: float
    dense: float


@dataclass(frozen=True, slots=True)
class CandidateList:
    """One listwise example: candidate 0 is right, the others are hard negatives."""

    query: str
    candidates: tuple[Scored, ...]


# --------------------------------------------------------------------------- derived pairs


def derived_pairs(skills: Sequence[Skill], *, limit: int, seed: int) -> tuple[Pair, ...]:
    """Return up to `limit` pairs whose query is a skill's own description or "when to use" list.

    The part used as the query is taken out of the document, and the skill's name out of the
    query, so that the pair teaches meaning, not copying. Skills are drawn round-robin over
    sources: a source that fills thousands of skills from one template counts no more than
    others (PAPER: stratified sampling).
    """
    rng = random.Random(seed)
    pairs: list[Pair] = []
    for skill in _round_robin(skills, rng):
        usable = [pair for pair in _pairs_of(skill, rng) if len(pair.query) >= MIN_QUERY_CHARS]
        if usable:
            pairs.append(rng.choice(usable))
        if len(pairs) == limit:
            break
    return tuple(pairs)


def _round_robin(skills: Sequence[Skill], rng: random.Random) -> Iterable[Skill]:
    by_source: dict[str, list[Skill]] = defaultdict(list)
    for skill in skills:
        by_source[skill.source].append(skill)
    queues = [rng.sample(group, len(group)) for group in by_source.values()]
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


# --------------------------------------------------------------------------- false negatives


def word_trigrams(text: str) -> frozenset[int]:
    """Return the hashes of a text's lower-cased word trigrams; of the whole text if shorter."""
    words = text.lower().split()
    if len(words) < 3:
        return frozenset([hash(tuple(words))]) if words else frozenset()
    return frozenset(map(hash, zip(words, words[1:], words[2:], strict=False)))


def jaccard(a: frozenset[int], b: frozenset[int]) -> float:
    """Return |a and b| / |a or b|; two empty sets have nothing in common: 0."""
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared) if shared else 0.0


def false_negative_layer(
    negative: Skill, positives: Sequence[Skill], cosines: Mapping[str, float]
) -> str | None:
    """Return the layer that shows a negative to be right as well, or None.

    Layers are "name", "jaccard" and "cosine". `cosines` gives, by skill id, the negative's
    highest embedding cosine to any positive. Source: PAPER section "Training".
    """
    if any(normalised_name(negative.name) == normalised_name(right.name) for right in positives):
        return "name"
    grams = word_trigrams(negative.body)
    overlap = max((jaccard(grams, word_trigrams(right.body)) for right in positives), default=0.0)
    if overlap > FALSE_NEGATIVE_JACCARD:
        return "jaccard"
    if cosines.get(negative.skill_id, 0.0) > FALSE_NEGATIVE_COSINE:
        return "cosine"
    return None


def hard_list(
    query: str,
    right: Scored,
    candidates: Sequence[Scored],
    cosines: Mapping[str, float],
    *,
    size: int,
    rng: random.Random,
    dropped: Counter[str],
) -> CandidateList | None:
    """Return a list of `size` negatives drawn from a query's candidates, or None if there are none.

    Half of the negatives are the best-ranked ones, the rest a sample; those the filter finds
    to be right answers themselves are left out and counted by layer in `dropped`.
    """
    kept = []
    for candidate in candidates:
        if candidate.skill.skill_id == right.skill.skill_id:
            continue
        layer = false_negative_layer(candidate.skill, [right.skill], cosines)
        if layer is None:
            kept.append(candidate)
        else:
            dropped[layer] += 1
    if not kept:
        return None
    head = kept[: (size + 1) // 2]
    tail = kept[len(head) :]
    sample = rng.sample(tail, min(size - len(head), len(tail)))
    return CandidateList(query, (right, *head, *sample))
