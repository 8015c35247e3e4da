"""Star groups: by hand, and the laws that hold for any pairs."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup.evidence import describe_group, describe_groups, group_pairs, splits
from skillrouter_core.dedup.groups import Grouping, RowGroup, build_groups
from skillrouter_core.dedup.pairs import FloatVector, PairTable, Scan
from skillrouter_core.errors import UsageError
from skillrouter_core.records import Thresholds
from tests.scans import pair, scan_of, table

DEFAULT = Thresholds()
PATH = {(0, 1): 0.9, (1, 2): 0.9, (2, 3): 0.9, (3, 4): 0.9}
CLIQUE = dict.fromkeys(itertools.combinations(range(4), 2), 0.9)


def flat(count: int) -> FloatVector:
    return np.zeros(count, dtype=np.float32)


def members(grouping: Grouping) -> list[tuple[int, ...]]:
    return [group.members for group in grouping.groups]


def test_a_chain_falls_into_stars() -> None:
    """0-1-2-3-4: 1 likes 0 and 2; 3 likes 2, which is taken, and 4."""
    grouping = build_groups(scan_of(5, PATH), DEFAULT, flat(5))
    assert members(grouping) == [(1, 0, 2), (3, 4)]
    assert grouping.strays == ()
    assert [group.tight for group in grouping.groups] == [False, True]


def test_a_copy_of_a_copy_stands_alone() -> None:
    """0-1-2-3: 3 is a near-copy of 2 only, and 2 went to 1."""
    grouping = build_groups(scan_of(4, {(0, 1): 0.9, (1, 2): 0.9, (2, 3): 0.9}), DEFAULT, flat(4))
    assert members(grouping) == [(1, 0, 2)]
    assert grouping.strays == (3,)
    assert grouping.labels.tolist() == [0, 0, 0, -1]
    assert grouping.find(3) is None
    assert grouping.find(2) == grouping.groups[0]


def test_no_pairs_no_groups() -> None:
    for scan in (scan_of(0, {}), scan_of(3, {}), scan_of(3, {(0, 1): 0.5})):
        assert build_groups(scan, DEFAULT, flat(len(scan.ids))).groups == ()


def test_the_name_alone_makes_no_group() -> None:
    scan = scan_of(2, {(0, 1): pair(same_name=True, jaccard=0.3)})
    assert build_groups(scan, DEFAULT, flat(2)).groups == ()


def test_quality_chooses_the_keeper_among_those_like_all_others() -> None:
    quality = np.array([0, 3, 1, 2], dtype=np.float32)
    (group,) = build_groups(scan_of(4, CLIQUE), DEFAULT, quality).groups
    assert group.keeper == group.members[0] == 1
    assert (group.hubs, group.tight) == (4, True)
    path = build_groups(scan_of(3, {(0, 1): 0.9, (1, 2): 0.9}), DEFAULT, quality[:3])
    assert members(path) == [(1, 0, 2)]
    best_at_the_end = np.array([9, 0, 0], dtype=np.float32)
    (group,) = build_groups(scan_of(3, {(0, 1): 0.9, (1, 2): 0.9}), DEFAULT, best_at_the_end).groups
    assert (group.keeper, group.hubs) == (1, 1)


def test_members_come_from_the_likest_to_the_least_like() -> None:
    scan = scan_of(4, {(0, 1): 0.7, (0, 2): 0.9, (0, 3): pair(cosine=0.96)})
    (group,) = build_groups(scan, DEFAULT, flat(4)).groups
    assert group.members == (0, 2, 3, 1)
    assert group.weakest_strength == pytest.approx(0.25, abs=1e-5)


def test_bigger_groups_come_first() -> None:
    edges = {(0, 1): 0.9, (2, 3): 0.9, (2, 4): 0.9, (5, 6): 0.9}
    assert members(build_groups(scan_of(7, edges), DEFAULT, flat(7))) == [(2, 3, 4), (0, 1), (5, 6)]


def test_kept_skills_keep_their_groups() -> None:
    scan = scan_of(4, CLIQUE)
    best = np.array([5, 0, 0, 0], dtype=np.float32)
    assert members(build_groups(scan, DEFAULT, best, kept=[2]))[0][0] == 2
    (group,) = build_groups(scan, DEFAULT, best, kept=[1, 3]).groups
    assert (group.keeper, set(group.members)) == (1, {0, 1, 2, 3})
    at_the_end = build_groups(scan_of(3, {(0, 1): 0.9, (1, 2): 0.9}), DEFAULT, flat(3), kept=[0])
    assert members(at_the_end) == [(0, 1)]
    assert at_the_end.strays == (2,)


def test_skills_that_go_are_members_but_no_keepers() -> None:
    best = np.array([5, 4, 0, 0], dtype=np.float32)
    (group,) = build_groups(scan_of(4, CLIQUE), DEFAULT, best, gone=[0]).groups
    assert (group.keeper, set(group.members)) == (1, {0, 1, 2, 3})
    centre_gone = build_groups(scan_of(3, {(0, 1): 0.9, (1, 2): 0.9}), DEFAULT, flat(3), gone=[1])
    assert members(centre_gone) == [(0, 1)]
    assert centre_gone.strays == (2,)


def test_when_all_go_the_group_still_shows() -> None:
    (group,) = build_groups(scan_of(2, {(0, 1): 0.9}), DEFAULT, flat(2), gone=[0, 1]).groups
    assert group.members == (0, 1)


def test_apart_pairs_are_not_brought_together_by_a_third() -> None:
    scan = scan_of(3, {(0, 1): 0.9, (0, 2): 0.8, (1, 2): 0.9})
    grouping = build_groups(scan, DEFAULT, flat(3), apart=[(2, 1)])
    assert members(grouping) == [(0, 1)]
    assert grouping.strays == (2,)
    assert build_groups(scan_of(2, {(0, 1): 1.0}), DEFAULT, flat(2), apart=[(0, 1)]).groups == ()


def test_a_big_group_is_flagged_and_falls_apart_higher_up() -> None:
    """Seven skills; within 0-3 Jaccard 0.9, within 4-6 0.95, all of them with 0 at least 0.65."""
    edges = dict.fromkeys(itertools.combinations(range(4), 2), 0.9)
    edges |= dict.fromkeys(itertools.combinations(range(4, 7), 2), 0.95)
    edges |= {(0, b): 0.65 for b in range(4, 7)}
    scan = scan_of(7, edges)
    grouping = build_groups(scan, DEFAULT, flat(7), oversize=6)
    (group,) = grouping.groups
    assert grouping.is_oversize(group)
    assert not build_groups(scan, DEFAULT, flat(7), oversize=7).is_oversize(group)
    found = splits(scan, group, DEFAULT, flat(7), steps=3)
    # 0.6 + 0.4 * (1/4, 2/4, 3/4) = 0.7, 0.8, 0.9; above 0.9 only 4-6 are left.
    assert [step.thresholds.jaccard for step in found] == pytest.approx([0.7, 0.8, 0.9])
    assert [(step.sizes, step.alone) for step in found] == [((4, 3), 0), ((4, 3), 0), ((3,), 4)]


def test_quality_must_have_a_value_for_each() -> None:
    with pytest.raises(UsageError, match="2 quality values for 3 skills"):
        build_groups(scan_of(3, {}), DEFAULT, flat(2))


# ------------------------------------------------------------------------- laws

SKILLS = 12
rows = st.integers(0, SKILLS - 1)
row_pairs = st.tuples(rows, rows).filter(lambda both: both[0] < both[1])
values = st.floats(0, 1, width=16)
edges = st.dictionaries(
    row_pairs,
    st.builds(
        pair,
        jaccard=values,
        cosine=st.none() | values,
        set_apart=st.booleans(),
        same_name=st.booleans(),
    ),
    max_size=40,
)


@settings(max_examples=300)
@given(
    edges,
    st.lists(st.integers(0, 3), min_size=SKILLS, max_size=SKILLS),
    st.sets(row_pairs, max_size=8),
    st.sets(rows, max_size=3),
    st.sets(rows, max_size=3),
    st.sampled_from([DEFAULT, Thresholds(0.3, 0.5), Thresholds(0.9, 0.95)]),
)
def test_laws_of_groups(
    found: dict[tuple[int, int], object],
    worth: list[int],
    apart: set[tuple[int, int]],
    kept: set[int],
    gone: set[int],
    limits: Thresholds,
) -> None:
    scan = scan_of(SKILLS, found)  # type: ignore[arg-type]
    quality = np.array(worth, dtype=np.float32)
    grouping = build_groups(scan, limits, quality, apart=apart, kept=kept, gone=gone)
    mask = scan.pairs.duplicates(limits)
    linked = set(zip(scan.pairs.a[mask].tolist(), scan.pairs.b[mask].tolist(), strict=True))
    linked -= apart
    seen: set[int] = set()
    for group in grouping.groups:
        check_group(group, linked, apart, gone)
        assert not seen & set(group.members), "a skill in two groups"
        seen |= set(group.members)
    touched = {row for both in linked for row in both}
    assert set(grouping.strays) == touched - seen
    check_strays(grouping, linked)
    check_labels(grouping)
    again = build_groups(scan, limits, quality, apart=sorted(apart), kept=[*kept], gone=[*gone])
    assert again.groups == grouping.groups


def ordered(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)


def check_group(
    group: RowGroup, linked: set[tuple[int, int]], apart: set[tuple[int, int]], gone: set[int]
) -> None:
    assert group.keeper == group.members[0]
    assert len(group.members) == len(set(group.members)) >= 2
    assert all(ordered(group.keeper, row) in linked for row in group.members[1:]), "a chain"
    both = {ordered(*edge) for edge in itertools.combinations(group.members, 2)}
    assert not both & apart
    hubs = [
        row
        for row in group.members
        if all(ordered(row, other) in linked for other in group.members if other != row)
    ]
    assert group.hubs == len(hubs)
    assert group.keeper not in gone or all(row in gone for row in hubs)


def check_strays(grouping: Grouping, linked: set[tuple[int, int]]) -> None:
    """Two near-copies are never both left alone."""
    assert not {both for both in linked if set(both) <= set(grouping.strays)}


def check_labels(grouping: Grouping) -> None:
    for position, group in enumerate(grouping.groups):
        assert all(grouping.labels[row] == position for row in group.members)
    assert (grouping.labels >= 0).sum() == sum(len(group.members) for group in grouping.groups)
    sizes = [len(group.members) for group in grouping.groups]
    assert sizes == sorted(sizes, reverse=True)


@given(edges, st.permutations(range(SKILLS)))
def test_the_order_of_the_table_does_not_matter(
    found: dict[tuple[int, int], object], order: list[int]
) -> None:
    scan = scan_of(SKILLS, found)  # type: ignore[arg-type]
    shuffled = [at for at in order if at < len(scan.pairs)]
    shuffled += [at for at in range(len(scan.pairs)) if at not in shuffled]
    other = Scan(
        scan.ids, scan.hashes, scan.names, scan.sources, scan.chars,
        scan.pairs.take(np.array(shuffled, dtype=np.int64)), scan.floors, scan.seconds,
    )  # fmt: skip
    first, second = (build_groups(each, DEFAULT, flat(SKILLS)) for each in (scan, other))
    assert first.groups == second.groups


# ------------------------------------------------------------------------- evidence


def exact(pairs: np.ndarray) -> PairTable:
    """Stand in for the computation of pairs that no layer proposed: all have Jaccard 0.1."""
    return table([(int(a), int(b), pair(jaccard=0.1)) for a, b in pairs])


def test_the_weakest_pair_is_sought_among_all_members() -> None:
    scan = scan_of(3, {(0, 1): 0.9, (0, 2): 0.7})
    grouping = build_groups(scan, DEFAULT, flat(3))
    (group,) = grouping.groups
    record = describe_group(scan, grouping, group, DEFAULT, ("because",), exact)
    assert (record.weakest.a, record.weakest.b) == (scan.ids[1], scan.ids[2])
    assert record.weakest.jaccard == pytest.approx(0.1)
    assert (record.keeper, record.reasons, record.oversize) == (scan.ids[0], ("because",), False)
    assert record.members == (scan.ids[0], scan.ids[1], scan.ids[2])
    known = describe_group(scan, grouping, group, DEFAULT, ())
    assert (known.weakest.a, known.weakest.b) == (scan.ids[0], scan.ids[2])


def test_all_pairs_of_a_group_and_only_the_unknown_are_computed() -> None:
    scan = scan_of(4, {(0, 1): 0.9, (0, 3): 0.7, (2, 3): 0.5})
    asked: list[list[int]] = []

    def values(pairs: np.ndarray) -> PairTable:
        asked.extend(pairs.tolist())
        return exact(pairs)

    found = group_pairs(scan, (3, 0, 1), values)
    assert list(zip(found.a.tolist(), found.b.tolist(), strict=True)) == [(0, 1), (0, 3), (1, 3)]
    assert asked == [[1, 3]]
    assert len(group_pairs(scan, (3, 0, 1))) == 2


@given(edges)
def test_all_groups_at_once_are_described_as_one_by_one(
    found: dict[tuple[int, int], object],
) -> None:
    scan = scan_of(SKILLS, found)  # type: ignore[arg-type]
    grouping = build_groups(scan, DEFAULT, flat(SKILLS), oversize=4)
    for values in (None, exact):
        many = describe_groups(scan, grouping, DEFAULT, lambda group: (str(group.keeper),), values)
        one_by_one = tuple(
            describe_group(
                scan,
                grouping,
                group,
                DEFAULT,
                (str(group.keeper),),
                None if grouping.is_oversize(group) else values,
            )
            for group in grouping.groups
        )
        assert many == one_by_one
