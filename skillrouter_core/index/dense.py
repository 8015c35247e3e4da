"""Nearest rows by cosine: exactly for catalogs, by a graph beyond.

Responsible for one matrix of unit rows: searching it, scoring named rows, saving
and mapping it. Must not know what a row stands for.

Exact search is FAISS's flat inner product straight over the mapped file, so
processes share one copy: 6 ms a query for 80,000 rows of 384 on one core, where
numpy's product takes 11. Beyond `EXACT_ROWS` an HNSW graph proposes and the exact
cosine orders.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.errors import IndexNotReadyError, WorkspaceError

FloatVector = NDArray[np.float32]
FloatMatrix = NDArray[np.float32]
IntVector = NDArray[np.int64]

EXACT_ROWS = 300_000
"""Up to here search is exact: about 25 ms a query at 384 dimensions on one core."""

GRAPH_LINKS = 32
GRAPH_BUILD_BREADTH = 200
GRAPH_SEARCH_BREADTH = 400
"""HNSW's M, efConstruction and efSearch; the last must exceed the 200 rows stage 1 asks for."""

RECALL_SAMPLE = 200
RECALL_DEPTH = 20
"""Recall is measured on so many rows as queries, over so many neighbours."""


class DenseIndex:
    """Unit float32 rows [n, d], searched by cosine; safe to share between threads."""

    def __init__(self, matrix: FloatMatrix, graph: Any = None) -> None:
        """Wrap unit rows, and the FAISS graph over them where there is one."""
        self.matrix, self._graph = matrix, graph

    @classmethod
    def build(cls, matrix: FloatMatrix, *, exact_rows: int = EXACT_ROWS) -> DenseIndex:
        """Return the index of `matrix`; beyond `exact_rows` rows this builds a graph."""
        rows: FloatMatrix = np.ascontiguousarray(matrix, dtype=np.float32)
        if len(rows) <= exact_rows:
            return cls(rows)
        import faiss  # here: most processes never search vectors

        graph = faiss.IndexHNSWFlat(rows.shape[1], GRAPH_LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = GRAPH_BUILD_BREADTH
        graph.hnsw.efSearch = GRAPH_SEARCH_BREADTH
        graph.add(rows)
        return cls(rows, graph)

    @property
    def exact(self) -> bool:
        """Whether search misses nothing."""
        return self._graph is None

    @property
    def dimension(self) -> int:
        """The length of a vector."""
        return int(self.matrix.shape[1])

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.matrix)

    def search(self, vector: FloatVector, k: int) -> tuple[IntVector, FloatVector]:
        """Return the `k` rows nearest to a unit `vector` [d] and their cosines, best first.

        Equal cosines are ordered by row. Fewer than `k` come back where there are fewer rows.
        """
        k = min(k, len(self))
        query = self._query(vector)
        if k <= 0:
            return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
        import faiss  # here: most processes never search vectors

        if self._graph is None:
            _, found = faiss.knn(query, self.matrix, k, metric=faiss.METRIC_INNER_PRODUCT)
        else:
            _, found = self._graph.search(query, k)
        rows = np.sort(found[0][found[0] >= 0]).astype(np.int64)
        scores = self.scores(vector, rows)
        order = np.argsort(-scores, kind="stable")
        return rows[order], scores[order]

    def scores(self, vector: FloatVector, rows: IntVector) -> FloatVector:
        """Return the exact cosines [len(rows)] of a unit `vector` [d] with named rows."""
        query = self._query(vector)[0]
        scores: FloatVector = np.einsum("ij,j->i", self.matrix[rows], query)
        return scores

    def nearest(self, row: int, k: int) -> tuple[IntVector, FloatVector]:
        """Return the `k` rows nearest to `row`, itself left out, and their cosines."""
        rows, scores = self.search(np.asarray(self.matrix[row]), k + 1)
        others = rows != row
        return rows[others][:k], scores[others][:k]

    def save(self, matrix_path: Path, graph_path: Path) -> None:
        """Write the rows as .npy, and the graph where there is one, each file in one step."""
        fresh = matrix_path.with_name(f"{matrix_path.name}.{os.getpid()}.new")
        with fresh.open("wb") as file:
            np.save(file, self.matrix, allow_pickle=False)
        fresh.replace(matrix_path)
        if self._graph is None:
            return
        import faiss  # here: most processes never search vectors

        fresh = graph_path.with_name(f"{graph_path.name}.{os.getpid()}.new")
        faiss.write_index(self._graph, str(fresh))
        fresh.replace(graph_path)

    @classmethod
    def load(cls, matrix_path: Path, graph_path: Path | None = None) -> DenseIndex:
        """Return the saved index, its rows mapped; raise WorkspaceError where damaged."""
        try:
            matrix = np.load(matrix_path, mmap_mode="r", allow_pickle=False)
            if graph_path is None:
                return cls(matrix)
            import faiss  # here: most processes never search vectors

            return cls(matrix, faiss.read_index(str(graph_path)))
        except (OSError, ValueError, RuntimeError) as error:
            raise WorkspaceError(
                f"{matrix_path}: vectors damaged ({error}); delete the numbered folder it lies in "
                "and run `skillrouter index`"
            ) from error

    def _query(self, vector: FloatVector) -> FloatMatrix:
        query = np.ascontiguousarray(vector, dtype=np.float32).reshape(1, -1)
        if query.shape[1] != self.dimension:
            raise IndexNotReadyError(
                f"query vector of {query.shape[1]} numbers, the index holds {self.dimension}: it "
                "was made by another model; run `skillrouter index` with this profile"
            )
        return query


def measured_recall(
    index: DenseIndex, *, sample: int = RECALL_SAMPLE, depth: int = RECALL_DEPTH
) -> float:
    """Return the share of the exact `depth` nearest that search finds, over sampled rows."""
    exact = DenseIndex(index.matrix)
    chosen = np.linspace(0, len(index) - 1, num=min(sample, len(index)), dtype=np.int64)
    found = wanted = 0
    for row in chosen:
        truth, _ = exact.search(index.matrix[row], depth)
        rows, _ = index.search(index.matrix[row], depth)
        found += len(np.intersect1d(truth, rows))
        wanted += len(truth)
    return found / wanted if wanted else 1.0
