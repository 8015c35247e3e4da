"""Vectors on disk, so that no text is embedded twice.

Responsible for one append-only file of (content hash, unit vector) records per
model and text version: what is missing, appending, gathering. Must not know
what a vector means or which model made it beyond its key.

Why it survives `kill -9` and power loss:

- A record is written at the end of the file and never changed. Half a record at
  the end is dropped on opening, by the length of the file.
- Every record carries a checksum, and every append is forced to the disk (fsync)
  before it returns, which costs milliseconds once a batch of texts that takes a
  second to embed. So only the newest append can be damaged; its records are
  checked on opening and dropped from the first bad one on.
- One process writes at a time (a lock file); readers need no lock, because what
  they have seen does not change.
"""

from __future__ import annotations

import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from skillrouter_core.errors import IndexNotReadyError, ModelError, UsageError, WorkspaceError

FloatMatrix = NDArray[np.float32]

FORMAT = 1
"""Goes up when the layout of a record changes."""

APPEND_RECORDS = 4096
"""Records forced to disk at a time, and so the most whose checksums an opening must verify."""

LOCK_SECONDS = 30.0
"""How long a second writer waits for the first before it gives up."""

UNIT_TOLERANCE = 1e-2
"""How far a row's length may be from 1: half precision models come this close."""

_KEY_BYTES = 32
_HASH = re.compile(r"[0-9a-f]{64}")


def store_folder(vectors: Path, model_key: str, text_version: str) -> Path:
    """Return the folder of one store below the workspace's `vectors` folder.

    Readable where the key is, and distinct for distinct keys whatever characters they hold.
    """
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", model_key).strip("-.")[:40]
    digest = sha256(f"{model_key}\x1f{text_version}".encode()).hexdigest()[:12]
    return vectors / f"{readable}-{digest}"


class VectorStore:
    """The vectors of one model over one version of the texts, keyed by content hash.

    Not to be shared between threads; open one each, they see each other's appends.
    """

    def __init__(
        self,
        folder: Path,
        model_key: str,
        text_version: str,
        dimension: int,
        *,
        lock_seconds: float = LOCK_SECONDS,
    ) -> None:
        """Open the store in `folder` (its own, see `store_folder`), making it if missing.

        Raises WorkspaceError where the folder holds another model's vectors or cannot be used.
        """
        self.folder, self.dimension = folder, dimension
        self._path = folder / "records.bin"
        self._manifest = {
            "format": FORMAT,
            "model_key": model_key,
            "text_version": text_version,
            "dimension": dimension,
        }
        self._dtype = np.dtype(
            [("key", f"V{_KEY_BYTES}"), ("crc", "<u4"), ("vector", "<f4", (dimension,))]
        )
        self._lock = FileLock(folder / ".lock")
        self._lock_seconds = lock_seconds
        self._rows: dict[bytes, int] = {}
        self._records: NDArray[Any] = np.empty(0, dtype=self._dtype)
        self._open()

    def __len__(self) -> int:
        """Return the number of vectors held when last looked."""
        return len(self._rows)

    def missing(self, hashes: Sequence[str]) -> list[int]:
        """Return the positions in `hashes` that have no vector; of equal hashes only the first."""
        self.refresh()
        seen: set[bytes] = set()
        positions = []
        for position, key in enumerate(_keys(hashes)):
            if key not in self._rows and key not in seen:
                seen.add(key)
                positions.append(position)
        return positions

    def gather(self, hashes: Sequence[str]) -> FloatMatrix:
        """Return the vectors of `hashes`, float32 [len(hashes), dimension], in order.

        Raises IndexNotReadyError where one is missing.
        """
        self.refresh()
        keys = _keys(hashes)
        absent = [value for value, key in zip(hashes, keys, strict=True) if key not in self._rows]
        if absent:
            raise IndexNotReadyError(
                f"{len(absent)} of {len(hashes)} texts have no vector yet, the first is "
                f"{absent[0]}; run `skillrouter index` to embed them"
            )
        rows = np.fromiter((self._rows[key] for key in keys), dtype=np.int64, count=len(keys))
        return np.ascontiguousarray(self._records["vector"][rows], dtype=np.float32)

    def append(self, hashes: Sequence[str], matrix: FloatMatrix) -> int:
        """Store row i of `matrix` [len(hashes), dimension] under `hashes[i]`; return how many.

        Hashes that have a vector keep it, and a repeated hash is stored once. On return the
        records are on disk. Raises ModelError for rows that are not finite unit vectors,
        WorkspaceError where another writer does not finish or the disk is full.
        """
        matrix = np.asarray(matrix, dtype=np.float32)
        self._check(hashes, matrix)
        with self.writing():
            positions = self.missing(hashes)
            keys = _keys(hashes)
            for start in range(0, len(positions), APPEND_RECORDS):
                chosen = positions[start : start + APPEND_RECORDS]
                self._write(self._encoded([keys[i] for i in chosen], matrix[chosen]))
            self.refresh()
        return len(positions)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Keep other writers out while the block runs, such as a whole embedding run.

        Inside, `missing` is the truth. Raises WorkspaceError if another writer holds the
        store for longer than `lock_seconds`.
        """
        with self._locked():
            self._drop_torn_tail()
            yield

    def refresh(self) -> None:
        """Take in what other processes appended since."""
        length = self._path.stat().st_size if self._path.exists() else 0
        count = length // self._dtype.itemsize
        known = len(self._records)
        if count == known:
            return
        if count < known:  # somebody emptied the folder
            self._rows, known = {}, 0
        if count == 0:
            self._records = np.empty(0, dtype=self._dtype)
            return
        records = np.memmap(self._path, dtype=self._dtype, mode="r", shape=(count,))
        count = self._first_bad(records, max(known, count - APPEND_RECORDS))
        self._records = records[:count]
        for row, key in enumerate(self._records["key"][known:].tolist(), start=known):
            self._rows.setdefault(key, row)

    def _open(self) -> None:
        path = self.folder / "manifest.json"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                with self._locked():
                    self._create(path)
            found = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise WorkspaceError(
                f"{path}: cannot be used ({error}); check the permissions of the workspace, or "
                f"delete {self.folder} and run `skillrouter index`"
            ) from error
        if found != self._manifest:
            raise WorkspaceError(
                f"{path}: holds {found}, wanted {self._manifest}; delete {self.folder} and run "
                "`skillrouter index` to embed again"
            )
        self.refresh()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            self._lock.acquire(timeout=self._lock_seconds)
        except Timeout as error:
            raise WorkspaceError(
                f"{self.folder}: another process has been writing vectors for over "
                f"{self._lock_seconds:g} s; wait for it or stop it, then try again"
            ) from error
        try:
            yield
        finally:
            self._lock.release()

    def _create(self, path: Path) -> None:
        """Write the manifest whole or not at all, before the first record."""
        if path.exists():
            return
        if self._path.exists():
            raise WorkspaceError(
                f"{self._path}: vectors without a manifest, so their model is unknown; delete "
                f"{self.folder} and run `skillrouter index`"
            )
        fresh = path.with_suffix(".new")
        with fresh.open("w", encoding="utf-8") as file:
            json.dump(self._manifest, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)

    def _check(self, hashes: Sequence[str], matrix: FloatMatrix) -> None:
        if matrix.shape != (len(hashes), self.dimension):
            raise UsageError(
                f"matrix of shape {matrix.shape} for {len(hashes)} hashes and dimension "
                f"{self.dimension}; pass one row a hash"
            )
        lengths = np.linalg.norm(matrix, axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) <= UNIT_TOLERANCE))  # NaN is wrong too
        if len(wrong):
            first = int(wrong[0])
            raise ModelError(
                f"vector of {hashes[first]} has length {lengths[first]}, not 1 ({len(wrong)} such "
                f"rows from {self._manifest['model_key']!r}); normalise the rows, or run the "
                "model in float32 if its precision overflows"
            )

    def _encoded(self, keys: Sequence[bytes], matrix: FloatMatrix) -> NDArray[Any]:
        records = np.empty(len(keys), dtype=self._dtype)
        records["key"] = np.frombuffer(b"".join(keys), dtype=f"V{_KEY_BYTES}")
        records["vector"] = matrix
        records["crc"] = [_checksum(record) for record in records]
        return records

    def _write(self, records: NDArray[Any]) -> None:
        try:
            with self._path.open("ab") as file:
                file.write(records.tobytes())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise WorkspaceError(
                f"{self._path}: cannot be written ({error}); make room or fix the permissions and "
                "run `skillrouter index` again, what was embedded is kept"
            ) from error

    def _drop_torn_tail(self) -> None:
        """Cut the file after its last good record, so that the next append starts on a border."""
        self.refresh()
        good = len(self._records) * self._dtype.itemsize
        if self._path.exists() and self._path.stat().st_size != good:
            os.truncate(self._path, good)

    def _first_bad(self, records: NDArray[Any], start: int) -> int:
        for row in range(start, len(records)):
            if records["crc"][row] != _checksum(records[row]):
                return row
        return len(records)


def _checksum(record: Any) -> int:
    return zlib.crc32(record["vector"].tobytes(), zlib.crc32(bytes(record["key"])))


def _keys(hashes: Sequence[str]) -> list[bytes]:
    for value in hashes:
        if not _HASH.fullmatch(value):
            raise UsageError(f"{value!r} is no content hash; pass 64 lower-case hex digits")
    return [bytes.fromhex(value) for value in hashes]
