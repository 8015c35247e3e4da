"""What zips and git repositories have in common: entry names that must stay inside.

Responsible for the rules on names and sizes and for writing one entry. Must not
know either format.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from skillrouter_core.errors import UnsafeArchiveError
from skillrouter_core.records import ImportIssue

MAX_ENTRIES = 500_000
"""An archive or repository with more entries is refused."""

MAX_SKILL_BYTES = 2_000_000
"""A larger skill file is left out, with an issue: 500,000 characters of CJK take 1.5 MB."""

SKILL_FILE = "skill.md"
"""The name of a skill file in lower case; any case is accepted."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A temporary folder holding only skill files, and what had to be left out of it."""

    folder: Path
    issues: tuple[ImportIssue, ...]


def is_skill_file(name: str) -> bool:
    """Tell whether a path or file name is that of a skill file, in any case."""
    return name.rpartition("/")[2].lower() == SKILL_FILE


def safe_parts(name: str, archive: str) -> tuple[str, ...]:
    """Return the parts of an entry's name; raises UnsafeArchiveError where it would escape."""
    plain = name.replace("\\", "/")
    parts = tuple(part for part in plain.split("/") if part not in ("", "."))
    drive = bool(parts) and len(parts[0]) == 2 and parts[0][1] == ":"
    if plain.startswith("/") or drive or ".." in parts or "\0" in name:
        raise UnsafeArchiveError(
            f"{archive} holds an entry that leaves its folder: {name!r}. Nothing was imported; "
            "do not unpack it elsewhere either"
        )
    return parts


def too_many(archive: str, found: str) -> UnsafeArchiveError:
    """Return the error for an archive with more than MAX_ENTRIES entries."""
    return UnsafeArchiveError(
        f"{archive} has {found} entries, more than {MAX_ENTRIES}: import a part of it instead"
    )


def too_large(path: str, size: int, max_bytes: int = MAX_SKILL_BYTES) -> ImportIssue:
    """Return the issue for a file above its cap, by default that of a skill file."""
    what = "a skill file" if max_bytes == MAX_SKILL_BYTES else "this file"
    reason = f"{size} bytes, more than the {max_bytes} {what} may have"
    return ImportIssue(path, None, reason, imported=False)


def write_entry(folder: Path, parts: tuple[str, ...], data: bytes) -> ImportIssue | None:
    """Write one entry below `folder`; return an issue where the file system will not have it."""
    target = folder.joinpath(*parts)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            file.write(data)
    except FileExistsError:
        reason = "a second entry of this name: the first was taken"
        return ImportIssue("/".join(parts), None, reason, imported=False)
    except (OSError, ValueError) as error:
        reason = f"cannot be unpacked: {getattr(error, 'strerror', None) or error}"
        return ImportIssue("/".join(parts), None, reason, imported=False)
    return None
