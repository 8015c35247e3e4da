"""Texts to sets of trigrams, each trigram a stable 64-bit number.

Responsible for what a word is, for the hash of a trigram and for keeping many sets in two
arrays. Must not know which texts are compared, or why.

Words are what blanks separate in the lower-cased text; a character of a script written without
blanks (Chinese, Japanese, Thai, ...) is a word of its own, so such text falls into trigrams of
characters. Text beyond ASCII is normalised (NFKC) first. The numbers depend on the text alone,
not on the process or the machine; two trigrams share one by chance only once in 2**64.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Kind = Literal["word", "char"]
GramVector = NDArray[np.uint64]
OffsetVector = NDArray[np.int64]

SHINGLES_VERSION = 1
"""Goes up whenever a text may get other trigrams: sets of another version are made anew."""

GRAM = 3
"""Words (or characters) in a shingle; PAPER section "Training" compares trigrams."""

MAX_CACHED_WORDS = 2_000_000
"""Beyond so many different spellings their hashes are computed again (about 250 MB)."""

_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf"
    "\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U000323af]"
)
# Odd, so that multiplying by them loses nothing; different, so that order matters.
_FACTORS = np.array([0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9], dtype=np.uint64)


@dataclass(frozen=True, slots=True)
class Bags:
    """Sets of trigrams: row i is `values[offsets[i] : offsets[i + 1]]`, ascending and distinct."""

    values: GramVector
    offsets: OffsetVector

    def __len__(self) -> int:
        """Return the number of sets."""
        return len(self.offsets) - 1

    @property
    def sizes(self) -> OffsetVector:
        """The number of trigrams of each set."""
        return np.diff(self.offsets)

    def row(self, position: int) -> GramVector:
        """Return one set."""
        return self.values[self.offsets[position] : self.offsets[position + 1]]


def pack(rows: Sequence[GramVector]) -> Bags:
    """Return ascending, distinct rows as one `Bags`."""
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    values = np.concatenate(rows) if rows else np.empty(0)
    return Bags(values.astype(np.uint64, copy=False), offsets)


def words(text: str) -> list[str]:
    """Return the words of a text in order."""
    if text.isascii():
        return text.lower().split()
    plain = unicodedata.normalize("NFKC", text).lower()
    return _UNSPACED.sub(r" \g<0> ", plain).split()


class Shingler:
    """Turns texts into sets of trigrams; remembers the hashes of words between texts."""

    def __init__(self, kind: Kind = "word") -> None:
        """Choose trigrams of words or of characters."""
        self.kind: Kind = kind
        self._hashes = _WordHashes()

    def shingle(self, text: str) -> GramVector:
        """Return the trigrams of a text, ascending and distinct.

        A text of one or two words (characters) is one shingle; a text of none has none.
        """
        units = self._characters(text) if self.kind == "char" else self._words(text)
        return _distinct(_grams(units))

    def shingle_all(self, texts: Iterable[str]) -> Bags:
        """Return the sets of many texts."""
        return pack([self.shingle(text) for text in texts])

    def _words(self, text: str) -> GramVector:
        found = words(text)
        hashes = self._hashes
        if len(hashes) > MAX_CACHED_WORDS:
            hashes.clear()
        return np.fromiter(map(hashes.__getitem__, found), dtype=np.uint64, count=len(found))

    def _characters(self, text: str) -> GramVector:
        """Return code points, runs of blanks as one, mixed so that multiplying spreads them."""
        plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
        joined = " ".join(plain.lower().split())
        encoded = joined.encode("utf-32-le", "surrogatepass")
        return mix64(np.frombuffer(encoded, dtype="<u4").astype(np.uint64) + np.uint64(1))


class _WordHashes(dict[str, int]):
    """Spelling -> 64-bit hash, computed at first sight."""

    def __missing__(self, word: str) -> int:
        digest = blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        value = int.from_bytes(digest, "little")
        self[word] = value
        return value


def _grams(units: GramVector) -> GramVector:
    if not len(units):
        return units
    if len(units) < GRAM:  # zero stands for "no word here": the number of words stays told apart
        units = np.concatenate([units, np.zeros(GRAM - len(units), dtype=np.uint64)])
    size = len(units) - GRAM + 1
    total = np.zeros(size, dtype=np.uint64)
    for place in range(GRAM):
        total += units[place : place + size] * _FACTORS[place]
    return mix64(total)


def mix64(values: GramVector) -> GramVector:
    """Return the numbers stirred by a bijection of 64 bits (the finaliser of MurmurHash3)."""
    mixed = values ^ (values >> np.uint64(33))
    mixed = mixed * np.uint64(0xFF51AFD7ED558CCD)
    mixed ^= mixed >> np.uint64(33)
    mixed *= np.uint64(0xC4CEB9FE1A85EC53)
    mixed ^= mixed >> np.uint64(33)
    return mixed


def _distinct(values: GramVector) -> GramVector:
    ordered = np.sort(values)
    if len(ordered) < 2:
        return ordered
    kept = np.empty(len(ordered), dtype=np.bool_)
    kept[0] = True
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]
