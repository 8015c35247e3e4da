"""The lists stage 2 of the compact profile learns from: a right skill and look-alikes.

Responsible for hard negatives of written and derived queries, and for what stage 1 and the
wording know of every candidate. Must not know networks.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from compact_data import CANDIDATES, PRESET, Pool, Written, best

from skillrouter_core.index import FULL
from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.mining import FalseNegativeFilter, derived_pairs
from skillrouter_core.records import Skill
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.texts import lexical_document
from skillrouter_core.tokens import Tokeniser
from skillrouter_core.wording import TYPICAL_TERMS, read_wording, whole_text

FEWEST_NEGATIVES = 4
DERIVED_PROPOSED, DERIVED_KEPT = 25, 10
DERIVED_SEED = 29

KNOWN = {"bm25": 1.73, "whole": 1.26, "phrases": 0.69, "length": -1.19, "cover": 7.16}
"""What is known of a candidate beside any network: fitted listwise on all 3,417 written queries
(with a cosine's weight of its own for those that trained the encoder). `whole` is BM25 over the
whole text, which the wording's likelihood has replaced since."""

COSINE = 19.0
"""The cosine's weight in that fit: it orders negatives, but stays out of what is known, as the
encoder has seen these queries."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A skill as the network shall see it, and what is known of it beside the network."""

    skill: Skill
    row: int
    known: float


@dataclass(frozen=True, slots=True)
class LateList:
    """A query, the skill that answers it, and at least four that do not, hardest first."""

    query: str
    right: Candidate
    negatives: tuple[Candidate, ...]


def written_lists(
    pool: Pool, fit: Sequence[Written], fusion: FusionWeights, dropped: Counter[str]
) -> list[LateList]:
    """Return one list per training query whose skill is among stage 1's first 20."""
    kept = FalseNegativeFilter()
    lists = []
    for one, hits in zip(fit, pool.hits(fit), strict=True):
        row = pool.index.row(one.skill.skill_id)
        head = best(hits, fusion)
        rows = [hit.row for hit in head]
        if row not in rows:
            dropped["not retrieved"] += 1
            continue
        bm25 = np.array([hit.bm25 or 0.0 for hit in head])
        skills = [pool.skills[found] for found in rows]
        known = _known(one.query, skills, bm25, pool.index.lexical(FULL))
        order = np.argsort(-(known + COSINE * np.array([hit.dense or 0.0 for hit in head])))
        found = {
            rows[i]: Candidate(skills[i], rows[i], float(known[i])) for i in (int(j) for j in order)
        }
        _add(lists, one.query, found.pop(row), list(found.values()), pool, kept)
    dropped.update(kept.counts)
    return lists


def derived_lists(pool: Pool, *, limit: int, drawn: int, dropped: Counter[str]) -> list[LateList]:
    """Return up to `limit` lists whose query is a skill's description.

    No skill of these lists shows its description, so that the network cannot go by it; BM25,
    over the same bare texts, proposes the look-alikes. `drawn` pairs are drawn at most.
    """
    bare = [replace(skill, description="") for skill in pool.skills]
    tokeniser = Tokeniser()
    texts = (lexical_document(skill, PRESET) for skill in bare)
    index = LexicalIndex.build(texts, tokeniser=tokeniser)
    kept = FalseNegativeFilter()
    lists: list[LateList] = []
    for pair in derived_pairs(pool.skills, limit=drawn, seed=DERIVED_SEED):
        if pair.skill.description or len(lists) == limit:
            continue
        row = pool.index.row(pair.skill.skill_id)
        scores = index.scores(pair.query)
        near = np.argpartition(-scores, DERIVED_PROPOSED)[:DERIVED_PROPOSED]
        rows = [row, *(int(i) for i in near[np.argsort(-scores[near])] if i != row)]
        skills = [bare[i] for i in rows]
        known = _known(pair.query, skills, scores[rows], pool.index.lexical(FULL))
        right, *others = (
            Candidate(skill, at, float(value))
            for skill, at, value in zip(skills, rows, known, strict=True)
        )
        _add(lists, pair.query, right, others, pool, kept, most=DERIVED_KEPT)
    dropped.update({f"derived, {layer}": count for layer, count in kept.counts.items()})
    return lists


def _add(
    lists: list[LateList],
    query: str,
    right: Candidate,
    others: Sequence[Candidate],
    pool: Pool,
    kept: FalseNegativeFilter,
    *,
    most: int = CANDIDATES,
) -> None:
    """Append a query's list unless too few of `others` pass the false-negative filter."""
    dense = pool.index.dense(FULL)
    cosines = dense.scores(dense.matrix[right.row], np.array([other.row for other in others]))
    negatives: list[Candidate] = []
    for other, cosine in zip(others, cosines, strict=True):
        if len(negatives) < most and kept.passes(other.skill, [right.skill], float(cosine)):
            negatives.append(other)
    if len(negatives) >= FEWEST_NEGATIVES:
        lists.append(LateList(query, right, tuple(negatives)))


def _known(
    query: str, skills: Sequence[Skill], bm25: np.ndarray, lexical: LexicalIndex
) -> np.ndarray:
    """Return what BM25 and the wording make of every skill, by the weights of KNOWN."""
    texts = [whole_text(skill) for skill in skills]
    wording = read_wording(query, texts, lexical)
    whole = np.array([_whole_bm25(query, text, lexical) for text in texts])
    numbers = {
        "bm25": np.log1p(bm25),
        "whole": np.log1p(whole),
        "phrases": wording.phrases,
        "length": wording.length,
        "cover": wording.cover,
    }
    return sum(weight * numbers[name] for name, weight in KNOWN.items())


def _whole_bm25(query: str, text: str, lexical: LexicalIndex) -> float:
    terms = Counter(lexical.terms(text))
    held_back = 1.5 * (0.25 + 0.75 * terms.total() / TYPICAL_TERMS)
    return math.fsum(
        lexical.rarity(term) * terms[term] / (terms[term] + held_back)
        for term in dict.fromkeys(lexical.terms(query))
        if term in terms
    )
