"""Scans on disk.

Responsible for saving a scan whole or not at all, for finding the newest, and for the
boilerplate a scan discounted. Must not know how a scan is made.

A scan is one `scan-*.npz`; `CURRENT` names the newest, and the one before is kept for readers
that have just looked.
"""

from __future__ import annotations

import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import asdict, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.boilerplate import Boilerplate
from skillrouter_core.dedup.files import remove_abandoned, write_whole
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.dedup.shingles import Kind
from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.records import Thresholds

FORMAT = 1
"""Goes up when the layout of a saved scan changes."""

KEPT = 2
"""Scans (and boilerplate of scans) that stay on disk, the newest included."""

ABANDONED_SECONDS = 3600.0
"""A half-written file this old belongs to no running process."""

Arrays = dict[str, NDArray[Any]]

_CURRENT = "CURRENT"


def save_scan(folder: Path, scan: Scan) -> str:
    """Save a scan as the newest and return its version; raises WorkspaceError."""
    name = f"scan-{time.time_ns():020d}"
    columns = {field.name: getattr(scan.pairs, field.name) for field in fields(PairTable)}
    head = {
        "format": FORMAT,
        "floors": asdict(scan.floors),
        "seconds": scan.seconds,
        **{part: getattr(scan, part) for part in ("ids", "hashes", "names", "sources", "notes")},
    }
    arrays: Arrays = {"head": _packed(head), "chars": scan.chars, **columns}
    write_whole(folder / f"{name}.npz", lambda file: _write_arrays(file, arrays))
    write_whole(folder / _CURRENT, lambda file: _write_text(file, name))
    _keep_newest(folder, "scan-*.npz")
    return name


def current_scan_version(folder: Path) -> str:
    """Return the version of the newest scan, "" before the first."""
    try:
        return (folder / _CURRENT).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise _damaged(folder / _CURRENT, error) from error


def load_scan(folder: Path) -> Scan | None:
    """Return the newest scan, None before the first; raise WorkspaceError where it is damaged."""
    version = current_scan_version(folder)
    if not version:
        return None
    path = folder / f"{version}.npz"
    if not path.exists():  # two newer ones were saved since we looked
        path = folder / f"{current_scan_version(folder)}.npz"
    try:
        arrays = _read(path)
        head = json.loads(arrays["head"].tobytes())
        if head["format"] != FORMAT:
            raise ValueError(f"format {head['format']}, wanted {FORMAT}")
        return Scan(
            **{part: tuple(head[part]) for part in ("ids", "hashes", "names", "sources", "notes")},
            chars=arrays["chars"],
            pairs=PairTable(*(arrays[field.name] for field in fields(PairTable))),
            floors=Thresholds(**head["floors"]),
            seconds=head["seconds"],
        )
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from error


def save_boilerplate(
    cache: Path, hashes: Sequence[str], sources: Sequence[str], kind: Kind, found: Boilerplate
) -> None:
    """Keep what a scan of these texts discounted, for `load_boilerplate`."""
    names = sorted(found.grams)
    grams = [found.grams[name] for name in names]
    head = {"kind": kind, "names": names, "counts": [len(part) for part in grams]}
    values = np.concatenate(grams) if grams else np.empty(0, dtype=np.uint64)
    arrays: Arrays = {"head": _packed(head), "grams": values}
    path = cache / f"boilerplate-{_fingerprint(hashes, sources)}.npz"
    write_whole(path, lambda file: _write_arrays(file, arrays))
    _keep_newest(cache, "boilerplate-*.npz")


def load_boilerplate(
    cache: Path, hashes: Sequence[str], sources: Sequence[str]
) -> tuple[Kind, Boilerplate]:
    """Return the kind of shingles and the boilerplate of the scan of these texts.

    Raises IndexNotReadyError where that scan's are no longer kept.
    """
    path = cache / f"boilerplate-{_fingerprint(hashes, sources)}.npz"
    try:
        arrays = _read(path)
        head = json.loads(arrays["head"].tobytes())
        ends = np.cumsum(head["counts"], dtype=np.int64)
        parts = np.split(arrays["grams"], ends[:-1]) if head["names"] else []
        return head["kind"], Boilerplate(dict(zip(head["names"], parts, strict=True)))
    except FileNotFoundError as error:
        raise IndexNotReadyError(
            f"{path}: the boilerplate of this scan is gone; scan for duplicates again"
        ) from error
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise _damaged(path, error) from error


def _fingerprint(hashes: Sequence[str], sources: Sequence[str]) -> str:
    return sha256(json.dumps([list(hashes), list(sources)]).encode()).hexdigest()[:16]


def _packed(head: dict[str, Any]) -> NDArray[np.uint8]:
    return np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)


def _read(path: Path) -> Arrays:
    """Return a file's arrays; reading to the end checks their sums."""
    # Opened here: numpy leaves a file that is no archive open.
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return {name: stored[name] for name in stored.files}


def _write_arrays(file: BinaryIO, arrays: Arrays) -> None:
    np.savez(file, allow_pickle=False, **arrays)


def _write_text(file: BinaryIO, text: str) -> None:
    file.write(text.encode())


def _keep_newest(folder: Path, pattern: str) -> None:
    remove_abandoned(folder, pattern, ABANDONED_SECONDS, time.time())
    files = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime_ns)
    for path in files[:-KEPT]:
        path.unlink(missing_ok=True)


def _damaged(path: Path, error: Exception) -> WorkspaceError:
    return WorkspaceError(f"{path}: damaged ({error}); delete it and scan for duplicates again")
