"""Unit vectors to positions on a plane or in space.

Responsible for UMAP where there are enough rows, for what is drawn where there are not, and
for the scale. Must not know what a row stands for.

UMAP's own graph and layout are used (McInnes, Healy and Melville 2018) with two parts of ours:
the neighbours are found exactly, not by a random forest, and the start is the rows' principal
components, not a spectral embedding, which disconnected graphs (families of copies) spoil. On
20,000 skills both starts keep as many true neighbours (36% of 15 among the nearest 15 on the
map), and nothing has to be compiled but the layout itself. With one thread and a fixed seed the
same vectors give the same picture on one machine; another processor or library version rounds
differently, which a layout amplifies.

Importing umap takes 3 to 19 s and its first use 5 s more: call `layout` in a job only.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.progress import Progress, ProgressListener, silent
from skillrouter_core.project.neighbours import BLOCK_ROWS, FloatMatrix, neighbour_graph

UMAP_FROM = 30
"""Fewer rows than this are drawn by their principal components: UMAP needs a neighbourhood."""

LONG_EPOCHS, SHORT_EPOCHS = 500, 200
LONG_UP_TO = 10_000
"""UMAP's own choice of epochs: 500 up to 10,000 rows, 200 beyond."""

LAYOUT_STAGE = "laying out"


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """UMAP's parameters; `sample` is how many rows at most are laid out together."""

    neighbours: int = 15
    spread: float = 1.0
    min_dist: float = 0.1
    seed: int = 42
    sample: int = 50_000


def layout(
    vectors: FloatMatrix,
    dimensions: int = 2,
    options: LayoutOptions = LayoutOptions(),
    listener: ProgressListener = silent,
) -> FloatMatrix:
    """Return positions float32 [n, dimensions] of unit vectors [n, d], within -1 to 1.

    Below `UMAP_FROM` rows these are principal components. `listener` may raise to stop.
    """
    if len(vectors) < UMAP_FROM:
        return scaled(principal(vectors, dimensions))
    found, distances = neighbour_graph(vectors, options.neighbours, listener)
    start = _shaken(scaled(principal(vectors, dimensions)) * 10, options.seed)
    return scaled(_umap(vectors, found, distances, start, options, listener))


def principal(vectors: FloatMatrix, dimensions: int) -> FloatMatrix:
    """Return the first principal components of rows [n, d] as [n, dimensions].

    Zeros where the rows span fewer directions; each axis points to its largest value, so the
    signs do not depend on the solver.
    """
    rows, width = vectors.shape
    mean = vectors.mean(axis=0, dtype=np.float64)
    scatter = np.zeros((width, width))
    for start in range(0, rows, BLOCK_ROWS):  # by blocks: the rows in double precision are large
        block = vectors[start : start + BLOCK_ROWS].astype(np.float64) - mean
        scatter += block.T @ block
    values, axes = np.linalg.eigh(scatter)
    found = np.zeros((rows, dimensions))
    for axis in range(min(dimensions, rows - 1, width)):
        if values[-1 - axis] <= 1e-9 * rows:  # copies of one text span nothing
            break
        column = vectors @ axes[:, -1 - axis] - mean @ axes[:, -1 - axis]
        found[:, axis] = column * np.sign(column[np.abs(column).argmax()])
    return found.astype(np.float32)


def scaled(positions: FloatMatrix) -> FloatMatrix:
    """Return positions moved to the middle and shrunk alike in all directions into -1 to 1."""
    if not len(positions):
        return positions
    low, high = positions.min(axis=0), positions.max(axis=0)
    reach = float((high - low).max()) / 2
    return np.asarray((positions - (low + high) / 2) / (reach or 1.0), dtype=np.float32)


def _shaken(positions: FloatMatrix, seed: int) -> FloatMatrix:
    """Return the positions with a little noise: equal rows could never be told apart else."""
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=positions.shape)
    return np.asarray(positions + noise, dtype=np.float32)


def _umap(
    vectors: FloatMatrix,
    found: NDArray[np.int64],
    distances: FloatMatrix,
    start: FloatMatrix,
    options: LayoutOptions,
    listener: ProgressListener,
) -> FloatMatrix:
    listener(Progress("loading UMAP", 0, 0, 0.0, ""))
    umap = _load_umap()
    random = np.random.RandomState(options.seed)  # umap's interface wants the old generator
    graph, _, _ = umap.fuzzy_simplicial_set(
        vectors,
        found.shape[1],
        random,
        "cosine",
        knn_indices=found.astype(np.int32),
        knn_dists=distances,
    )
    a, b = umap.find_ab_params(options.spread, options.min_dist)
    epochs = LONG_EPOCHS if len(vectors) <= LONG_UP_TO else SHORT_EPOCHS
    positions, _ = umap.simplicial_set_embedding(
        vectors,
        graph,
        n_components=start.shape[1],
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=epochs,
        init=start,
        random_state=random,
        metric="cosine",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,  # more threads would race, and the picture differ from run to run
        tqdm_kwds=_EpochCounter(listener, epochs).bar(),
    )
    return np.asarray(positions, dtype=np.float32)


def _load_umap() -> Any:
    with warnings.catch_warnings():
        # Said at import by a part that is not used here, and only to be silenced by installing
        # TensorFlow.
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        import umap.umap_ as umap
    return umap


class _EpochCounter:
    """Takes the place of the stream that UMAP's progress bar is written to."""

    def __init__(self, listener: ProgressListener, epochs: int) -> None:
        self._listener, self._epochs = listener, epochs

    def bar(self) -> dict[str, Any]:
        """Return the bar's settings: it writes "done seconds" here at most every 0.2 s."""
        return {
            "disable": False,
            "file": self,
            "bar_format": "{n_fmt} {elapsed_s}",
            "mininterval": 0.2,
        }

    def write(self, text: str) -> None:
        """Tell the listener; what it raises stops the layout."""
        words = text.split()
        if len(words) == 2:
            done, seconds = int(words[0]), float(words[1])
            self._listener(Progress(LAYOUT_STAGE, done, self._epochs, seconds, "epochs"))

    def flush(self) -> None:
        """Do nothing: nothing is kept back."""


Layout = Callable[[FloatMatrix, int, LayoutOptions, ProgressListener], FloatMatrix]
"""What `layout` is: tests put a quick one in its place."""
