"""Names, MinHash and vectors propose what an exhaustive search would find."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup.proposals import (
    Found,
    by_equal_sets,
    by_key,
    by_minhash,
    by_vector,
    inverted_file,
    measured_recall,
    union,
)
from skillrouter_core.dedup.shingles import Bags, pack
from skillrouter_core.dedup.signatures import signatures

NOTHING = np.empty(0, dtype=np.int64)


def pairs_of(found: Found, rows: int) -> set[tuple[int, int]]:
    return {divmod(number, rows) for number in found.codes.tolist()}


def alike(jaccard: float, pairs: int, size: int = 400) -> Bags:
    """Return `pairs` times two sets of that Jaccard, each pair of trigrams of its own."""
    numbers = np.random.default_rng(3)
    common = round(2 * size * jaccard / (1 + jaccard))
    rows = []
    for _ in range(pairs):
        grams = numbers.integers(0, 2**64, 2 * size - common, dtype=np.uint64)
        rows += [np.sort(grams[:size]), np.sort(grams[size - common :])]
    return pack(rows)


def minhash_pairs(bags: Bags) -> set[tuple[int, int]]:
    nobody = np.zeros(len(bags), dtype=np.bool_)
    signed = signatures(bags)
    return pairs_of(by_minhash(signed, signed[:0], NOTHING, nobody, 1000), len(bags))


@settings(deadline=None)
@given(st.lists(st.integers(-1, 3), max_size=12))
def test_rows_that_share_a_key_are_paired(keys: list[int]) -> None:
    found = by_key(np.array(keys, dtype=np.int64), 100)
    wanted = {(a, b) for a, b in combinations(range(len(keys)), 2) if keys[a] == keys[b] != -1}
    assert pairs_of(found, max(len(keys), 1)) == wanted
    assert found.capped == 0


def test_a_big_bucket_is_paired_within_reach_and_counted() -> None:
    found = by_key(np.zeros(5, dtype=np.int64), 2)
    assert pairs_of(found, 5) == {(0, 1), (0, 2), (1, 2), (1, 3), (2, 3), (2, 4), (3, 4)}
    assert found.capped == 1
    assert by_key(np.zeros(3, dtype=np.int64), 2).capped == 0


def test_equal_sets_are_paired_and_empty_ones_are_not() -> None:
    rows = [[1, 2], [], [1, 2], [1, 3], [], [1]]
    bags = pack([np.array(row, dtype=np.uint64) for row in rows])
    assert pairs_of(by_equal_sets(signatures(bags), bags.sizes, 100), 6) == {(0, 2)}


@pytest.mark.parametrize(("jaccard", "least"), [(0.6, 0.95), (0.7, 0.99), (0.9, 1.0)])
def test_minhash_proposes_what_the_formula_promises(jaccard: float, least: float) -> None:
    count = 300
    found = minhash_pairs(alike(jaccard, count))
    hits = sum((2 * number, 2 * number + 1) in found for number in range(count))
    assert hits / count >= least


def test_minhash_proposes_hardly_anything_unlike() -> None:
    bags = alike(0.05, 300)
    assert len(minhash_pairs(bags)) <= 6


def test_rows_of_mostly_boilerplate_meet_only_by_what_is_left() -> None:
    template = np.arange(1, 300, dtype=np.uint64)
    rests = [np.arange(start, start + 40, dtype=np.uint64) for start in (1000, 1000, 2000)]
    full = pack([np.concatenate([template, rest]) for rest in rests])
    signed, rest = signatures(full), signatures(pack(rests))
    heavy = np.ones(3, dtype=np.bool_)
    found = by_minhash(signed, rest, np.arange(3), heavy, 1000)
    assert pairs_of(found, 3) == {(0, 1)}
    # A row that is not heavy still meets all of them by the whole.
    heavy[2] = False
    found = by_minhash(signed, rest, np.arange(3), heavy, 1000)
    assert pairs_of(found, 3) == {(0, 1), (0, 2), (1, 2)}


def test_empty_bodies_are_never_proposed() -> None:
    assert minhash_pairs(pack([np.empty(0, dtype=np.uint64)] * 3)) == set()


def unit_rows(count: int, groups: int, noise: float) -> np.ndarray:
    numbers = np.random.default_rng(5)
    centres = numbers.normal(size=(groups, 24))
    rows = centres[np.arange(count) % groups] + noise * numbers.normal(size=(count, 24))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_neighbours_are_those_of_all_products() -> None:
    rows = unit_rows(60, 20, 0.2)
    cosines = rows @ rows.T
    wanted = {(a, b) for a, b in combinations(range(60), 2) if cosines[a, b] > 0.8}
    assert wanted
    found = by_vector(rows, 20, 0.8)
    assert pairs_of(found, 60) == wanted
    assert found.capped == 0


def test_too_many_neighbours_are_counted() -> None:
    rows = unit_rows(12, 1, 0.01)
    found = by_vector(rows, 3, 0.8)
    assert found.capped == 12
    assert 12 * 3 / 2 <= len(found.codes) <= 12 * 3
    assert by_vector(rows, 11, 0.8).capped == 0


@pytest.mark.parametrize("count", [1, 2])
def test_a_handful_of_rows_is_searched(count: int) -> None:
    assert len(by_vector(unit_rows(count, 1, 0.01), 50, 0.8).codes) == count - 1


def test_the_inverted_file_finds_nearly_all() -> None:
    rows = unit_rows(4000, 1000, 0.1)
    assert measured_recall(rows, 0.9, sample=200) >= 0.97
    assert inverted_file(rows).ntotal == 4000


def test_a_union_holds_each_pair_once() -> None:
    parts = [Found(np.array([3, 9]), 1), Found(np.array([1, 9]), 2), Found(NOTHING)]
    assert union(parts).codes.tolist() == [1, 3, 9]
    assert union(parts).capped == 3
