"""How many people grade a pair, and when the same person is asked again.

Responsible for the draws that decide it: by a hash of the pair, so that every process draws the
same and a larger share holds the smaller one's pairs. Must not know who has graded what so far,
nor in which order pairs come.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence

from skillrouter_core.errors import UsageError

OVERLAP_SHARE = 0.1
"""Of all pairs so many want two annotators unless set otherwise: enough to know agreement."""

REPEAT_EVERY = 50
"""After so many verdicts a person gets one pair again, which is a share of about 2%."""

REPEAT_AFTER = 50
"""So many other verdicts must lie between the two: nobody remembers the first then."""

Pair = tuple[str, str]
"""A query's key and a skill's id."""


def draw(pair: Pair, salt: str) -> float:
    """Return a number in [0, 1) that is always the same for a pair and a salt."""
    text = "\x1f".join((salt, *pair))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def wanted(pair: Pair, share: float) -> int:
    """Return how many people a pair wants: 2 for a `share` of all pairs, else 1."""
    return 2 if draw(pair, "overlap") < share else 1


def checked_share(share: float) -> float:
    """Return a share, or raise UsageError for one that is not from 0 to 1."""
    if not 0 <= share <= 1:  # refuses NaN too
        raise UsageError(f"a share of {share!r} of the pairs; give one from 0 to 1, as 0.1")
    return float(share)


def repeat(
    verdicts: Sequence[Pair],
    among: Collection[Pair],
    *,
    every: int = REPEAT_EVERY,
    after: int = REPEAT_AFTER,
) -> Pair | None:
    """Return the pair that a person is to grade a second time now, None where none is due.

    `verdicts` are the pairs this person graded, oldest first, each as often as it was; `among`
    those that may come now. One is due once `every` verdicts were given since the last second
    one; it is drawn from the pairs graded once, with `after` other verdicts since.
    """
    if len(verdicts) < max(every, after + 1):
        return None
    counts = Counter(verdicts)
    seen: set[Pair] = set()
    since = 0
    for pair in verdicts:
        since = 0 if pair in seen else since + 1
        seen.add(pair)
    if since < every:
        return None
    old = [pair for pair in verdicts[: len(verdicts) - after] if counts[pair] == 1]
    return min(
        (pair for pair in old if pair in among), key=lambda one: draw(one, "repeat"), default=None
    )
