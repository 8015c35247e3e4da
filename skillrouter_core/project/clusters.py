"""Crowds on the map, at two levels, the finer nested in the coarser.

Responsible for which rows belong together. Must not know what a row stands for or what a
cluster is called.

Fine clusters are the leaves of HDBSCAN's tree over the positions on the plane: what people see
as one crowd is one cluster. (Over a five-dimensional layout clusters were a little more alike
inside, mean squared length of the mean vector 0.44 against 0.41 over 20,121 skills, for twice
the time and crowds that do not match the picture.) Coarse clusters join fine ones by Ward's
linkage over both where they lie and what they mean: 32 of them hold together as well by
meaning as those joined by vectors alone (0.21), and each stays one region of the map. What
HDBSCAN leaves over is noise; at the coarse level a point joins where its surroundings are of one
mind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.progress import Progress, ProgressListener, silent
from skillrouter_core.project.neighbours import FloatMatrix
from skillrouter_core.project.placing import Labels
from skillrouter_core.records.maps import NOISE

CLUSTER_FROM = 30
"""Fewer rows than this are one cluster."""

FINE_SHARE = 700
FINE_LEAST = 5
"""A fine cluster has at least 1/700 of the rows, and at least five."""

MIN_SAMPLES = 2
"""HDBSCAN's `min_samples`: how dense a point's surroundings must be; higher means more noise."""

MOST_COARSE = 40
COARSE_FACTOR = 2.0
"""There are twice the root of the fine clusters' number of coarse ones: 32 of 257."""

SURROUNDINGS = 15
ONE_MIND = 2 / 3
"""A point of no fine cluster joins a coarse one that has this share of the 15 rows around it."""


@dataclass(frozen=True, slots=True)
class Clustering:
    """`coarse` and `fine` are int16 [n], -1 for noise; `parents[f]` is fine cluster f's coarse one.

    At each level numbers count from 0, the largest cluster first.
    """

    coarse: Labels
    fine: Labels
    parents: Labels


def cluster(
    positions: FloatMatrix, vectors: FloatMatrix, listener: ProgressListener = silent
) -> Clustering:
    """Return two levels of clusters of rows at positions [n, 2] with unit vectors [n, d].

    Fewer than `CLUSTER_FROM` rows, or rows without any crowd, are one cluster.
    """
    listener(Progress("finding clusters", 0, 0, 0.0, ""))
    if len(positions) < CLUSTER_FROM:
        return _single(len(positions))
    fine = _by_size(_leaves(positions))
    count = int(fine.max()) + 1
    if count == 0:
        return _single(len(positions))
    joined = _joined(positions, vectors, fine, count)
    coarse = np.where(fine == NOISE, NOISE, joined[fine]).astype(np.int16)
    coarse = _by_size(_settled(positions, coarse))
    parents = np.array([coarse[fine == number][0] for number in range(count)], dtype=np.int16)
    return Clustering(coarse, fine, parents)


def _single(rows: int) -> Clustering:
    zeros = np.zeros(rows, dtype=np.int16)
    return Clustering(zeros, zeros, np.zeros(1, dtype=np.int16))


def _leaves(positions: FloatMatrix) -> NDArray[np.int64]:
    from sklearn.cluster import HDBSCAN  # here: the app's process never clusters

    smallest = max(FINE_LEAST, round(len(positions) / FINE_SHARE))
    model = HDBSCAN(
        min_cluster_size=smallest,
        min_samples=MIN_SAMPLES,
        cluster_selection_method="leaf",
        copy=True,
    )
    return np.asarray(model.fit(positions).labels_)


def _joined(
    positions: FloatMatrix, vectors: FloatMatrix, fine: Labels, count: int
) -> NDArray[np.int64]:
    """Return each fine cluster's coarse one, by Ward's linkage of their middles."""
    wanted = min(count, MOST_COARSE, max(1, round(COARSE_FACTOR * count**0.5)))
    if wanted == count:
        return np.arange(count)
    from sklearn.cluster import AgglomerativeClustering

    members = [np.flatnonzero(fine == number) for number in range(count)]
    where = _unit_variance(np.stack([positions[rows].mean(axis=0) for rows in members]))
    meaning = _unit_variance(np.stack([_direction(vectors[rows]) for rows in members]))
    found = AgglomerativeClustering(wanted).fit_predict(np.hstack([where, meaning]))
    return np.asarray(found)


def _direction(rows: FloatMatrix) -> FloatMatrix:
    mean = rows.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), dtype=np.float32)


def _unit_variance(rows: FloatMatrix) -> FloatMatrix:
    """Return rows centred and scaled so that their summed variance is 1: halves weigh alike."""
    centred = rows - rows.mean(axis=0)
    return np.asarray(centred / max(float(np.sqrt(centred.var(axis=0).sum())), 1e-9))


def _settled(positions: FloatMatrix, coarse: Labels) -> Labels:
    """Return the labels with noise joined to the coarse cluster that surrounds it."""
    from sklearn.neighbors import KDTree

    open_rows = np.flatnonzero(coarse == NOISE)
    inside = np.flatnonzero(coarse != NOISE)
    if not len(open_rows):
        return coarse
    count = min(SURROUNDINGS, len(inside))
    around = KDTree(positions[inside]).query(positions[open_rows], k=count)[1]
    votes = coarse[inside][around]
    agreed = np.array([np.bincount(row).argmax() for row in votes], dtype=np.int16)
    share = (votes == agreed[:, None]).mean(axis=1)
    settled = coarse.copy()
    settled[open_rows] = np.where(share >= ONE_MIND, agreed, NOISE)
    return settled


def _by_size(labels: NDArray[np.integer]) -> Labels:
    """Return the labels renumbered from the largest cluster to the smallest; noise stays."""
    sizes = np.bincount(labels[labels >= 0])
    order = np.argsort(-sizes, kind="stable")
    numbers = np.empty(len(sizes) + 1, dtype=np.int16)
    numbers[order] = np.arange(len(sizes))
    numbers[-1] = NOISE  # where label -1 points to
    return np.asarray(numbers[labels])
