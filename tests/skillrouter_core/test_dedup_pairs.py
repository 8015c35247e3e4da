"""The rule of a pair: by hand, and the columns against the record."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.records import MOSTLY_BOILERPLATE, DuplicatePair, Layer, Thresholds
from tests.scans import pair, table

NAME, TEXT, EMBEDDING = Layer
DEFAULT = Thresholds()

CASES = {
    "nothing alike": (pair(), ()),
    "the name alone is no duplicate": (pair(same_name=True), (NAME,)),
    "text at the threshold": (pair(jaccard=0.6), ()),
    "text above it": (pair(jaccard=0.61), (TEXT,)),
    "embedding at the threshold": (pair(cosine=0.92), ()),
    "embedding above it": (pair(cosine=0.93), (EMBEDDING,)),
    "no vector": (pair(cosine=None), ()),
    "all three": (pair(same_name=True, jaccard=1.0, cosine=1.0), (NAME, TEXT, EMBEDDING)),
    "a template explains the embedding": (pair(cosine=0.99, shared_boilerplate=0.5), ()),
    "a template does not explain a second skill of one name": (
        pair(same_name=True, cosine=0.99, shared_boilerplate=1.0),
        (NAME, EMBEDDING),
    ),
    "a little template does not": (pair(cosine=0.99, shared_boilerplate=0.49), (EMBEDDING,)),
    "a negation explains the embedding": (pair(cosine=0.99, set_apart=True), ()),
    "equal texts are duplicates whatever is discounted": (
        pair(jaccard=1.0, cosine=1.0, shared_boilerplate=1.0, set_apart=True),
        (TEXT,),
    ),
    "raw likeness does not decide": (pair(raw_jaccard=1.0), ()),
}


@pytest.mark.parametrize(("found", "layers"), CASES.values(), ids=CASES.keys())
def test_layers_of_a_pair(found: DuplicatePair, layers: tuple[Layer, ...]) -> None:
    assert found.layers(DEFAULT) == layers
    assert found.is_duplicate(DEFAULT) == bool({TEXT, EMBEDDING} & set(layers))


# Values that float32 holds exactly, so that both forms see the same number.
shares = st.floats(0, 1, width=32)
pairs = st.builds(
    pair,
    jaccard=shares,
    cosine=st.none() | st.floats(-1, 1, width=32),
    same_name=st.booleans(),
    raw_jaccard=shares,
    shared_boilerplate=shares | st.just(MOSTLY_BOILERPLATE),
    set_apart=st.booleans(),
)


@given(st.lists(pairs, max_size=20), st.floats(0, 1), st.floats(0, 1), st.data())
def test_columns_say_the_same_as_records(
    found: list[DuplicatePair], jaccard: float, cosine: float, data: st.DataObject
) -> None:
    # Thresholds that are values of the pairs, to be right at the border.
    if found:
        jaccard = data.draw(st.sampled_from([jaccard, *(each.jaccard for each in found)]))
    limits = Thresholds(jaccard, cosine)
    columns = table([(0, 1, each) for each in found])
    ids = ("a", "b")
    assert len(columns) == len(found)
    assert [columns.pair(at, ids) for at in range(len(found))] == found
    assert columns.records(ids) == tuple(found)
    layers = [each.layers(limits) for each in found]
    assert columns.text(limits).tolist() == [TEXT in each for each in layers]
    assert columns.embedding(limits).tolist() == [EMBEDDING in each for each in layers]
    assert columns.discounted().tolist() == [each.discounted for each in found]
    assert columns.duplicates(limits).tolist() == [each.is_duplicate(limits) for each in found]


@given(st.lists(pairs, min_size=1, max_size=20))
def test_strength_is_positive_exactly_for_duplicates(found: list[DuplicatePair]) -> None:
    columns = table([(0, 1, each) for each in found])
    strength = columns.strength(DEFAULT)
    assert not np.isnan(strength).any()
    # Float32 rounds the distance from the border: compare where it is not zero.
    clear = np.abs(strength) > 1e-6
    assert ((strength > 0) == columns.duplicates(DEFAULT))[clear].all()
    assert strength.max() <= 1


def test_strength_by_hand() -> None:
    columns = table(
        [
            (0, 1, pair(jaccard=0.8)),
            (0, 2, pair(jaccard=0.2, cosine=0.96)),
            (0, 3, pair(jaccard=0.8, cosine=1.0, set_apart=True)),
            (0, 4, pair(jaccard=1.0)),
            (0, 5, pair(jaccard=0.0)),
        ]
    )
    assert columns.strength(DEFAULT) == pytest.approx([0.5, 0.5, 0.5, 1.0, -1.5], abs=1e-5)


def test_strength_at_thresholds_of_one_is_finite() -> None:
    columns = table([(0, 1, pair(jaccard=1.0, cosine=1.0)), (0, 2, pair(jaccard=0.5))])
    assert all(map(math.isfinite, columns.strength(Thresholds(1.0, 1.0)).tolist()))


@pytest.mark.parametrize("limit", [step / 100 for step in range(40, 100)])
def test_a_value_on_the_slider_is_not_above_itself(limit: float) -> None:
    """Stored in single precision 0.6 is a little more than 0.6."""
    columns = table([(0, 1, pair(jaccard=limit, cosine=limit))])
    limits = Thresholds(limit, limit)
    assert not columns.duplicates(limits).any()
    assert columns.pair(0, ("a", "b")).layers(limits) == ()


def test_take_by_mask_and_by_position() -> None:
    columns = table([(0, 1, pair(jaccard=0.1)), (0, 2, pair(jaccard=0.2))])
    assert columns.take(np.array([False, True])).b.tolist() == [2]
    assert columns.take(np.array([1, 0])).b.tolist() == [2, 1]
