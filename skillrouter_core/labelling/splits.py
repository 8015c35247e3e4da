"""Which queries may be trained on and which only measured with.

Responsible for the split of a query by its text alone: the same text is always on the same
side, whoever adds it and whenever. Must not know what else is said of a query.
"""

from __future__ import annotations

import hashlib

from skillrouter_core.records import Split

HELD_OUT_PERCENT = 20
"""Of a hundred queries, how many are held out; database version 0004 was filled with it."""


def split_of(text: str) -> Split:
    """Return the side of a query whose text nobody declared a benchmark's."""
    digest = hashlib.sha256(text.strip().encode("utf-8", "replace")).hexdigest()
    return Split.HELD_OUT if int(digest[:8], 16) % 100 < HELD_OUT_PERCENT else Split.TRAIN
