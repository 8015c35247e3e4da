"""Names of catalogs and identities of skills.

Responsible for what a catalog may be called, what it is called by default, and
the category a folder implies. Pure text; opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from skillrouter_core.errors import UsageError

MAX_CATALOG_NAME = 64
"""A catalog's name has at most so many characters."""

_NAME = re.compile(r"[^\W_][\w.-]*")
_ENDINGS = re.compile(r"(\.git|\.zip|\.jsonl|\.jsonl\.gz)$", re.IGNORECASE)
_NO_CATEGORY = frozenset(
    {
        "agents",
        "scripts",
        "public",
        "user",
        "example",
        "agent",
        "docs",
        "external",
        "commands",
        "templates",
        "lib",
        "src",
        "project",
        "workspace",
        "references",
        "assets",
        "plugin",
        "private",
        "resources",
        "skills",
        "tests",
        "packages",
        "personal",
        "examples",
        "test",
        "skill",
        "reference",
        "plugins",
    }
)


def check_name(name: str) -> str:
    """Return `name` if a catalog may be called so; raises UsageError with a proposal if not."""
    if _NAME.fullmatch(name) and len(name) <= MAX_CATALOG_NAME:
        return name
    raise UsageError(
        f"catalog name {name!r} is not usable: take letters, digits, '.', '_' and '-', a letter "
        f"or digit first, at most {MAX_CATALOG_NAME} characters, for example {slug(name)!r}"
    )


def derived_name(source: str) -> str:
    """Return the default name for a path or URL: its last part, without `.git`, `.zip`, ..."""
    last = re.split(r"[/\\:]", source.rstrip("/\\"))[-1]
    return slug(_ENDINGS.sub("", last))


def slug(text: str) -> str:
    """Return `text` as a usable catalog name."""
    usable = re.sub(r"[^\w.-]+", "-", text)[:MAX_CATALOG_NAME]
    return usable.strip("-._") or "catalog"


def folder_category(folder: str, skill_folders: Collection[str]) -> str:
    """Return the category that the folder above `folder` implies, or "".

    `folder` is a posix path relative to the root. The root, hidden folders, folders named
    for their kind of content (`skills`, `plugins`, ...) and folders that are skills
    themselves name no category.
    """
    above, _, _ = folder.rpartition("/")
    name = above.rpartition("/")[2]
    if not name or name.startswith(".") or name.lower() in _NO_CATEGORY or above in skill_folders:
        return ""
    return name
