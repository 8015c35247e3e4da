"""What a cluster is called: the terms that set it apart.

Responsible for scoring terms by class-based TF-IDF and for making names of them that no two
siblings share. Must not know where a cluster lies or how it was found.

A cluster is one document: a term's weight in it is the share of its skills that have the term,
names counting more than descriptions and those more than bodies. Its rarity is taken over the
clusters (log(1 + average weight of a cluster / weight of the term), Grootendorst 2022), and for
a fine cluster once more over its siblings, so that "kubernetes" does not name each part of the
Kubernetes region. Words that say nothing of a subject are dropped: a short list, and every term
that is spread over the clusters almost as evenly as the skills are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.project.placing import Labels
from skillrouter_core.project.words import BODY_WEIGHT, Terms
from skillrouter_core.records.maps import NOISE

FloatVector = NDArray[np.float64]
FloatMatrix = NDArray[np.float32]

NAME_TERMS = 3
KEPT_TERMS = 10
"""A name has up to three terms; ten are kept for the tooltip."""

LEAST_SKILLS = 2
LEAST_SHARE = 0.05
"""A term names a cluster only if the names or descriptions of so many of its skills have it."""

LEAST_WEIGHT = 0.25
"""And from this weight a skill on: one skill in eight describes itself so."""

EVEN = 0.87
"""A term spread over the clusters with this share of the greatest entropy is generic."""
EVEN_SHARE = 0.02
"""The same applies only to terms that this share of all skills have: rare ones are not judged."""

PAIR_SHARE = 0.45
"""A pair of words replaces its words where it is found with this share of their weight."""

UNNAMED = "mixed"


def cluster_terms(
    terms: Terms, coarse: Labels, fine: Labels, parents: Labels
) -> tuple[list[list[int]], list[list[int]]]:
    """Return the best terms of each coarse and each fine cluster, best first, at most ten."""
    upper = _shares(terms, coarse, int(coarse.max()) + 1)
    lower = _shares(terms, fine, int(fine.max()) + 1)
    generic = terms.generic | _evenly_spread(lower.weight, terms, len(coarse))
    alone = np.zeros(len(upper.weight), dtype=np.int16)
    upper_scores = _scores(upper, generic) * _among_siblings(upper.weight, alone)
    lower_scores = _scores(lower, generic) * _among_siblings(lower.weight, parents)
    return _best(upper_scores, upper.weight, terms), _best(lower_scores, lower.weight, terms)


def names(
    ranked: Sequence[Sequence[int]], terms: Terms, parents: Sequence[int], above: Sequence[str]
) -> list[str]:
    """Return a name for each cluster from its ranked terms, no two siblings' alike.

    `parents[c]` tells siblings; `above` holds the parents' names (empty at the coarse level),
    which a child's must not repeat unless it is an only child.
    """
    children = Counter(parents)
    taken: dict[int, set[str]] = {}
    found = []
    for number, choice in enumerate(ranked):
        parent = parents[number]
        barred = {above[parent].casefold()} if above and children[parent] > 1 else set()
        used = taken.setdefault(parent, barred)
        name = next(one for one in _candidates(choice, terms) if one.casefold() not in used)
        used.add(name.casefold())
        found.append(name)
    return found


def _candidates(choice: Sequence[int], terms: Terms) -> Iterator[str]:
    """Yield names to try: the first three terms, then others of the ten, then numbered ones."""
    words = [terms.spellings[term] for term in choice]
    head = words[: NAME_TERMS - 1]
    for last in words[NAME_TERMS - 1 :] or [""]:
        yield _joined([*head, last])
    stem = _joined(words[:NAME_TERMS])
    number = 2
    while True:
        yield f"{stem} {number}"
        number += 1


def _joined(words: Sequence[str]) -> str:
    text = ", ".join(word for word in words if word) or UNNAMED
    return text[0].upper() + text[1:]


@dataclass(frozen=True, slots=True, eq=False)
class _Shares:
    """What each cluster has of each term, [clusters, terms], noise left out.

    `weight` is the sum of the skills' weights over the cluster's size; `enough` says whether
    the names or descriptions of enough skills have the term for it to name the cluster.
    """

    weight: FloatMatrix
    enough: NDArray[np.bool_]


def _shares(terms: Terms, labels: Labels, clusters: int) -> _Shares:
    summed = np.zeros((clusters, len(terms.keys)), dtype=np.float32)
    headed = np.zeros_like(summed, dtype=np.int32)
    for row, number in enumerate(labels):
        if number != NOISE:
            own = slice(terms.starts[row], terms.starts[row + 1])
            ids, weights = terms.ids[own], terms.weights[own]
            summed[number, ids] += weights
            headed[number, ids[weights > BODY_WEIGHT]] += 1
    sizes = np.maximum(np.bincount(labels[labels != NOISE], minlength=clusters), 1)[:, None]
    return _Shares(
        np.asarray(summed / sizes, dtype=np.float32),
        headed >= np.maximum(LEAST_SKILLS, LEAST_SHARE * sizes),
    )


def _evenly_spread(shares: FloatMatrix, terms: Terms, skills: int) -> NDArray[np.bool_]:
    """Return which terms are spread over the clusters about as evenly as can be."""
    if len(shares) < 3:  # nothing to be spread over
        return np.zeros(shares.shape[1], dtype=bool)
    total = np.maximum(shares.sum(axis=0), 1e-9)
    part = shares / total
    entropy = -(part * np.log(np.maximum(part, 1e-12))).sum(axis=0) / np.log(len(shares))
    common = np.bincount(terms.ids, minlength=len(terms.keys)) >= EVEN_SHARE * skills
    even = common & (entropy > EVEN)
    words = {terms.keys[term] for term in np.flatnonzero(even)}
    for term, key in enumerate(terms.keys):
        even[term] |= len(key) == 2 and (key[0],) in words and (key[1],) in words
    return np.asarray(even)


def _scores(shares: _Shares, generic: NDArray[np.bool_]) -> FloatMatrix:
    """Return class-based TF-IDF, [clusters, terms]; 0 for terms that may not name a cluster.

    Where no term is found in enough names and descriptions, terms of bodies may.
    """
    total = shares.weight.sum(axis=0)
    average = float(total.sum()) / max(len(shares.weight), 1)
    scores = shares.weight * np.log1p(average / np.maximum(total, 1e-9))
    scores[:, generic] = 0
    scores[shares.weight < LEAST_WEIGHT] = 0
    nameable = ((scores > 0) & shares.enough).any(axis=1)
    scores[nameable[:, None] & ~shares.enough] = 0
    return np.asarray(scores, dtype=np.float32)


def _among_siblings(shares: FloatMatrix, parents: NDArray[np.integer]) -> FloatMatrix:
    """Return for each fine cluster how much more each term is its own than its siblings'."""
    factors = np.ones_like(shares)
    for parent in np.unique(parents):
        family = np.flatnonzero(parents == parent)
        if len(family) > 1:
            own = shares[family]
            others = (own.sum(axis=0) - own) / (len(family) - 1)
            factors[family] = np.log1p(own / np.maximum(others, 0.02))
    return factors


def _best(scores: FloatMatrix, shares: FloatMatrix, terms: Terms) -> list[list[int]]:
    return [_without_repetition(row, own, terms) for row, own in zip(scores, shares, strict=True)]


def _without_repetition(scores: FloatVector, shares: FloatVector, terms: Terms) -> list[int]:
    """Return the best terms, a pair standing for its words where it mostly is what they mean."""
    order = [int(one) for one in np.argsort(-scores, kind="stable")[: KEPT_TERMS * 6]]
    order = [one for one in order if scores[one] > 0]
    place = {terms.keys[one]: one for one in order}
    chosen: list[int] = []
    said: set[str] = set()
    for one in order:
        best = _as_pair(one, order, shares, terms) if len(terms.keys[one]) == 1 else one
        key = terms.keys[best]
        if said.isdisjoint(key) and best in place.values():
            chosen.append(best)
            said.update(key)
        if len(chosen) == KEPT_TERMS:
            break
    return chosen


def _as_pair(one: int, order: Sequence[int], shares: FloatVector, terms: Terms) -> int:
    """Return the pair that a word mostly stands in within this cluster, else the word itself."""
    word = terms.keys[one][0]
    pairs = [
        other
        for other in order
        if len(terms.keys[other]) == 2
        and word in terms.keys[other]
        and shares[other] >= PAIR_SHARE * shares[one]
    ]
    return max(pairs, key=lambda other: float(shares[other]), default=one)
