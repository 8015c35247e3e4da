"""Near-identical answers shown as one.

Responsible for saying which of a ranked handful of skills have almost the same
body as a better-ranked one. Must not know scores, or anything beyond the handful:
duplicates across the catalog are another matter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import Skill

FOLD_JACCARD = 0.8
"""Bodies that share so many word trigrams are one answer.

Well above the 0.6 that proposes duplicates for review: families written from one template pass
0.6, and an answer that only looks like its sibling must not vanish under it.
"""

SHINGLE_WORDS = 3
COMPARED_CHARS = 10_000
"""Of longer bodies only the beginning is compared, and their lengths: 10 ms for 20 candidates."""

_WORD = re.compile(r"\w+")
IntVector = NDArray[np.int64]


def fold(skills: Sequence[Skill], threshold: float = FOLD_JACCARD) -> list[list[int]]:
    """Return groups of positions in `skills`, which are best first: the one kept, then its copies.

    A skill goes under the first kept one whose body has a word-trigram Jaccard of at least
    `threshold` with its own; copies of a copy are not drawn in, so every member of a group is
    close to its head. Skills without a body are one only if name and description agree too.
    """
    alike = (_jaccard(_shingles(skills)) >= threshold) & (_length_ratio(skills) >= threshold)
    groups: list[list[int]] = []
    for position, skill in enumerate(skills):
        for group in groups:
            kept = skills[group[0]]
            if alike[group[0], position] or kept.content_hash == skill.content_hash:
                group.append(position)
                break
        else:
            groups.append([position])
    return groups


def _length_ratio(skills: Sequence[Skill]) -> NDArray[np.float64]:
    """Return shorter body's length over longer's for every pair, [n, n]; 0 for empty bodies.

    Trigrams that agree within the compared beginning say nothing of what follows it.
    """
    lengths = np.array([len(skill.body) for skill in skills], dtype=np.float64)
    longer = np.maximum.outer(lengths, lengths)
    return np.minimum.outer(lengths, lengths) / np.maximum(longer, 1)


def _shingles(skills: Sequence[Skill]) -> list[IntVector]:
    """Return each body's set of word trigrams as sorted numbers, equal for equal trigrams.

    Numbers are exact while the bodies hold under two million different words. A body of one or
    two words is one shingle.
    """
    numbers: dict[str, int] = {}
    bodies = []
    for skill in skills:
        words = _WORD.findall(skill.body[:COMPARED_CHARS].lower())
        if words and len(words) < SHINGLE_WORDS:
            words += [""] * (SHINGLE_WORDS - len(words))
        ids = [numbers.setdefault(word, len(numbers)) for word in words]
        bodies.append(np.array(ids, dtype=np.int64))
    base = len(numbers)
    return [np.unique((ids[:-2] * base + ids[1:-1]) * base + ids[2:]) for ids in bodies]


def _jaccard(sets: Sequence[IntVector]) -> NDArray[np.float64]:
    """Return the Jaccard index of every pair of sets, [n, n]; 0 where both are empty.

    Only shingles that two sets share can count, so the others are left out of the product.
    """
    sizes = np.array([len(members) for members in sets], dtype=np.int64)
    owners = np.repeat(np.arange(len(sets)), sizes)
    values = np.concatenate([*sets, np.empty(0, dtype=np.int64)])
    _, column, count = np.unique(values, return_inverse=True, return_counts=True)
    shared = count[column] > 1
    kept, column = np.unique(column[shared], return_inverse=True)
    presence = np.zeros((len(sets), len(kept)), dtype=np.float32)
    presence[owners[shared], column] = 1
    common = (presence @ presence.T).astype(np.float64)
    union = sizes[:, None] + sizes[None, :] - common
    return np.divide(common, union, out=np.zeros_like(common), where=union > 0)
