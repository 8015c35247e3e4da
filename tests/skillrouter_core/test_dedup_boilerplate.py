"""Shared trigrams, boilerplate and exact values agree with sets counted one by one."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup.atoms import merge, ranges
from skillrouter_core.dedup.bodies import Bodies, gather_bodies
from skillrouter_core.dedup.boilerplate import Boilerplate, contains, strip
from skillrouter_core.dedup.shingles import Bags, pack
from skillrouter_core.dedup.signatures import signatures
from skillrouter_core.dedup.texts import Prepared
from skillrouter_core.dedup.values import cosines

Catalog = list[tuple[str, frozenset[int]]]

CATALOGS = st.lists(
    st.tuples(st.sampled_from("xyz"), st.frozensets(st.integers(0, 12), max_size=10)),
    min_size=1,
    max_size=12,
)


def as_bags(catalog: Catalog) -> Bags:
    rows = [np.array(sorted(grams), dtype=np.uint64) << np.uint64(58) for _, grams in catalog]
    return pack(rows)  # the highest bits: every partition gets some


def as_bodies(catalog: Catalog, least: int) -> Bodies:
    bags = as_bags(catalog)
    empty = np.zeros(len(bags), dtype=np.int64)
    texts = Prepared(bags, signatures(bags), ("",) * len(bags), empty)
    return gather_bodies(texts, [source for source, _ in catalog], least)


def slow_boilerplate(catalog: Catalog, least: int) -> dict[str, set[int]]:
    counts = Counter((source, gram) for source, grams in catalog for gram in grams)
    found: dict[str, set[int]] = {}
    for (source, gram), count in counts.items():
        if count >= least:
            found.setdefault(source, set()).add(gram)
    return found


def slow_values(catalog: Catalog, a: int, b: int, least: int) -> tuple[float, float, float]:
    template = slow_boilerplate(catalog, least)
    (s, one), (t, other) = catalog[a], catalog[b]
    out = template.get(s, set()) | template.get(t, set())
    common, kept = one & other, (one & other) - out
    jaccard = len(kept) / len((one | other) - out) if (one | other) - out else 0.0
    if one == other and one:
        jaccard = 1.0
    raw = len(common) / len(one | other) if one | other else 0.0
    return jaccard, raw, len(common & out) / len(common) if common else 0.0


@settings(max_examples=200, deadline=None)
@given(CATALOGS, st.integers(2, 4))
def test_values_agree_with_sets(catalog: Catalog, least: int) -> None:
    pairs = list(combinations(range(len(catalog)), 2))
    bodies = as_bodies(catalog, least)
    a, b = (np.array([pair[side] for pair in pairs], dtype=np.int64) for side in (0, 1))
    values = bodies.overlaps.counts(a, b).values()
    wanted = [slow_values(catalog, i, j, least) for i, j in pairs]
    columns = (values.jaccard, values.raw_jaccard, values.shared_boilerplate)
    for column, expected in zip(columns, zip(*wanted, strict=True), strict=bool(pairs)):
        np.testing.assert_allclose(column, expected, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(CATALOGS, st.integers(2, 4))
def test_boilerplate_agrees_with_counting(catalog: Catalog, least: int) -> None:
    found = as_bodies(catalog, least).boilerplate
    fast = {name: {int(gram) >> 58 for gram in grams} for name, grams in found.grams.items()}
    slow = slow_boilerplate(catalog, least)
    # Grams of one skill alone are no boilerplate from two on, so nothing is lost with them.
    assert fast == slow


@settings(max_examples=100, deadline=None)
@given(CATALOGS)
def test_atoms_stand_for_every_shared_trigram(catalog: Catalog) -> None:
    atoms = merge(as_bags(catalog))
    holders: dict[int, list[int]] = {}
    for row, (_, grams) in enumerate(catalog):
        for gram in grams:
            holders.setdefault(gram, []).append(row)
    shared = {gram: rows for gram, rows in holders.items() if len(rows) > 1}
    assert {int(gram) >> 58 for gram in atoms.grams} == shared.keys()
    for gram, atom in zip(atoms.grams.tolist(), atoms.atom_of.tolist(), strict=True):
        rows = atoms.rows[atoms.starts[atom] : atoms.starts[atom + 1]]
        assert sorted(rows.tolist()) == shared[gram >> 58]
    assert int(atoms.weights.sum()) == len(shared)
    assert len(atoms) == len({tuple(rows) for rows in shared.values()})


def test_a_template_is_discounted_for_its_source_and_for_stray_copies_elsewhere() -> None:
    template, catalog = set(range(8)), []
    for number in range(3):
        catalog.append(("x", frozenset(template | {8 + number})))
    catalog.append(("y", frozenset(template | {8})))
    bodies = as_bodies(catalog, 3)
    values = bodies.overlaps.counts(np.array([0, 0, 1]), np.array([1, 3, 3])).values()
    # {8} and {9} have nothing in common, in whichever source they are; equal texts stay equal.
    assert values.jaccard.tolist() == [0.0, 1.0, 0.0]
    assert values.raw_jaccard.tolist() == pytest.approx([8 / 10, 1.0, 8 / 10])
    assert values.shared_boilerplate.tolist() == pytest.approx([1.0, 8 / 9, 1.0])
    assert bodies.overlaps.flagged.tolist() == [8, 8, 8, 0]


def test_a_copy_of_nothing_but_boilerplate_stays_a_copy() -> None:
    catalog = [("x", frozenset({1, 2})), ("x", frozenset({1, 2})), ("x", frozenset({1, 2, 3}))]
    values = as_bodies(catalog, 2).overlaps.counts(np.array([0, 0]), np.array([1, 2])).values()
    assert values.jaccard.tolist() == [1.0, 0.0]
    assert values.shared_boilerplate.tolist() == [1.0, 1.0]


def test_empty_bodies_are_not_alike() -> None:
    catalog: Catalog = [("x", frozenset()), ("x", frozenset())]
    values = as_bodies(catalog, 2).overlaps.counts(np.array([0]), np.array([1])).values()
    assert (values.jaccard[0], values.raw_jaccard[0], values.shared_boilerplate[0]) == (0, 0, 0)


def test_stripping_leaves_what_is_not_the_source_s_own() -> None:
    bags = pack([np.array(row, dtype=np.uint64) for row in ([1, 2, 3], [2, 3], [3, 4])])
    found = Boilerplate({"x": np.array([2, 4], dtype=np.uint64)})
    left = strip(bags, np.array([0, 1, 2]), ["x", "x", "y"], found)
    assert [left.row(row).tolist() for row in range(3)] == [[1, 3], [3], [3, 4]]


def test_contains_and_ranges() -> None:
    grams = np.array([2, 5], dtype=np.uint64)
    assert contains(grams, np.array([1, 2, 5, 9], dtype=np.uint64)).tolist() == [0, 1, 1, 0]
    assert not contains(grams[:0], grams).any()
    assert ranges(np.array([3, 7, 0]), np.array([2, 0, 3])).tolist() == [3, 4, 0, 1, 2]


def test_cosines_are_exact_or_unknown() -> None:
    vectors = np.array([[1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    found = cosines(vectors, np.array([0, 1]), np.array([1, 2]))
    assert found.tolist() == pytest.approx([0.6, 0.8])
    assert np.isnan(cosines(None, np.array([0]), np.array([1]))).all()
