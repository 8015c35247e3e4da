"""Made-up vectors for tests of the map: unit rows, alone or in crowds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def unit_rows(rows: int, dimension: int = 8, seed: int = 0) -> NDArray[np.float32]:
    """Return unit rows in random directions."""
    matrix = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


def crowds(
    count: int, each: int, dimension: int = 16, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return unit rows in `count` crowds of `each`, and which crowd each row is of."""
    generator = np.random.default_rng(seed)
    middles = np.repeat(unit_rows(count, dimension, seed), each, axis=0)
    rows = middles + generator.normal(scale=0.08, size=middles.shape)
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return rows, np.repeat(np.arange(count), each)
