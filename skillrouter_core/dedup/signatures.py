"""Sets of trigrams to MinHash signatures, many at a time.

Responsible for the hash functions and the minima. Must not know how signatures are compared.

The scheme is datasketch's "affine32": the lower 32 bits of a trigram are stirred once, then
permutation k maps x to a_k * x + b_k modulo 2**32 with a_k odd. The coefficients are those
datasketch draws for `SEED`, so a row wrapped as its `LeanMinHash` is the signature it would
have computed itself.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.shingles import Bags

SignatureMatrix = NDArray[np.uint32]

PERMUTATIONS = 128
SEED = 1
SCHEME = "affine32"
EMPTY = np.uint32(2**32 - 1)
"""Every entry of an empty set's signature."""

BLOCK_GRAMS = 1 << 15
"""Trigrams hashed at a time: the numbers of one block stay in a core's cache."""


def signatures(bags: Bags) -> SignatureMatrix:
    """Return one row of `PERMUTATIONS` minima a set; `EMPTY` throughout where a set is empty."""
    found = np.full((len(bags), PERMUTATIONS), EMPTY, dtype=np.uint32)
    filled = np.flatnonzero(bags.sizes)
    for rows in _blocks(filled, bags):
        first, last = bags.offsets[rows[0]], bags.offsets[rows[-1] + 1]
        # Empty sets between the rows of a block hold no trigram, so starts stay right.
        starts = (bags.offsets[rows] - first).astype(np.intp)
        found[rows] = _minima(_stirred(bags.values[first:last]), starts)
    return found


def _blocks(rows: NDArray[np.int64], bags: Bags) -> list[NDArray[np.int64]]:
    if not len(rows):
        return []
    ends = bags.offsets[rows + 1]
    cuts = np.flatnonzero(np.diff(ends // BLOCK_GRAMS)) + 1
    return np.split(rows, cuts)


def _minima(mixed: NDArray[np.uint32], starts: NDArray[np.intp]) -> SignatureMatrix:
    factors, shifts = _coefficients()
    found = np.empty((len(starts), PERMUTATIONS), dtype=np.uint32)
    permuted = np.empty_like(mixed)
    for place in range(PERMUTATIONS):
        np.multiply(mixed, factors[place], out=permuted)
        np.add(permuted, shifts[place], out=permuted)
        found[:, place] = np.minimum.reduceat(permuted, starts)
    return found


def _stirred(values: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Return the lower 32 bits, stirred by the finaliser of MurmurHash3."""
    mixed = values.astype(np.uint32)
    mixed ^= mixed >> np.uint32(16)
    mixed *= np.uint32(0x85EBCA6B)
    mixed ^= mixed >> np.uint32(13)
    mixed *= np.uint32(0xC2B2AE35)
    mixed ^= mixed >> np.uint32(16)
    return mixed


@cache
def _coefficients() -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
    from datasketch import MinHash  # here: it takes scipy along

    factors, shifts = MinHash(num_perm=PERMUTATIONS, seed=SEED, scheme=SCHEME).permutations
    return np.asarray(factors, dtype=np.uint32), np.asarray(shifts, dtype=np.uint32)
