"""The map's arrays as the browser reads them, and its outlines as the address holds them.

Responsible for three layouts: points, paint (colour classes and marks) and polygons. Must not
know streamlit, the workspace or what a colour means. `static/map/hub.js` reads the same layout.

A message starts with 16 bytes: its kind and its number of rows as little-endian uint32, then
8 bytes that change with the content. Row numbers are not sent: a row is its place in the array.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

POINTS, PAINT = 1, 2
HIDDEN = 0xFFFF
"""The class of a row that is not drawn."""
MATCH = 1
"""The mark of a row that a search has found."""
UNIT = 1_000_000
"""Polygons are whole numbers of millionths; a map lies within -1 to 1."""
MAX_CORNERS = 400
"""Of a polygon in the address; the browser sends 120 at most."""
_SEPARATOR = "_"

Floats = NDArray[np.float32]
Ints = NDArray[np.integer[Any]]


def points_message(xy: Floats) -> bytes:
    """Return the message of points [n, 2] that lie within -1 to 1."""
    return _message(POINTS, len(xy), np.ascontiguousarray(xy, dtype="<f4").tobytes())


def paint_message(classes: Ints, marked: Ints | None = None) -> bytes:
    """Return the message of one colour class per row, and of the rows that a search has found."""
    marks = np.zeros(len(classes), dtype=np.uint8)
    if marked is not None:
        marks[marked] = MATCH
    return _message(PAINT, len(classes), classes.astype("<u2").tobytes() + marks.tobytes())


def polygon_text(flat: Sequence[int]) -> str:
    """Return a polygon, x and y in turn in parts of `UNIT`, as the address holds it."""
    return _SEPARATOR.join(str(int(number)) for number in flat)


def polygon_of(text: str | None) -> list[int]:
    """Return the polygon that an address holds; empty where it holds none or nonsense."""
    parts = (text or "").split(_SEPARATOR)
    if not 6 <= len(parts) <= 2 * MAX_CORNERS or len(parts) % 2:
        return []
    try:
        numbers = [int(part) for part in parts]
    except ValueError:
        return []
    return numbers if all(abs(number) <= 100 * UNIT for number in numbers) else []


def corners(flat: Sequence[int]) -> list[tuple[float, float]]:
    """Return a polygon's corners on the map."""
    return [(x / UNIT, y / UNIT) for x, y in zip(flat[::2], flat[1::2], strict=True)]


def _message(kind: int, rows: int, content: bytes) -> bytes:
    version = hashlib.blake2b(content, digest_size=8).digest()
    return struct.pack("<II", kind, rows) + version + content
