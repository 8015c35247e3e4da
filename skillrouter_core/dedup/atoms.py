"""Trigrams that at least two skills share, merged by the skills they occur in.

Responsible for turning sets of trigrams around (trigram to skills) and for merging. Must not
know sources, boilerplate or pairs.

Trigrams that occur in exactly the same skills behave alike in every count, so they are merged
into one atom that weighs as much as there are trigrams in it; a trigram of a single skill is
common to no pair and left out. What remains is a small part of the entries, which is what makes
the exact values of millions of pairs affordable. Sets of skills count as the same where their
sums of 64-bit hashes and their sizes agree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.shingles import Bags, GramVector, mix64

PARTITIONS = 32
"""Parts of the trigrams sorted one after the other, which bounds the memory of sorting."""

IntVector = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Atoms:
    """Atom i occurs in the skills `rows[starts[i] : starts[i + 1]]` and weighs `weights[i]`.

    `grams` are all shared trigrams, `atom_of` the atom of each.
    """

    rows: NDArray[np.int32]
    starts: IntVector
    weights: IntVector
    grams: GramVector
    atom_of: IntVector

    def __len__(self) -> int:
        """Return the number of atoms."""
        return len(self.weights)

    @property
    def skills(self) -> IntVector:
        """In how many skills each atom occurs."""
        return np.diff(self.starts)


@dataclass(frozen=True, slots=True)
class _Part:
    """One partition merged by itself: its trigrams, then its atoms with their skills.

    `key_of` names each trigram's atom by a hash of its skills; `keys`, ascending, `weights`
    and `counts` (of `rows`) are the atoms'.
    """

    grams: GramVector
    key_of: GramVector
    keys: GramVector
    weights: IntVector
    counts: IntVector
    rows: NDArray[np.int32]


def merge(bags: Bags) -> Atoms:
    """Return the shared trigrams of all sets, merged."""
    parts = list(_parts(bags))
    found = np.concatenate([part.keys for part in parts])
    counts = np.concatenate([part.counts for part in parts])
    keys, first, atom_of = np.unique(found, return_index=True, return_inverse=True)
    weights = np.bincount(
        atom_of, np.concatenate([part.weights for part in parts]), minlength=len(keys)
    )
    rows = np.concatenate([part.rows for part in parts])
    chosen = counts[first]
    entries = ranges((np.cumsum(counts) - counts)[first], chosen)
    return Atoms(
        rows=rows[entries],
        starts=np.concatenate([[0], np.cumsum(chosen)]),
        weights=weights.astype(np.int64),
        grams=np.concatenate([part.grams for part in parts]),
        atom_of=np.concatenate([np.searchsorted(keys, part.key_of) for part in parts]),
    )


def ranges(starts: IntVector, counts: IntVector) -> IntVector:
    """Return start, start + 1, ... of each range of `counts` numbers, one after the other."""
    ends = np.cumsum(counts)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - counts), counts) + np.arange(total)


def _parts(bags: Bags) -> Iterator[_Part]:
    """Yield the trigrams partition by partition, by their highest bits."""
    row_of = np.repeat(np.arange(len(bags), dtype=np.int32), bags.sizes)
    random = mix64(np.arange(1, len(bags) + 1, dtype=np.uint64))
    bits = np.uint64(64 - (PARTITIONS.bit_length() - 1))
    home = (bags.values >> bits).astype(np.uint8)
    for number in range(PARTITIONS):
        chosen = np.flatnonzero(home == number)
        values, rows = bags.values[chosen], row_of[chosen]
        order = np.argsort(values)
        yield _part(values[order], rows[order], random)


def _part(values: GramVector, rows: NDArray[np.int32], random: GramVector) -> _Part:
    """Keep of sorted trigrams those of two skills or more."""
    first = np.ones(len(values), dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=first[1:])
    starts = np.flatnonzero(first)
    counts = np.diff(np.append(starts, len(values)))
    shared = counts > 1
    kept = np.repeat(shared, counts)
    rows, counts = rows[kept], counts[shared]
    if not len(rows):
        nothing = np.empty(0, dtype=np.uint64)
        return _Part(nothing, nothing, nothing, counts, counts, rows)
    begins = np.cumsum(counts) - counts
    key_of = mix64(np.add.reduceat(random[rows], begins) + counts.astype(np.uint64))
    keys, chosen, weights = np.unique(key_of, return_index=True, return_counts=True)
    entries = ranges(begins[chosen], counts[chosen])
    grams = values[starts[shared]]
    return _Part(grams, key_of, keys, weights, counts[chosen], rows[entries])
