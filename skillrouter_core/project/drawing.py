"""A map's arrays to the record that pages read: clusters with sizes and places, and the note.

Responsible for what is said of a map. Must not know how its arrays came about, or files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.project.coordinates import UMAP_FROM
from skillrouter_core.project.neighbours import FloatMatrix
from skillrouter_core.project.placing import Labels
from skillrouter_core.project.store import Fit
from skillrouter_core.records.maps import NOISE, CatalogMap, Cluster, Level

BOX_SHARE = (0.05, 0.95)
"""A cluster's box holds what lies between these quantiles, so that strays do not stretch it."""


@dataclass(slots=True)
class Canvas:
    """The arrays of a map while its rows are being filled in; noise at the middle until then."""

    xy: FloatMatrix
    xyz: FloatMatrix | None
    coarse: Labels
    fine: Labels

    @classmethod
    def blank(cls, rows: int, space: bool) -> Canvas:
        """Return a canvas of `rows`, with a third dimension where `space` is set."""
        return cls(
            np.zeros((rows, 2), dtype=np.float32),
            np.zeros((rows, 3), dtype=np.float32) if space else None,
            np.full(rows, NOISE, dtype=np.int16),
            np.full(rows, NOISE, dtype=np.int16),
        )

    def copy(self, rows: NDArray[np.int64], other: Fit | CatalogMap, at: NDArray[np.int64]) -> None:
        """Take over rows that lie at `at` in a layout or an earlier map."""
        self.xy[rows], self.coarse[rows] = other.xy[at], other.coarse[at]
        self.fine[rows] = other.fine[at]
        if self.xyz is not None and other.xyz is not None:
            self.xyz[rows] = other.xyz[at]


def described(
    ids: Sequence[str], hashes: Sequence[str], canvas: Canvas, fit: Fit, placed: int
) -> CatalogMap:
    """Return the map with its clusters and its note, not yet saved (its version is empty)."""
    sampled = len(fit.hashes) if len(fit.hashes) < fit.total else None
    upper = _clusters(Level.COARSE, canvas.xy, canvas.coarse, fit)
    lower = _clusters(Level.FINE, canvas.xy, canvas.fine, fit)
    return CatalogMap(
        ids=tuple(ids),
        hashes=tuple(hashes),
        xy=canvas.xy,
        xyz=canvas.xyz,
        coarse=canvas.coarse,
        fine=canvas.fine,
        clusters=(*upper, *lower),
        sampled=sampled,
        seed=fit.options.seed,
        version="",
        placed=placed,
        note=_note(len(hashes), len(fit.hashes), sampled, fit.total, placed),
    )


def _clusters(level: Level, xy: FloatMatrix, numbers: Labels, fit: Fit) -> list[Cluster]:
    """Return the clusters of a level that have members, largest first."""
    found = []
    for number, name in enumerate(fit.names[level]):
        members = xy[numbers == number]
        if len(members):
            parent = int(fit.parents[number]) if level is Level.FINE else number
            terms = tuple(fit.terms[level][number])
            centre, box = _centre(members), _box(members)
            found.append(Cluster(level, number, name, terms, len(members), centre, box, parent))
    return sorted(found, key=lambda one: (-one.size, one.number))


def _centre(members: FloatMatrix) -> tuple[float, float]:
    """Return the member nearest to the middle: a label there lies on the cluster."""
    middle = np.median(members, axis=0)
    nearest = members[np.linalg.norm(members - middle, axis=1).argmin()]
    return float(nearest[0]), float(nearest[1])


def _box(members: FloatMatrix) -> tuple[float, float, float, float]:
    low, high = np.quantile(members, BOX_SHARE, axis=0)
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _note(rows: int, fitted: int, sampled: int | None, total: int, placed: int) -> str:
    said = []
    if rows == 1:
        said.append("One skill: there is nothing yet to compare it with.")
    elif fitted < UMAP_FROM:
        shape = "on a line" if fitted <= 2 else "by their two principal components"
        said.append(
            f"{rows} skills are too few for UMAP, which needs {UMAP_FROM} different ones: they "
            f"are drawn {shape}, as one cluster."
        )
    if sampled is not None:
        said.append(
            f"Laid out on a sample of {sampled:,} of {total:,} texts; the others stand beside "
            "their nearest neighbours."
        )
    if placed:
        came = "1 skill came" if placed == 1 else f"{placed:,} skills came"
        said.append(
            f"{came} since the layout, placed beside the nearest neighbours; recompute the map "
            "for a fresh layout."
        )
    return " ".join(said)
