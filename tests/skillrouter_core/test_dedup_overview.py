"""Figures of a scan, counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.dedup.groups import build_groups
from skillrouter_core.dedup.overview import COMBINATIONS, SourcePair, overview, same_name
from skillrouter_core.records import Layer, Thresholds
from tests.scans import pair, scan_of

DEFAULT = Thresholds()
NAME, TEXT, EMBEDDING = Layer


def test_every_combination_is_counted_apart() -> None:
    pairs = {
        (0, 1): pair(same_name=True),
        (0, 2): pair(jaccard=0.9),
        (0, 3): pair(cosine=0.99),
        (0, 4): pair(same_name=True, jaccard=0.9),
        (0, 5): pair(same_name=True, cosine=0.99),
        (0, 6): pair(jaccard=0.9, cosine=0.99),
        (0, 7): pair(same_name=True, jaccard=0.9, cosine=0.99),
        (1, 2): pair(jaccard=0.9),
        (1, 3): pair(jaccard=0.5, cosine=0.9),
        (1, 4): pair(cosine=0.99, set_apart=True),
    }
    scan = scan_of(8, pairs)
    grouping = build_groups(scan, DEFAULT, np.zeros(8, dtype=np.float32))
    found = overview(scan, DEFAULT, grouping)
    assert found.layers == dict(zip(COMBINATIONS, [1, 2, 1, 1, 1, 1, 1], strict=True))
    assert found.layers[(TEXT,)] == 2
    assert found.pairs == 7  # not the name alone


def test_what_is_redundant() -> None:
    """Groups of three and two: three skills repeat another, of 1,000 characters each."""
    scan = scan_of(7, {(0, 1): 0.9, (0, 2): 0.9, (3, 4): 0.9, (2, 5): 0.9})
    grouping = build_groups(scan, DEFAULT, np.zeros(7, dtype=np.float32))
    found = overview(scan, DEFAULT, grouping)
    assert (found.skills, found.groups, found.redundant, found.strays) == (7, 2, 3, 1)
    assert (found.chars, found.redundant_chars, found.redundant_tokens) == (7000, 3000, 750)
    assert found.redundant_share == pytest.approx(3 / 7)
    assert found.sizes == ((3, 1), (2, 1))
    assert found.oversize == 0
    assert overview(scan, DEFAULT, build_groups(
        scan, DEFAULT, np.zeros(7, dtype=np.float32), oversize=2
    )).oversize == 1  # fmt: skip


def test_nothing_at_all() -> None:
    scan = scan_of(0, {})
    found = overview(scan, DEFAULT, build_groups(scan, DEFAULT, np.zeros(0, dtype=np.float32)))
    assert (found.pairs, found.redundant_share, found.sources) == (0, 0.0, ())


def test_pairs_of_sources() -> None:
    scan = scan_of(
        5,
        {(0, 1): 0.9, (0, 2): 0.9, (1, 2): 0.9, (3, 4): 0.9, (0, 3): 0.5},
        sources=("z", "a", "a", "z", "z"),
    )
    grouping = build_groups(scan, DEFAULT, np.zeros(5, dtype=np.float32))
    found = overview(scan, DEFAULT, grouping)
    assert found.sources == (
        SourcePair("a", "z", 2),
        SourcePair("a", "a", 1),
        SourcePair("z", "z", 1),
    )
    cut = overview(scan, DEFAULT, grouping, limit=1)
    assert (cut.sources, cut.source_pairs) == ((SourcePair("a", "z", 2),), 3)


NAMES = ("PDF Tool", "pdf-tool", "other", "pdf_tool", "", "--")
LANES = {
    "all unlike": ({}, ((0, 1, 3),)),
    "two alike stand as one": ({(0, 1): 0.9}, ((0, 3),)),
    "the later ones alike": ({(1, 3): 0.9}, ((0, 1),)),
    "all alike is no lane": ({(0, 1): 0.9, (0, 3): 0.9, (1, 3): 0.9}, ()),
    "below the threshold": ({(0, 1): 0.5}, ((0, 1, 3),)),
    "alike by way of another name": ({(0, 2): 0.9, (1, 2): 0.9}, ((0, 1, 3),)),
}


@pytest.mark.parametrize(("pairs", "lanes"), LANES.values(), ids=LANES.keys())
def test_same_name_different_content(
    pairs: dict[tuple[int, int], float], lanes: tuple[tuple[int, ...], ...]
) -> None:
    assert same_name(scan_of(6, pairs, names=NAMES), DEFAULT) == lanes


@given(
    st.lists(st.sampled_from(["x", "X", "y", ""]), min_size=8, max_size=8),
    st.dictionaries(
        st.tuples(st.integers(0, 7), st.integers(0, 7)).filter(lambda both: both[0] < both[1]),
        st.sampled_from([0.5, 0.7, 0.9]),
        max_size=20,
    ),
)
def test_laws_of_the_lane(names: list[str], pairs: dict[tuple[int, int], float]) -> None:
    scan = scan_of(8, pairs, names=names)
    linked = {both for both, value in pairs.items() if value > DEFAULT.jaccard}
    lanes = same_name(scan, DEFAULT)
    assert len({names[lane[0]].casefold() for lane in lanes}) == len(lanes)
    for lane in lanes:
        assert len(lane) > 1
        assert len({names[row].casefold() for row in lane}) == 1
        assert not {(a, b) for a in lane for b in lane} & linked
