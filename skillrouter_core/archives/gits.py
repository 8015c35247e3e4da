"""Git repositories, fetched without trusting them or being asked anything.

Responsible for a shallow fetch and for taking the skill files out of its newest
commit as raw blobs. There is never a working tree: no checkout, so no hook, no
link, no submodule and no filter (LFS included) can act. Must not know of skills.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

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
from skillrouter_core.archives.process import Git, run_git
from skillrouter_core.errors import SourceError
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import ImportIssue

CLONE_TIMEOUT_SECONDS = 600.0
"""A clone that takes longer is given up."""

MAX_LISTING_BYTES = 200_000_000
"""A repository whose list of files is longer is refused unread."""

_SCHEMES = ("https", "file", "ssh")
_SCP = re.compile(r"[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:(?!:)[^-].*")
_HOST = re.compile(r"([A-Za-z0-9][\w.-]*(:[^@]*)?@)?(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][\w.-]*)(:\d+)?")
_URL_LIKE = re.compile(r"[a-z][\w+.-]*:(//|:)", re.IGNORECASE)
_LINK_MODE, _MODULE_MODE = b"120000", b"160000"


def is_git_url(source: str) -> bool:
    """Tell whether `source` is meant as a git URL, whether or not it will be accepted."""
    return bool(_SCP.fullmatch(source) or _URL_LIKE.match(source))


@contextmanager
def clone(
    url: str,
    listener: ProgressListener = silent,
    *,
    timeout: float = CLONE_TIMEOUT_SECONDS,
) -> Iterator[Unpacked]:
    """Yield the skill files of the repository's newest commit in a temporary folder.

    Accepts https://, file://, ssh:// and user@host:path. Raises SourceError for any other
    protocol, for a URL with a password, where git is missing, and where the repository is
    missing, closed, too large or slower than `timeout` seconds.
    """
    _check_url(url)
    with tempfile.TemporaryDirectory(prefix="skillrouter-git-") as name:
        git = Git(Path(name), url, timeout, listener)
        options = ("--depth=1", "--single-branch", "--no-tags", "--no-checkout", "--template=")
        run_git(git, "clone", "--quiet", *options, "--no-recurse-submodules", "--", url, "repo")
        folder = Path(name) / "files"
        folder.mkdir()
        wanted, issues = _skill_blobs(git)
        issues += _write_blobs(git, wanted, folder)
        yield Unpacked(folder, tuple(issues))


def _check_url(url: str) -> None:
    if any(character.isspace() or character < " " for character in url) or url.startswith("-"):
        raise SourceError(f"{url!r} is not a git URL: it starts with '-' or holds white space")
    if _SCP.fullmatch(url):
        return
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise SourceError(
            f"{url!r} is not accepted: git sources are https://, file://, ssh:// or user@host:path"
        )
    if parts.password is not None:
        raise SourceError(
            "a git URL with a password is not accepted, because sources are stored and shown: "
            "clone the repository yourself and import the folder"
        )
    if parts.scheme != "file" and not _HOST.fullmatch(parts.netloc):
        raise SourceError(f"{url!r} names no usable host: write https://host/owner/repository")


def _skill_blobs(git: Git) -> tuple[list[tuple[str, tuple[str, ...]]], list[ImportIssue]]:
    """Return (object id, path parts) of every skill file, and what is left out."""
    wanted: list[tuple[str, tuple[str, ...]]] = []
    issues: list[ImportIssue] = []
    listing = run_git(git, "-C", "repo", "ls-tree", "-r", "-l", "-z", "HEAD")
    if listing.stat().st_size > MAX_LISTING_BYTES:  # trees may name each other to explode
        raise too_many(git.url, "far too many")
    entries = listing.read_bytes().split(b"\0")
    if len(entries) > MAX_ENTRIES:
        raise too_many(git.url, str(len(entries)))
    for entry in filter(None, entries):
        head, _, raw_path = entry.partition(b"\t")
        mode, _, object_id, size = head.split()
        path = raw_path.decode("utf-8", "replace")
        if not is_skill_file(path):
            continue
        parts = safe_parts(path, git.url)
        if mode in (_LINK_MODE, _MODULE_MODE):
            issues.append(ImportIssue(path, None, "a link: links are not followed", imported=False))
        elif int(size) > MAX_SKILL_BYTES:
            issues.append(too_large(path, int(size)))
        else:
            wanted.append((object_id.decode("ascii"), parts))
    return wanted, issues


def _write_blobs(
    git: Git, wanted: list[tuple[str, tuple[str, ...]]], folder: Path
) -> list[ImportIssue]:
    """Write the blobs git prints one after another: a line `id type size`, then the bytes."""
    ids = "".join(f"{object_id}\n" for object_id, _ in wanted).encode("ascii")
    output = run_git(git, "-C", "repo", "cat-file", "--batch", stdin=ids)
    issues: list[ImportIssue] = []
    with output.open("rb") as file:
        for _, parts in wanted:
            issue = write_entry(folder, parts, _next_blob(file))
            if issue is not None:
                issues.append(issue)
    return issues


def _next_blob(file: BinaryIO) -> bytes:
    head = file.readline().split()
    if len(head) != 3:
        raise SourceError("the repository is damaged: an object it names is missing")
    data = file.read(int(head[2]))
    file.read(1)
    return data
