"""Which points lie inside a polygon.

Responsible for the selection that a lasso draws. Must not know what a point is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import UsageError

Polygon = Sequence[tuple[float, float]]

MOST_CORNERS = 10_000
"""A lasso has some hundred corners; more than this is refused, as the work grows with them."""


def inside(points: NDArray[np.float32], polygon: Polygon) -> NDArray[np.int64]:
    """Return the rows of points [n, 2] inside a closed polygon, by the even-odd rule.

    Crossing an edge to the right of a point counts, so what a self-crossing lasso encloses twice
    is outside. Raises UsageError for fewer than 3 corners, too many, or numbers not finite.
    """
    corners = np.array(polygon, dtype=np.float64).reshape(-1, 2)
    if not 3 <= len(corners) <= MOST_CORNERS or not np.isfinite(corners).all():
        raise UsageError(
            f"a polygon of {len(corners)} corners; draw one of 3 to {MOST_CORNERS:,} finite ones"
        )
    low, high = corners.min(axis=0), corners.max(axis=0)
    rows = np.flatnonzero(((points >= low) & (points <= high)).all(axis=1))
    x, y = points[rows, 0].astype(np.float64), points[rows, 1].astype(np.float64)
    within = np.zeros(len(rows), dtype=bool)
    before = corners[-1]
    for corner in corners:
        crosses = (before[1] > y) != (corner[1] > y)
        rise = corner[1] - before[1]
        if rise:
            edge = before[0] + (y - before[1]) / rise * (corner[0] - before[0])
            within ^= crosses & (x < edge)
        before = corner
    return rows[within]
