"""Zips, opened without trusting them.

Responsible for refusing archives that escape or explode, and for unpacking the
wanted files under caps. Must not know of git or of skills.
"""

from __future__ import annotations

import lzma
import posixpath
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skillrouter_core.archives.entries import (
    MAX_ENTRIES,
    MAX_SKILL_BYTES,
    Unpacked,
    is_skill_file,
    safe_parts,
    too_large,
    too_many,
    write_entry,
)
from skillrouter_core.errors import SourceError, UnsafeArchiveError
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import ImportIssue

MAX_UNPACKED_BYTES = 4_000_000_000
"""An archive whose skill files together unpack to more is refused."""

MAX_RATIO = 200
"""An archive that unpacks to more than this many times its size is refused as a bomb..."""

RATIO_FROM_BYTES = 20_000_000
"""...once what it unpacks to exceeds this: small files of white space are no bombs."""

MAX_LINK_BYTES = 4_096
"""A longer link target is no path."""

_ENCRYPTED = 0x1
Wanted = Callable[[str], bool]
"""Tells by its name whether an entry is taken."""

_FAULTS = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, NotImplementedError)


@contextmanager
def open_archive(
    path: Path,
    listener: ProgressListener = silent,
    *,
    wanted: Wanted = is_skill_file,
    max_bytes: int = MAX_SKILL_BYTES,
) -> Iterator[Unpacked]:
    """Yield the wanted files of the zip at `path` in a temporary folder, removed afterwards.

    By default those are the skill files; one of more than `max_bytes` is left out.

    Raises UnsafeArchiveError for traversal, absolute names, links that lead outside and
    bombs (whatever entry it is in), SourceError where it is not a zip at all. Encrypted,
    damaged and oversized files are listed as issues.
    """
    with tempfile.TemporaryDirectory(prefix="skillrouter-zip-") as name:
        folder = Path(name)
        try:
            with zipfile.ZipFile(path) as archive:
                infos = archive.infolist()
                taken = [info for info in infos if wanted(info.filename)]
                _check(archive, infos, taken, path.name)
                issues = _unpack(archive, taken, folder, max_bytes, listener)
        except _FAULTS as error:
            raise SourceError(f"{path} is not a readable zip ({error}): pack it again") from error
        yield Unpacked(folder, tuple(issues))


def _check(
    archive: zipfile.ZipFile,
    infos: list[zipfile.ZipInfo],
    wanted: list[zipfile.ZipInfo],
    name: str,
) -> None:
    if len(infos) > MAX_ENTRIES:
        raise too_many(name, str(len(infos)))
    for info in infos:
        parts = safe_parts(info.orig_filename, name)
        if _is_link(info) and not info.flag_bits & _ENCRYPTED:
            _check_link(archive, info, parts, name)
    unpacked = sum(info.file_size for info in wanted)
    packed = sum(info.compress_size for info in wanted)
    exploding = unpacked > RATIO_FROM_BYTES and unpacked > MAX_RATIO * max(packed, 1)
    if unpacked > MAX_UNPACKED_BYTES or exploding:
        raise UnsafeArchiveError(
            f"{name} would unpack from {packed} to {unpacked} bytes (caps: {MAX_UNPACKED_BYTES} "
            f"bytes, {MAX_RATIO} times its size): it looks like a bomb and was not unpacked"
        )


def _check_link(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, parts: tuple[str, ...], name: str
) -> None:
    with archive.open(info) as file:
        target = file.read(MAX_LINK_BYTES).decode("utf-8", "replace").replace("\\", "/")
    landing = posixpath.normpath(posixpath.join(*parts[:-1], target))
    if target.startswith("/") or landing == ".." or landing.startswith("../"):
        raise UnsafeArchiveError(
            f"{name} holds a link that leaves its folder: {info.filename!r} -> {target!r}. "
            "Nothing was imported"
        )


def _unpack(
    archive: zipfile.ZipFile,
    wanted: list[zipfile.ZipInfo],
    folder: Path,
    max_bytes: int,
    listener: ProgressListener,
) -> list[ImportIssue]:
    meter = Meter(listener, "unpacking", len(wanted))
    issues: list[ImportIssue] = []
    for info in wanted:
        issue = _unpack_one(archive, info, folder, max_bytes)
        if issue is not None:
            issues.append(issue)
        meter.advance()
    return issues


def _unpack_one(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path, max_bytes: int
) -> ImportIssue | None:
    if _is_link(info):
        return ImportIssue(info.filename, None, "a link: links are not unpacked", imported=False)
    if info.flag_bits & _ENCRYPTED:
        reason = "encrypted: unpack it with its password and import the folder"
        return ImportIssue(info.filename, None, reason, imported=False)
    if info.file_size > max_bytes:
        return too_large(info.filename, info.file_size, max_bytes)
    try:
        with archive.open(info) as file:
            data = file.read(max_bytes + 1)
    except _FAULTS as error:
        return ImportIssue(info.filename, None, f"damaged in the zip: {error}", imported=False)
    if len(data) > max_bytes:  # the directory's size was a lie
        return too_large(info.filename, len(data), max_bytes)
    return write_entry(folder, safe_parts(info.filename, "the zip"), data)


def _is_link(info: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(info.external_attr >> 16)
