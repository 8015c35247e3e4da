"""Folders of SKILL.md files on disk.

Responsible for finding skill files at any depth, without following links out of
where they may lead, and for reading each. Must not know of catalogs or sources.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from skillrouter_core.archives import MAX_SKILL_BYTES, is_skill_file
from skillrouter_core.catalog.naming import folder_category
from skillrouter_core.parsing import ParsedSkill, one_line, parse_skill
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import ImportIssue

SKIPPED_FOLDERS = frozenset(
    {".git", ".hg", ".svn", ".hub", "node_modules", ".venv", "venv", "__pycache__", ".tox"}
)
"""Folders never searched: other people's dependencies, tool state, quarantines."""

MAX_FOLDER_DEPTH = 64
"""Folders nested deeper are listed and not searched."""


@dataclass(frozen=True, slots=True)
class FoundSkill:
    """One skill file as read: its folder relative to the root ("" for the root), and its text."""

    folder: str
    path: str
    category: str
    parsed: ParsedSkill


@dataclass(slots=True)
class _Search:
    """The walk's state: what was found, what was not, and where links may lead."""

    root: Path
    boundary: Path
    """Both resolved."""
    files: list[tuple[str, str]] = field(default_factory=list)
    issues: list[ImportIssue] = field(default_factory=list)
    linked: list[Path] = field(default_factory=list)

    def leads_out(self, target: Path) -> bool:
        return not (target.is_relative_to(self.boundary) or target.is_relative_to(self.root))

    def read_elsewhere(self, target: Path) -> bool:
        """Tell whether the walk comes by `target` anyway, or would come round in a circle."""
        places = (self.root, *self.linked)
        return self.root.is_relative_to(target) or any(map(target.is_relative_to, places))

    def refuse(self, path: str, reason: str) -> None:
        self.issues.append(ImportIssue(one_line(path), None, reason, imported=False))


def read_folder(
    root: Path,
    issues: list[ImportIssue],
    listener: ProgressListener,
    *,
    top: str,
    boundary: Path | None = None,
) -> Iterator[FoundSkill]:
    """Yield every skill below `root` in order of path; add to `issues` what was left out.

    A skill without a name is called after its folder, one in the root itself `top`.
    Links are followed as long as they stay below `boundary` (default: `root`). No single
    file, however broken, ends the walk.
    """
    search = _Search(root.resolve(), (boundary or root).resolve())
    meter = Meter(listener, "looking for skills", 0, unit="skills")
    _walk(search, str(root), "", meter, 0)
    issues.extend(search.issues)
    folders = {folder for folder, _ in search.files}
    meter = Meter(listener, "reading skills", len(search.files))
    for folder, filename in sorted(search.files):
        path = f"{folder}/{filename}" if folder else filename
        fallback = folder.rpartition("/")[2] or top
        parsed = read_skill_file(root / path, path, issues, fallback)
        if parsed is not None:
            category = parsed.category or folder_category(folder, folders)
            yield FoundSkill(one_line(folder), one_line(path), one_line(category), parsed)
        meter.advance()


def read_skill_file(
    file: Path, path: str, issues: list[ImportIssue], fallback_name: str
) -> ParsedSkill | None:
    """Return the parsed file, or None with an issue; `path` is how the issue names it."""
    shown = one_line(path)
    try:
        raw = _read_capped(file)
    except OSError as error:
        reason = f"cannot be read: {error.strerror or error}"
        issues.append(ImportIssue(shown, None, reason, imported=False))
        return None
    if raw is None:
        reason = f"{file.stat().st_size} bytes, more than the {MAX_SKILL_BYTES} a skill may have"
        issues.append(ImportIssue(shown, None, reason, imported=False))
        return None
    parsed = parse_skill(raw, path=shown, fallback_name=fallback_name)
    issues.extend(parsed.issues)
    return parsed


def _read_capped(file: Path) -> bytes | None:
    """Return the bytes, None above the cap; a pipe or device is an OSError, never waited for."""
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with os.fdopen(descriptor, "rb") as opened:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError("not an ordinary file")
        raw = opened.read(MAX_SKILL_BYTES + 1)
    return raw if len(raw) <= MAX_SKILL_BYTES else None


def _walk(search: _Search, folder: str, inside: str, meter: Meter, depth: int) -> None:
    if depth > MAX_FOLDER_DEPTH:
        search.refuse(inside, f"nested deeper than {MAX_FOLDER_DEPTH} folders: not searched")
        return
    try:
        with os.scandir(folder) as entries:
            ordered = sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        search.refuse(inside or ".", f"folder cannot be read: {error.strerror or error}")
        return
    for entry in ordered:
        path = f"{inside}/{entry.name}" if inside else entry.name
        if entry.is_symlink():
            _link(search, entry, path, meter, depth)
        elif entry.is_dir():
            _enter(search, entry, path, meter, depth)
        elif is_skill_file(entry.name):
            search.files.append((inside, entry.name))
            meter.advance()


def _enter(search: _Search, entry: os.DirEntry[str], path: str, meter: Meter, depth: int) -> None:
    if is_skill_file(entry.name):
        search.refuse(path, "a folder, not a file: rename it")
    elif entry.name not in SKIPPED_FOLDERS:
        _walk(search, entry.path, path, meter, depth + 1)


def _link(search: _Search, entry: os.DirEntry[str], path: str, meter: Meter, depth: int) -> None:
    """Follow a link to a skill file or a folder if it stays inside, else list it."""
    skill = is_skill_file(entry.name)
    try:
        target = Path(entry.path).resolve(strict=True)
        is_folder = target.is_dir()
    except (OSError, RuntimeError) as error:
        if skill:
            search.refuse(path, f"a broken link: {getattr(error, 'strerror', None) or error}")
        return
    if not (skill or is_folder):
        return
    if search.leads_out(target):
        search.refuse(path, f"a link that leads out of {search.boundary}: not followed")
    elif not is_folder:
        search.files.append((path.rpartition("/")[0], entry.name))
        meter.advance()
    elif search.read_elsewhere(target):
        search.refuse(path, f"a link to {target}, which is read at its own place")
    else:
        search.linked.append(target)
        _enter(search, entry, path, meter, depth)
