"""Texts to sets of trigrams, each trigram a stable 64-bit number.

Responsible for what a word is, for the hash of a trigram and for keeping many sets in two
arrays. Must not know which texts are compared, or why.

Words are what blanks separate in the lower-cased text; a character of a script written without
blanks (Chinese, Japanese, Thai, ...) is a word of its own, so such text falls into trigrams of
characters. Text beyond ASCII is normalised (NFKC) first.

The hash of a trigram is a polynomial of the bytes of "word word word" modulo 2**64, mixed; all
of a text's come from one running sum, without a loop over words. It depends on the text alone,
not on the process or the machine. Two trigrams that nobody built for it share a number about
once in 2**64; a pair built to collide needs words of some 2,000 characters.
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

# First and last character of the ranges written without blanks: Thai and Lao, Burmese, Khmer,
# kana and ideographs (Hangul has blanks), half-width kana, ideographs of the planes above.
_UNSPACED_RANGES = (
    (0x0E00, 0x0EFF), (0x1000, 0x109F), (0x1780, 0x17FF), (0x3040, 0x30FF), (0x31F0, 0x31FF),
    (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0xFF66, 0xFF9F), (0x20000, 0x323AF),
)  # fmt: skip
_UNSPACED = re.compile(
    "([" + "".join(f"{chr(first)}-{chr(last)}" for first, last in _UNSPACED_RANGES) + "])"
)
_BASE = 0x9E3779B97F4A7C15
_BLANK = 32
_FIRST_POWERS = 1 << 16


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


def plain(text: str) -> str:
    """Return a text in lower case, normalised (NFKC) where it goes beyond ASCII."""
    if text.isascii():
        return text.lower()
    return unicodedata.normalize("NFKC", text).lower()


def words(text: str) -> list[str]:
    """Return the words of a text in order."""
    return _words(plain(text))


class Shingler:
    """Turns texts into sets of trigrams."""

    def __init__(self, kind: Kind = "word") -> None:
        """Choose trigrams of words or of characters."""
        self.kind: Kind = kind
        self._powers, self._inverses = _powers(_FIRST_POWERS)

    def shingle(self, text: str) -> GramVector:
        """Return the trigrams of a text, ascending and distinct.

        A text of one or two words (characters) is one shingle; a text of none has none.
        """
        return self.shingle_plain(plain(text))

    def shingle_plain(self, text: str) -> GramVector:
        """Return the trigrams of a text that `plain` has been applied to."""
        joined = " ".join(_words(text) if self.kind == "word" else text.split())
        if not joined:
            return np.empty(0, dtype=np.uint64)
        if self.kind == "char":
            return _distinct(self._of_characters(joined))
        return _distinct(self._of_words(joined))

    def shingle_all(self, texts: Iterable[str]) -> Bags:
        """Return the sets of many texts."""
        return pack([self.shingle(text) for text in texts])

    def _of_words(self, joined: str) -> GramVector:
        """Return the trigrams of words with one blank between."""
        units = np.frombuffer(joined.encode("utf-8", "surrogatepass"), dtype=np.uint8)
        blanks = np.flatnonzero(units == _BLANK)
        starts = np.concatenate([[0], blanks + 1])
        ends = np.append(blanks, len(units))
        width = min(GRAM, len(starts))
        return self._hashes(_BYTES[units], starts[: len(starts) - width + 1], ends[width - 1 :])

    def _of_characters(self, joined: str) -> GramVector:
        codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype="<u4")
        width = min(GRAM, len(codes))
        starts = np.arange(len(codes) - width + 1)
        return self._hashes(mix64(codes.astype(np.uint64) + np.uint64(1)), starts, starts + width)

    def _hashes(self, units: GramVector, starts: OffsetVector, ends: OffsetVector) -> GramVector:
        """Return a hash of each range of units, from the difference of two running sums."""
        if len(units) > len(self._powers):
            self._powers, self._inverses = _powers(2 * len(units))
        sums = np.zeros(len(units) + 1, dtype=np.uint64)
        np.cumsum(units * self._powers[: len(units)], out=sums[1:])
        return mix64((sums[ends] - sums[starts]) * self._inverses[starts])


def _words(text: str) -> list[str]:
    if not text.isascii() and _has_unspaced(text):
        text = " ".join(_UNSPACED.split(text))
    return text.split()


def _has_unspaced(text: str) -> bool:
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype="<u4")
    return bool(_UNSPACED_TABLE[np.minimum(codes, len(_UNSPACED_TABLE) - 1)].any())


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
    kept = np.ones(len(ordered), dtype=np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=kept[1:])
    return ordered[kept]


def _powers(length: int) -> tuple[GramVector, GramVector]:
    """Return base**0, base**1, ... modulo 2**64, and their inverses."""
    found = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        factors = np.full(length, base, dtype=np.uint64)
        factors[0] = 1
        found.append(np.multiply.accumulate(factors))
    return found[0], found[1]


def _byte_values() -> GramVector:
    """Return a 64-bit number for each byte, without which short sums would stay small."""
    digests = (blake2b(bytes([byte]), digest_size=8).digest() for byte in range(256))
    return np.frombuffer(b"".join(digests), dtype="<u8").astype(np.uint64)


def _unspaced_table() -> NDArray[np.bool_]:
    table = np.zeros(_UNSPACED_RANGES[-1][1] + 2, dtype=np.bool_)
    for first, last in _UNSPACED_RANGES:
        table[first : last + 1] = True
    return table


_BYTES = _byte_values()
_UNSPACED_TABLE = _unspaced_table()
