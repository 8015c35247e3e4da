"""Signatures are those datasketch would compute, for many sets at once."""

from __future__ import annotations

import numpy as np
from datasketch import LeanMinHash, MinHash

from skillrouter_core.dedup.shingles import Bags, pack
from skillrouter_core.dedup.signatures import (
    BLOCK_GRAMS,
    EMPTY,
    PERMUTATIONS,
    SCHEME,
    SEED,
    signatures,
)


def random_bags(sizes: list[int]) -> Bags:
    numbers = np.random.default_rng(7)
    rows = [np.unique(numbers.integers(0, 2**64, size, dtype=np.uint64)) for size in sizes]
    return pack(rows)


def test_rows_equal_datasketch_own_signatures() -> None:
    bags = random_bags([1, 40, 3, 700])
    for row, found in enumerate(signatures(bags)):
        reference = MinHash(PERMUTATIONS, SEED, hashfunc=lambda gram: int(gram) & 0xFFFFFFFF)
        reference.update_batch(bags.row(row))
        assert np.array_equal(found, reference.hashvalues)
        wrapped = LeanMinHash(seed=SEED, hashvalues=found, scheme=SCHEME)
        assert wrapped.jaccard(LeanMinHash(reference)) == 1.0


def test_an_empty_set_has_an_empty_signature() -> None:
    found = signatures(random_bags([0, 5, 0, 5, 0]))
    assert (found[[0, 2, 4]] == EMPTY).all()
    assert (found[[1, 3]] != EMPTY).any(axis=1).all()
    assert signatures(pack([])).shape == (0, PERMUTATIONS)


def test_blocks_do_not_change_a_row() -> None:
    bags = random_bags([BLOCK_GRAMS - 10, 30, 0, 2 * BLOCK_GRAMS, 5, BLOCK_GRAMS])
    alone = [signatures(pack([bags.row(row)]))[0] for row in range(len(bags))]
    assert np.array_equal(signatures(bags), np.stack(alone))


def test_equal_entries_estimate_the_jaccard() -> None:
    grams = random_bags([1500]).values
    found = signatures(pack([grams[:1000], grams[250:1250]]))
    share = (found[0] == found[1]).mean()  # of 1250 trigrams 750 are common: 0.6
    assert abs(share - 0.6) < 4 * np.sqrt(0.6 * 0.4 / PERMUTATIONS)
