"""Scans made by hand: a few skills and the pairs between them, no texts needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.records import DuplicatePair, Thresholds


def pair(
    a: str = "a",
    b: str = "b",
    *,
    jaccard: float = 0.0,
    cosine: float | None = None,
    same_name: bool = False,
    raw_jaccard: float | None = None,
    shared_boilerplate: float = 0.0,
    set_apart: bool = False,
) -> DuplicatePair:
    """Return a pair that no layer finds unless told otherwise."""
    raw = jaccard if raw_jaccard is None else raw_jaccard
    return DuplicatePair(a, b, same_name, jaccard, raw, cosine, shared_boilerplate, set_apart)


def table(pairs: Sequence[tuple[int, int, DuplicatePair]]) -> PairTable:
    """Return the records as columns; the ids of the records do not matter."""
    values = [each for _, _, each in pairs]
    cosines = [np.nan if each.cosine is None else each.cosine for each in values]
    return PairTable(
        np.array([a for a, _, _ in pairs], dtype=np.int32),
        np.array([b for _, b, _ in pairs], dtype=np.int32),
        np.array([each.same_name for each in values], dtype=np.bool_),
        np.array([each.jaccard for each in values], dtype=np.float32),
        np.array([each.raw_jaccard for each in values], dtype=np.float32),
        np.array(cosines, dtype=np.float32),
        np.array([each.shared_boilerplate for each in values], dtype=np.float32),
        np.array([each.set_apart for each in values], dtype=np.bool_),
    )


def scan_of(
    count: int,
    pairs: Mapping[tuple[int, int], float | DuplicatePair],
    *,
    ids: Sequence[str] = (),
    names: Sequence[str] = (),
    sources: Sequence[str] = (),
    hashes: Sequence[str] = (),
    chars: int = 1000,
    notes: tuple[str, ...] = (),
) -> Scan:
    """Return a scan of `count` skills; a number for a pair is its Jaccard."""
    listed = [
        (a, b, value if isinstance(value, DuplicatePair) else pair(jaccard=value))
        for (a, b), value in sorted(pairs.items())
    ]
    return Scan(
        ids=tuple(ids) or tuple(f"cat/skill-{row:03d}" for row in range(count)),
        hashes=tuple(hashes) or tuple(f"hash-{row}" for row in range(count)),
        names=tuple(names) or tuple(f"skill {row}" for row in range(count)),
        sources=tuple(sources) or ("here",) * count,
        chars=np.full(count, chars, dtype=np.int64),
        pairs=table(listed),
        floors=Thresholds(0.4, 0.8),
        seconds={"pairs": 1.5, "names": 0.5},
        notes=notes,
    )
