"""What the page tells the drawing besides its arrays.

Responsible for the JSON that `static/map/map.js` reads, and for the two messages of arrays.
Must not know streamlit or where any of it comes from.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pages.common.map_arrays import paint_message, points_message
from pages.common.map_colours import Colouring
from pages.common.map_state import Flight
from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.maps import CatalogMap, Cluster, Level

HEIGHT = 600
NAME_CHARS = 80
NAMED_IN_SUMMARY = 5
MAPS = 4
"""Maps whose message of points is kept; each takes 8 bytes a skill."""


@lru_cache(maxsize=MAPS)
def points_of(made: CatalogMap) -> bytes:
    """Return the message of a map's points."""
    return points_message(made.xy)


def paint_of(colours: Colouring, matches: NDArray[np.int64] | None) -> bytes:
    """Return the message of classes, and of the rows that a search has found."""
    return paint_message(colours.classes, matches)


def look_of(
    made: CatalogMap,
    colours: Colouring,
    *,
    marked: bool = False,
    within: Sequence[int] = (),
    picked: int | None = None,
    flight: Flight | None = None,
) -> dict[str, Any]:
    """Return what to draw over and beside the points."""
    return {
        "points": made.version,
        "height": HEIGHT,
        "label": count(len(made), "skill"),
        "summary": summary(made),
        "legend": colours.legend,
        "clusters": [_cluster(one) for one in made.clusters],
        "marked": marked,
        "within": list(within),
        "picked": picked,
        "fly": {"key": flight.key, "box": list(flight.box)} if flight else None,
    }


def summary(made: CatalogMap) -> str:
    """Return the map in words, for those who do not see it."""
    coarse = made.at(Level.COARSE)
    largest = ", ".join(
        f"{one_line(one.name, NAME_CHARS)} ({one.size:,})" for one in coarse[:NAMED_IN_SUMMARY]
    )
    crowds = f" in {count(len(coarse), 'cluster')}, the largest: {largest}" if coarse else ""
    return (
        f"A map of {count(len(made), 'skill')}{crowds}. Arrow keys move, plus and minus zoom, "
        "0 shows everything, B draws a box, L a lasso, Enter picks the skill at the centre, "
        "Escape lifts the selection. The table of clusters beside the map holds the same names."
    )


def _cluster(one: Cluster) -> dict[str, Any]:
    return {
        "level": 0 if one.level is Level.COARSE else 1,
        "number": one.number,
        "name": one_line(one.name, NAME_CHARS),
        "x": one.centre[0],
        "y": one.centre[1],
        "size": one.size,
    }
