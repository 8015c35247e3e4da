"""Two levels of crowds, nested, the largest first; what belongs to none is noise."""

import numpy as np
import pytest

from skillrouter_core.project.clusters import CLUSTER_FROM, cluster
from skillrouter_core.records.maps import NOISE
from tests.crowds import crowds, unit_rows


def blobs(sizes, spread=0.01, seed=0):
    """Return positions in round blobs on a wide grid, and each row's blob."""
    generator = np.random.default_rng(seed)
    middles = [(number % 5 * 0.4 - 0.8, number // 5 * 0.4 - 0.8) for number in range(len(sizes))]
    rows = [
        generator.normal(middle, spread, (size, 2))
        for middle, size in zip(middles, sizes, strict=True)
    ]
    which = np.repeat(np.arange(len(sizes)), sizes)
    return np.vstack(rows).astype(np.float32), which


def test_no_cluster_reaches_over_two_blobs_and_the_largest_comes_first():
    positions, which = blobs([20, 60, 40])
    found = cluster(positions, unit_rows(120))
    count = int(found.fine.max()) + 1
    assert count >= 3
    assert all(len(set(which[found.fine == number])) == 1 for number in range(count))
    assert (np.diff(np.bincount(found.fine[found.fine != NOISE])) <= 0).all()


def test_levels_are_nested_and_parents_say_so():
    positions, _ = blobs([30] * 20)
    vectors, _ = crowds(20, 30)
    found = cluster(positions, vectors)
    fine = int(found.fine.max()) + 1
    coarse = int(found.coarse.max()) + 1
    assert fine >= 20
    assert coarse < fine
    assert len(found.parents) == fine
    for number in range(fine):
        assert set(found.coarse[found.fine == number]) == {found.parents[number]}
    sizes = np.bincount(found.coarse[found.coarse >= 0])
    assert (np.diff(sizes) <= 0).all()


def test_a_stray_between_two_coarse_clusters_is_noise_at_both_levels():
    positions, _ = blobs([40, 40], spread=0.005)
    middle = (positions[:40].mean(axis=0) + positions[40:].mean(axis=0)) / 2
    found = cluster(np.vstack([positions, middle[None]]), unit_rows(81))
    assert found.fine[-1] == NOISE
    assert int(found.coarse.max()) >= 1


def test_points_around_one_coarse_cluster_join_it():
    positions, _ = blobs([40, 40], spread=0.005)
    beside = positions[:40].mean(axis=0) + np.array([-0.15, -0.1], dtype=np.float32)
    found = cluster(np.vstack([positions, beside[None]]), unit_rows(81))
    assert found.fine[-1] == NOISE
    assert found.coarse[-1] != NOISE


@pytest.mark.parametrize("rows", [1, 2, 12, CLUSTER_FROM - 1])
def test_few_rows_are_one_cluster(rows):
    found = cluster(np.zeros((rows, 2), dtype=np.float32), unit_rows(rows))
    assert found.fine.tolist() == found.coarse.tolist() == [0] * rows
    assert found.parents.tolist() == [0]


def test_same_positions_give_the_same_clusters():
    positions, _ = blobs([25] * 6, spread=0.05)
    first, second = (cluster(positions, unit_rows(150)) for _ in range(2))
    assert (first.fine == second.fine).all()
    assert (first.coarse == second.coarse).all()
