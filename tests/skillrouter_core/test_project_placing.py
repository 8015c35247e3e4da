"""New points stand beside their nearest neighbours, with the majority where these differ."""

import numpy as np
import pytest

from skillrouter_core.project.placing import join, neighbours_of, place, vote
from tests.crowds import crowds, unit_rows


def test_median_of_a_symmetric_square_is_its_middle():
    corners = np.array([[[0, 0], [2, 0], [2, 2], [0, 2]]], dtype=np.float32)
    assert place(corners, np.ones((1, 4), dtype=np.float32)) == pytest.approx(np.array([[1, 1]]))


def test_median_is_the_least_sum_of_weighted_distances():
    generator = np.random.default_rng(3)
    points = generator.normal(size=(1, 7, 2)).astype(np.float32)
    weight = generator.uniform(0.2, 1, size=(1, 7)).astype(np.float32)
    found = place(points, weight)[0]

    def cost(at):
        return float((np.linalg.norm(points[0] - at, axis=1) * weight[0]).sum())

    around = [found + np.array(step) for step in ((0.02, 0), (-0.02, 0), (0, 0.02), (0, -0.02))]
    assert all(cost(found) < cost(at) for at in around)


def test_majority_wins_where_a_mean_would_fall_between():
    points = np.array([[[0, 0]] * 6 + [[10, 0]] * 4], dtype=np.float32)
    found = place(points, np.ones((1, 10), dtype=np.float32))
    assert found == pytest.approx(np.zeros((1, 2)), abs=0.05)


def test_median_lies_within_its_neighbours_in_any_dimension():
    points = np.random.default_rng(0).uniform(-1, 1, size=(50, 10, 3)).astype(np.float32)
    found = place(points, np.ones((50, 10), dtype=np.float32))
    assert (found >= points.min(axis=1)).all()
    assert (found <= points.max(axis=1)).all()


@pytest.mark.parametrize(
    ("labels", "weight", "winner"),
    [
        ([1, 2, 2], [1, 1, 1], 2),
        ([1, 2, 2], [3, 1, 1], 1),
        ([-1, -1, 4], [1, 1, 1], -1),
        ([5, 6], [1, 1], 5),
    ],
)
def test_heaviest_label_wins_and_noise_is_one(labels, weight, winner):
    found = vote(np.array([labels], dtype=np.int16), np.array([weight], dtype=np.float32))
    assert found.tolist() == [winner]


def test_a_point_in_a_fine_cluster_is_in_its_parent():
    coarse = np.array([0, 1, 1, -1], dtype=np.int16)
    fine = np.array([0, -1, -1, 0], dtype=np.int16)
    around = np.array([[0, 3, 1, 2]])
    weight = np.array([[1, 1, 0.9, 0.9]], dtype=np.float32)
    joined = join(coarse, fine, np.array([0], dtype=np.int16), around, weight)
    assert [part.tolist() for part in joined] == [[0], [0]]


def test_neighbours_of_a_member_are_of_its_crowd():
    rows, crowd = crowds(3, 20)
    found, weight = neighbours_of(rows[[0, 25, 45]], rows)
    assert found.shape == weight.shape == (3, 10)
    assert (crowd[found] == [[0], [1], [2]]).all()
    assert (weight > 0).all()


def test_neighbours_of_an_opposite_vector_still_weigh_something():
    rows = unit_rows(1)
    assert neighbours_of(-rows, rows)[1][0, 0] > 0
