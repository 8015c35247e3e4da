"""All bodies of a catalog side by side: what they share, and which are worth comparing.

Responsible for joining texts, boilerplate and MinHash into the text layer's proposals. Must not
know names, vectors or what is kept of a pair.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skillrouter_core.dedup.atoms import merge
from skillrouter_core.dedup.boilerplate import (
    NO_SOURCE,
    Boilerplate,
    Marked,
    boilerplate,
    mark,
    strip,
)
from skillrouter_core.dedup.proposals import HEAVY_SHARE, STRIPPED_SHARE, Found, by_minhash
from skillrouter_core.dedup.signatures import signatures
from skillrouter_core.dedup.texts import Prepared
from skillrouter_core.dedup.values import Overlaps, columns


@dataclass(frozen=True, slots=True)
class Bodies:
    """Prepared texts by row, with their sources, the boilerplate of those and all overlaps."""

    texts: Prepared
    sources: tuple[str, ...]
    boilerplate: Boilerplate
    overlaps: Overlaps


def gather_bodies(texts: Prepared, sources: Sequence[str], boilerplate_skills: int) -> Bodies:
    """Return the texts with what they share; `sources` are by row.

    A trigram in `boilerplate_skills` skills of a source is boilerplate.
    """
    shared = merge(texts.bags)
    names = sorted(set(sources))
    number = {name: place for place, name in enumerate(names)}
    marked = mark(shared, columns(sources, number), boilerplate_skills)
    found = boilerplate(shared, marked, names)
    numbered = found.columns
    kept = np.array([numbered.get(name, NO_SOURCE) for name in names], dtype=np.int64)
    column_of = columns(sources, numbered)
    overlaps = Overlaps(
        shared, Marked(marked.atoms, kept[marked.sources]), column_of, texts.bags.sizes
    )
    return Bodies(texts, tuple(sources), found, overlaps)


def alike_bodies(bodies: Bodies, bucket_rows: int) -> Found:
    """Propose the bodies that MinHash takes for alike, with or without their boilerplate."""
    bags = bodies.texts.bags
    share = bodies.overlaps.flagged / np.maximum(bags.sizes, 1)
    partly = np.flatnonzero(share >= STRIPPED_SHARE)
    rest = strip(bags, partly, bodies.sources, bodies.boilerplate)
    heavy = share >= HEAVY_SHARE
    return by_minhash(bodies.texts.signatures, signatures(rest), partly, heavy, bucket_rows)
