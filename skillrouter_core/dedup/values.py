"""The exact values of named pairs, by the hundred thousand.

Responsible for the arithmetic of the text layer and the cosine. Must not know why a pair is
looked at, or which value makes a duplicate.

With A and B two bodies' trigrams and D what is boilerplate of either source:

    raw = |A & B| / |A | B|        jaccard = |(A & B) - D| / |(A | B) - D|
    shared boilerplate = |A & B & D| / |A & B|

Equal sets keep a jaccard of 1 even where all is boilerplate: a copy is a copy. Two sets that
differ and hold nothing but boilerplate get 0, and so does a pair with an empty body.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.atoms import Atoms, IntVector
from skillrouter_core.dedup.boilerplate import Marked

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

FloatVector = NDArray[np.float32]
FloatMatrix = NDArray[np.float32]

CHUNK_PAIRS = 100_000
"""Pairs compared at a time, which bounds the memory of the copied rows."""


@dataclass(frozen=True, slots=True)
class TextValues:
    """The text layer's values of some pairs, one entry a pair."""

    jaccard: FloatVector
    raw_jaccard: FloatVector
    shared_boilerplate: FloatVector


@dataclass(frozen=True, slots=True)
class Counts:
    """What two sets have in common and how big they are, one entry a pair.

    `boilerplate` of the `common` trigrams are boilerplate of either source; `left_a` and
    `left_b` are the sizes without any such trigram.
    """

    common: IntVector
    boilerplate: IntVector
    size_a: IntVector
    size_b: IntVector
    left_a: IntVector
    left_b: IntVector

    def values(self) -> TextValues:
        """Return the three values, by the formulas of the module."""
        raw = _share(self.common, self.size_a + self.size_b - self.common)
        kept = self.common - self.boilerplate
        jaccard = _share(kept, self.left_a + self.left_b - kept)
        equal = (self.common == self.size_a) & (self.common == self.size_b) & (self.common > 0)
        jaccard[equal] = 1
        return TextValues(jaccard, raw, _share(self.boilerplate, self.common))


def _share(part: IntVector, whole: IntVector) -> FloatVector:
    return np.asarray(part / np.maximum(whole, 1), dtype=np.float32)


class Overlaps:
    """Who holds which atoms, as matrices; answers for any pair of rows."""

    def __init__(
        self, atoms: Atoms, marked: Marked, column_of: IntVector, sizes: IntVector
    ) -> None:
        """Build the matrices; `column_of` is each row's number among the marked sources or -1."""
        from scipy.sparse import csr_matrix  # here: it takes a third of a second

        self._sizes, self._column_of = sizes, column_of
        owners = np.repeat(np.arange(len(atoms), dtype=np.int32), atoms.skills)
        shape = (len(sizes), len(atoms))
        weights = atoms.weights[owners].astype(np.int32)
        width = int(marked.sources.max(initial=-1)) + 1
        ones = np.ones(len(marked.atoms), dtype=np.int32)
        template = csr_matrix((ones, (marked.atoms, marked.sources)), shape=(len(atoms), width))
        own = _own(atoms, owners, marked, column_of)
        self._held = csr_matrix((weights, (atoms.rows, owners)), shape=shape)
        self._flagged = csr_matrix((weights[own], (atoms.rows[own], owners[own])), shape=shape)
        # The last column stands for sources without boilerplate: nothing is discounted there.
        self._theirs = np.zeros((len(sizes), width + 1), dtype=np.int32)
        self._theirs[:, :width] = (self._held @ template).toarray()
        self._shared = np.zeros((len(sizes), width + 1), dtype=np.int32)
        self._shared[:, :width] = (self._flagged @ template).toarray()
        self._held_ones, self._flagged_ones = _ones(self._held), _ones(self._flagged)

    @property
    def flagged(self) -> IntVector:
        """How many of each row's trigrams are boilerplate of its own source."""
        return np.asarray(self._flagged.sum(axis=1), dtype=np.int64).ravel()

    def counts(self, a: IntVector, b: IntVector) -> Counts:
        """Return the exact counts of pairs of rows."""
        of_a = _common(self._flagged, self._held_ones, a, b)
        of_b = _common(self._flagged, self._held_ones, b, a)
        of_both = _common(self._flagged, self._flagged_ones, a, b)
        return Counts(
            _common(self._held, self._held_ones, a, b),
            of_a + of_b - of_both,
            self._sizes[a],
            self._sizes[b],
            self._left(a, b),
            self._left(b, a),
        )

    def _left(self, rows: IntVector, others: IntVector) -> IntVector:
        """Return the sizes of rows without the boilerplate of their own or the others' sources."""
        own, theirs = self._column_of[rows], self._column_of[others]
        either = self._theirs[rows, own] + self._theirs[rows, theirs] - self._shared[rows, theirs]
        return np.asarray(self._sizes[rows] - either, dtype=np.int64)


def _own(
    atoms: Atoms, owners: NDArray[np.int32], marked: Marked, column_of: IntVector
) -> IntVector:
    """Return the entries of the atoms whose atom is boilerplate of their skill's own source."""
    often = np.zeros(len(atoms), dtype=np.bool_)
    often[marked.atoms] = True
    entries = np.flatnonzero(often[owners])
    width = int(marked.sources.max(initial=-1)) + 2
    wanted = owners[entries].astype(np.int64) * width + column_of[atoms.rows[entries]]
    # Column -1 wraps to the last code of the atom before, which no source has.
    return entries[np.isin(wanted, marked.atoms * width + marked.sources)]


def _ones(matrix: csr_matrix) -> csr_matrix:
    ones = matrix.copy()
    ones.data = np.ones_like(ones.data)
    return ones


def _common(weighted: csr_matrix, ones: csr_matrix, a: IntVector, b: IntVector) -> IntVector:
    found = np.zeros(len(a), dtype=np.int64)
    for chunk in chunks(len(a)):
        both = weighted[a[chunk]].multiply(ones[b[chunk]])
        found[chunk] = np.asarray(both.sum(axis=1)).ravel()
    return found


def cosines(vectors: FloatMatrix | None, a: IntVector, b: IntVector) -> FloatVector:
    """Return the exact cosines of pairs of unit rows; NaN throughout without vectors."""
    found = np.full(len(a), np.nan, dtype=np.float32)
    if vectors is not None:
        for chunk in chunks(len(a)):
            found[chunk] = np.einsum("ij,ij->i", vectors[a[chunk]], vectors[b[chunk]])
    return found


def chunks(length: int, size: int = CHUNK_PAIRS) -> Iterator[slice]:
    """Yield slices that cover `length` entries."""
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def columns(sources: Sequence[str], numbered: dict[str, int]) -> IntVector:
    """Return each source's number, -1 where it has none."""
    return np.array([numbered.get(source, -1) for source in sources], dtype=np.int64)
