"""What a scan needs of each text, kept by content hash.

Responsible for the trigrams, the signature and the negations of texts on disk, so that no text
is prepared twice. Must not know what they are compared for.

A batch of new texts becomes one file `texts-*.bin` that never changes: written beside, forced
to disk, then renamed. Every text carries a checksum. A file cut short is passed over, and a
text whose checksum differs counts as missing; both are then prepared again.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.files import remove_abandoned, write_whole
from skillrouter_core.dedup.negations import NEGATIONS_VERSION, clauses, cut
from skillrouter_core.dedup.shingles import (
    SHINGLES_VERSION,
    Bags,
    GramVector,
    Kind,
    Shingler,
    pack,
    plain,
)
from skillrouter_core.dedup.signatures import PERMUTATIONS, SignatureMatrix, signatures
from skillrouter_core.errors import IndexNotReadyError
from skillrouter_core.records import Skill

FORMAT = 1
"""Goes up when the layout of a file changes."""

MAX_FILES = 24
"""With more files than this, or more dead than living texts, all is written anew as one."""

ABANDONED_SECONDS = 3600.0
"""A half-written file this old belongs to no running process."""

_MAGIC = np.frombuffer(f"SRTEXT{FORMAT:02d}".encode(), dtype=np.uint8)
_INDEX = np.dtype(
    [
        ("key", "V32"),
        ("gram_start", "<i8"),
        ("gram_count", "<i8"),
        ("stated_start", "<i8"),
        ("stated_count", "<i8"),
        ("cut", "<i4"),
        ("crc", "<u4"),
        ("signature", "<u4", (PERMUTATIONS,)),
    ]
)
_HEADER = 8 + 3 * 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """Texts ready to be compared, row by row.

    `stated` are the normalised clauses that say what a skill is not for, `cut` counts those
    left out of the body's trigrams.
    """

    bags: Bags
    signatures: SignatureMatrix
    stated: tuple[str, ...]
    cut: NDArray[np.int64]


def prepare(
    skills: Sequence[Skill], shingler: Shingler, each: Callable[[], object] = lambda: None
) -> Prepared:
    """Return the texts of skills ready to be compared: bodies without negating clauses.

    `each` is called after each text; what it raises ends the work.
    """
    rows, counts, stated = [], [], []
    for skill in skills:
        body = plain(skill.body)
        kept, count = cut(body)
        rows.append(shingler.shingle_plain(kept))
        counts.append(count)
        stated.append(clauses(plain(skill.description), body))
        each()
    bags = pack(rows)
    return Prepared(bags, signatures(bags), tuple(stated), np.array(counts, dtype=np.int64))


class TextStore:
    """The prepared texts of one kind of shingles; not to be shared between threads."""

    def __init__(self, cache: Path, kind: Kind) -> None:
        """Open the store below `cache`, which need not exist yet."""
        self._folder = cache / f"{kind}-{SHINGLES_VERSION}.{NEGATIONS_VERSION}.{FORMAT}"
        self._files: list[_File] = []
        self._place: dict[bytes, tuple[int, int]] = {}
        for path in sorted(self._folder.glob("texts-*.bin")):
            self._attach(path)

    def missing(self, hashes: Sequence[str]) -> list[int]:
        """Return the positions of hashes without a sound text; of equal hashes only the first."""
        seen: set[bytes] = set()
        found = []
        for position, key in enumerate(map(bytes.fromhex, hashes)):
            if key in seen:
                continue
            seen.add(key)
            if not self._sound(key):
                found.append(position)
        return found

    def gather(self, hashes: Sequence[str]) -> Prepared:
        """Return the texts of `hashes`, row by row; raise IndexNotReadyError if one is missing."""
        places = []
        for value in hashes:
            place = self._place.get(bytes.fromhex(value))
            if place is None:
                raise IndexNotReadyError(
                    f"the text {value[:12]} is no longer prepared; scan for duplicates again"
                )
            places.append((self._files[place[0]], place[1]))
        signed = np.empty((len(places), PERMUTATIONS), dtype=np.uint32)
        for row, (file, record) in enumerate(places):
            signed[row] = file.index["signature"][record]
        return Prepared(
            pack([file.grams_of(record) for file, record in places]),
            signed,
            tuple(file.stated_of(record).decode() for file, record in places),
            np.array([file.index["cut"][record] for file, record in places], dtype=np.int64),
        )

    def append(self, hashes: Sequence[str], texts: Prepared) -> None:
        """Write texts as one more file; on return they are on disk.

        Raises WorkspaceError where the folder cannot be written.
        """
        if not hashes:
            return
        path = self._folder / f"texts-{time.time_ns():020d}-{uuid4().hex[:6]}.bin"
        write_whole(path, lambda file: _write(file, hashes, texts))
        self._attach(path)

    def tidy(self, living: Sequence[str]) -> None:
        """Write all anew as one file where files or dead texts have piled up."""
        remove_abandoned(self._folder, "texts-*", ABANDONED_SECONDS, time.time())
        wanted = list(dict.fromkeys(living))
        stored = sum(len(file.index) for file in self._files)
        if len(self._files) <= MAX_FILES and stored <= 2 * len(wanted):
            return
        old = self._files
        texts = self.gather(wanted)
        self._files, self._place = [], {}
        self.append(wanted, texts)
        for file in old:
            file.path.unlink(missing_ok=True)

    def _attach(self, path: Path) -> None:
        file = _read(path)
        if file is None:
            return
        self._files.append(file)
        for record, key in enumerate(file.index["key"].tolist()):
            self._place[key] = (len(self._files) - 1, record)

    def _sound(self, key: bytes) -> bool:
        place = self._place.get(key)
        if place is None:
            return False
        file, record = self._files[place[0]], place[1]
        return file.checksum(record) == int(file.index["crc"][record])


@dataclass(frozen=True, slots=True)
class _File:
    """One mapped file: its index, and what the index points into."""

    path: Path
    index: NDArray[Any]
    grams: GramVector
    stated: NDArray[np.uint8]

    def grams_of(self, record: int) -> GramVector:
        start = self.index["gram_start"][record]
        return self.grams[start : start + self.index["gram_count"][record]]

    def stated_of(self, record: int) -> bytes:
        start = self.index["stated_start"][record]
        return self.stated[start : start + self.index["stated_count"][record]].tobytes()

    def checksum(self, record: int) -> int:
        """Return the CRC-32 over everything stored for a text."""
        row = self.index[record]
        parts = (bytes(row["key"]), row["cut"].tobytes(), self.grams_of(record).tobytes())
        total = 0
        for part in (*parts, row["signature"].tobytes(), self.stated_of(record)):
            total = zlib.crc32(part, total)
        return total


def _write(file: BinaryIO, hashes: Sequence[str], texts: Prepared) -> None:
    blobs = [stated.encode() for stated in texts.stated]
    index = np.zeros(len(hashes), dtype=_INDEX)
    index["key"] = np.frombuffer(b"".join(map(bytes.fromhex, hashes)), dtype="V32")
    index["gram_start"], index["gram_count"] = texts.bags.offsets[:-1], texts.bags.sizes
    lengths = np.array([len(blob) for blob in blobs], dtype=np.int64)
    index["stated_start"], index["stated_count"] = np.cumsum(lengths) - lengths, lengths
    index["cut"], index["signature"] = texts.cut, texts.signatures
    blob = np.frombuffer(b"".join(blobs), dtype=np.uint8)
    whole = _File(Path(), index, texts.bags.values, blob)
    index["crc"] = [whole.checksum(record) for record in range(len(index))]
    file.write(_MAGIC.tobytes())
    file.write(np.array([len(index), len(texts.bags.values), len(blob)], dtype="<i8").tobytes())
    for part in (index, texts.bags.values, blob):
        file.write(part.tobytes())


def _read(path: Path) -> _File | None:
    """Return a mapped file, None where it is not whole or has gone."""
    try:
        if path.stat().st_size < _HEADER:
            return None
        # As a plain array: a memmap checks itself at every access.
        raw = np.memmap(path, dtype=np.uint8, mode="r").view(np.ndarray)
    except FileNotFoundError:  # another process tidied up
        return None
    records, grams, blob = raw[8:_HEADER].view("<i8").tolist()
    ends = np.cumsum([_HEADER, records * _INDEX.itemsize, grams * 8, blob])
    sound = min(records, grams, blob) >= 0 and ends[-1] == len(raw)
    if not sound or not np.array_equal(raw[:8], _MAGIC):
        return None
    return _File(
        path,
        raw[ends[0] : ends[1]].view(_INDEX),
        raw[ends[1] : ends[2]].view("<u8"),
        raw[ends[2] : ends[3]],
    )
