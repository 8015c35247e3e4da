"""A lasso encloses what is inside its line by the even-odd rule."""

import math

import numpy as np
import pytest

from skillrouter_core.errors import UsageError
from skillrouter_core.project.geometry import MOST_CORNERS, inside

SQUARE = [(0, 0), (1, 0), (1, 1), (0, 1)]
GRID = np.array([(x / 4, y / 4) for x in range(-4, 9) for y in range(-4, 9)], dtype=np.float32)


def test_square_holds_the_points_within():
    rows = inside(GRID + np.float32(0.01), SQUARE)
    within = ((GRID + 0.01 > 0) & (GRID + 0.01 < 1)).all(axis=1)
    assert rows.tolist() == np.flatnonzero(within).tolist()


def test_direction_and_start_do_not_matter():
    points = GRID + np.float32(0.01)
    wanted = inside(points, SQUARE).tolist()
    assert inside(points, SQUARE[::-1]).tolist() == wanted
    assert inside(points, SQUARE[2:] + SQUARE[:2]).tolist() == wanted


def test_notch_of_a_concave_polygon_is_outside():
    shape = [(0, 0), (2, 0), (2, 2), (1, 0.5), (0, 2)]
    points = np.array([(1, 1.5), (0.2, 1), (1.8, 1), (1, 0.2)], dtype=np.float32)
    assert inside(points, shape).tolist() == [1, 2, 3]


def test_what_a_crossing_lasso_encloses_twice_is_outside():
    star = [(math.sin(4 * math.pi * k / 5), math.cos(4 * math.pi * k / 5)) for k in range(5)]
    points = np.array([(0, 0), (0, 0.7)], dtype=np.float32)
    assert inside(points, star).tolist() == [1]


def test_circle_holds_its_share_of_random_points():
    points = np.random.default_rng(0).uniform(-1, 1, size=(4000, 2)).astype(np.float32)
    circle = [
        (0.5 * math.cos(math.tau * k / 200), 0.5 * math.sin(math.tau * k / 200)) for k in range(200)
    ]
    by_radius = np.flatnonzero(np.hypot(points[:, 0], points[:, 1]) < 0.5)
    found = inside(points, circle)
    assert len(np.setxor1d(found, by_radius)) <= 4  # the polygon is a little smaller


@pytest.mark.parametrize(
    "polygon",
    [[], SQUARE[:2], [(0, 0), (1, math.nan), (1, 1)], [(0, 0)] * (MOST_CORNERS + 1)],
)
def test_what_is_no_polygon_is_refused(polygon):
    with pytest.raises(UsageError, match="corners"):
        inside(GRID, polygon)
