"""Which pairs are worth an exact look.

Responsible for candidates by name, by MinHash and by vector. Must not decide anything: every
proposed pair gets its exact values elsewhere.

**Text.** Signatures of 128 permutations in 32 bands of 4 rows: two bodies with Jaccard s meet
in a bucket with probability 1 - (1 - s**4)**32:

    s           0.4    0.5    0.6    0.65   0.7    0.8
    proposed    56%    87%    98.8%  99.8%  99.98% 100%

so at the threshold of 0.6 itself 1.2% are missed, and fewer above. Measured against all
4,498,500 pairs of 3,000 skills: of 10,730 pairs above 0.6 with nothing discounted 99.83% are
proposed (0.17% missed, all of them below 0.65), of the 385 left after the discount all. Below
0.6 what is found is a bonus: at 0.4 to 0.5 about every second pair.

A skill with boilerplate is filed twice, with and without it. Two skills that are both mostly
boilerplate are proposed by what is left only: otherwise a template of a thousand skills would
propose half a million pairs which the discount then turns down.

**Embedding.** Each skill's nearest neighbours by FAISS: exactly up to `FLAT_ROWS`, by an
inverted file beyond. `measured_recall` tells what that finds: of a pool of 20,121 skills all
11,368 pairs above 0.80, of 80,000 (that pool and turned copies of its vectors) all neighbours
above 0.92 of 500 skills.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.atoms import IntVector, ranges
from skillrouter_core.dedup.shingles import mix64
from skillrouter_core.dedup.signatures import EMPTY, PERMUTATIONS, SCHEME, SEED, SignatureMatrix

FloatMatrix = NDArray[np.float32]

BANDS, BAND_ROWS = 32, 4
PARTS = 4
"""The bands are filed a quarter at a time: datasketch's tables take 400 bytes a bucket."""

STRIPPED_SHARE = 0.1
"""From this share of boilerplate on, a skill is filed a second time without it."""

HEAVY_SHARE = 0.3
"""From this share of boilerplate on, a skill meets its like only by what is left."""

FLAT_ROWS = 10_000
"""Up to here every vector is compared with every other: 1 s on one core at 384 dimensions."""

LISTS_PER_ROOT, PROBES = 4, 24
"""Beyond, lists = 4 * sqrt(rows), of which this many are searched."""


RECALL_SAMPLE = 500


@dataclass(frozen=True, slots=True)
class Found:
    """Proposed pairs as ascending, distinct codes `a * rows + b` with a < b.

    `capped` counts the skills or buckets that a cap kept from being compared in full.
    """

    codes: IntVector
    capped: int = 0


def code(a: IntVector, b: IntVector, rows: int) -> IntVector:
    """Return the codes of pairs, whatever the order of their rows."""
    codes: IntVector = np.minimum(a, b) * np.int64(rows) + np.maximum(a, b)
    return codes


def by_key(keys: IntVector, bucket_rows: int) -> Found:
    """Propose rows that share a key [rows]; a negative one is no key."""
    keyed = np.flatnonzero(keys >= 0)
    order = keyed[np.argsort(keys[keyed], kind="stable")]
    _, sizes = np.unique(keys[keyed], return_counts=True)
    return _paired(
        _Buckets(order, sizes), np.ones(len(keys), dtype=np.bool_), len(keys), bucket_rows
    )


def by_equal_sets(full: SignatureMatrix, sizes: IntVector, bucket_rows: int) -> Found:
    """Propose bodies of equal signature and size: those with the same trigrams are among them."""
    halves = np.ascontiguousarray(full).view(np.uint64)
    places = mix64(np.arange(halves.shape[1], dtype=np.uint64))
    sums = mix64(halves + places).sum(axis=1) + mix64(sizes.astype(np.uint64))
    keys = np.unique(sums, return_inverse=True)[1].astype(np.int64)
    keys[sizes == 0] = -1
    return by_key(keys, bucket_rows)


def by_minhash(
    full: SignatureMatrix,
    stripped: SignatureMatrix,
    stripped_rows: IntVector,
    heavy: NDArray[np.bool_],
    bucket_rows: int,
) -> Found:
    """Propose bodies whose signatures meet in a band.

    `full` [rows, permutations] are the signatures of whole bodies; `stripped` those of
    `stripped_rows` without boilerplate; `heavy` marks mostly-boilerplate rows.
    """
    rows = len(full)
    filed = np.concatenate([full, stripped])
    owner = np.concatenate([np.arange(rows), stripped_rows])
    silent = np.concatenate([heavy, np.zeros(len(stripped), dtype=np.bool_)])
    parts = [Found(np.empty(0, dtype=np.int64))]
    for buckets in _buckets(filed, silent):
        entries = _paired(buckets, ~silent, len(filed), bucket_rows)
        a, b = owner[entries.codes // len(filed)], owner[entries.codes % len(filed)]
        parts = [union([*parts, Found(code(a, b, rows)[a != b], entries.capped)])]
    return parts[0]


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Entries bucket by bucket; `sizes` says how many each holds."""

    entries: IntVector
    sizes: IntVector


def _buckets(filed: SignatureMatrix, silent: NDArray[np.bool_]) -> Iterator[_Buckets]:
    """Yield, band by band, every bucket of two or more entries, its silent ones last."""
    from datasketch import LeanMinHash, MinHashLSH  # here: it takes scipy along

    width = PERMUTATIONS // PARTS
    for part in range(PARTS):
        lsh = MinHashLSH(num_perm=width, params=(BANDS // PARTS, BAND_ROWS))
        columns = np.ascontiguousarray(filed[:, part * width : (part + 1) * width])
        for entry in np.flatnonzero(_meeting(columns)).tolist():
            signature = LeanMinHash(seed=SEED, hashvalues=columns[entry], scheme=SCHEME)
            lsh.insert(entry, signature, check_duplication=False)
        for table in lsh.hashtables:
            shared = [bucket for bucket in map(table.get, table.keys()) if len(bucket) > 1]
            sizes = np.array([len(bucket) for bucket in shared], dtype=np.int64)
            entries = np.fromiter(chain.from_iterable(shared), dtype=np.int64, count=sizes.sum())
            number = np.repeat(np.arange(len(sizes)), sizes)
            yield _Buckets(entries[np.lexsort((entries, silent[entries], number))], sizes)


def _meeting(columns: SignatureMatrix) -> NDArray[np.bool_]:
    """Return which rows share a band with another; the others need not be filed to be alone."""
    found = np.zeros(len(columns), dtype=np.bool_)
    filled = (columns != EMPTY).any(axis=1)
    for start in range(0, columns.shape[1], BAND_ROWS):
        band = np.ascontiguousarray(columns[:, start : start + BAND_ROWS]).view(np.uint64)
        keys = mix64(mix64(band[:, 0]) + band[:, 1])
        order = np.argsort(keys)
        equal = keys[order[1:]] == keys[order[:-1]]
        found[order[1:][equal]] = found[order[:-1][equal]] = True
    return np.asarray(found & filled)


def by_vector(vectors: FloatMatrix, neighbours: int, floor: float) -> Found:
    """Propose each row's nearest `neighbours` whose cosine exceeds `floor`.

    `capped` counts the rows whose farthest neighbour asked for still exceeds it.
    """
    import faiss  # here: most processes never search vectors

    rows = len(vectors)
    depth = min(neighbours + 1, rows)
    matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    if rows <= FLAT_ROWS:
        scores, near = faiss.knn(matrix, matrix, depth, metric=faiss.METRIC_INNER_PRODUCT)
    else:
        scores, near = inverted_file(matrix).search(matrix, depth)
    first = np.repeat(np.arange(rows, dtype=np.int64), depth).reshape(rows, depth)
    wanted = (scores > floor) & (near >= 0) & (near != first)
    codes = np.unique(code(first[wanted], near[wanted].astype(np.int64), rows))
    capped = int(np.count_nonzero(scores[:, -1] > floor)) if depth < rows else 0
    return Found(codes, capped)


def inverted_file(matrix: FloatMatrix) -> Any:
    """Return FAISS's inverted file over unit rows, trained on a sample of them."""
    import faiss  # here: most processes never search vectors

    rows, width = matrix.shape
    lists = int(LISTS_PER_ROOT * rows**0.5)
    index = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, lists, faiss.METRIC_INNER_PRODUCT)
    index.cp.seed, index.cp.niter = 1, 5
    index.cp.min_points_per_centroid, index.cp.max_points_per_centroid = 16, 64
    index.train(matrix)
    index.add(matrix)
    index.nprobe = PROBES
    return index


def measured_recall(vectors: FloatMatrix, floor: float, *, sample: int = RECALL_SAMPLE) -> float:
    """Return the share of neighbours above `floor` that the inverted file finds.

    Looked at for `sample` rows spread over all, whose cosines with every row are computed.
    """
    matrix = np.ascontiguousarray(vectors, dtype=np.float32)
    index = inverted_file(matrix)
    chosen = np.linspace(0, len(matrix) - 1, num=min(sample, len(matrix)), dtype=np.int64)
    found = wanted = 0
    for row in chosen.tolist():
        truth = np.flatnonzero(matrix @ matrix[row] > floor)
        _, near = index.search(matrix[row : row + 1], len(truth) + 1)
        found += len(np.intersect1d(near[0], truth))
        wanted += len(truth)
    return found / wanted if wanted else 1.0


def union(parts: Sequence[Found]) -> Found:
    """Return everything any of the parts proposes."""
    codes = np.unique(np.concatenate([part.codes for part in parts]))
    return Found(codes, sum(part.capped for part in parts))


def _paired(buckets: _Buckets, loud: NDArray[np.bool_], rows: int, most: int) -> Found:
    """Pair each loud entry with those after it in its bucket, at most `most` of them."""
    ends = np.cumsum(buckets.sizes)
    places = np.arange(len(buckets.entries))
    speaks = loud[buckets.entries]
    after = np.where(speaks, np.repeat(ends, buckets.sizes) - places - 1, 0)
    partners = np.minimum(after, most)
    first = np.repeat(buckets.entries, partners)
    second = buckets.entries[ranges(places + 1, partners)]
    codes: IntVector = np.unique(code(first, second, rows))
    capped = np.count_nonzero(after[ends - buckets.sizes] > most) if len(ends) else 0
    return Found(codes, int(capped))
