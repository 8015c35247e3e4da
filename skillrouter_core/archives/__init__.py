"""Zips and git repositories from strangers, opened without trusting them.

Responsible for taking the skill files, and nothing else, out of an archive or a
repository into a temporary folder. Must not know what a skill file says.

Nothing of the rest is ever written: no link, no script, no working tree. What
tries to leave its folder makes the whole source unsafe; what merely cannot be
read is listed and the rest is taken.
"""

from __future__ import annotations

from skillrouter_core.archives.entries import MAX_ENTRIES, MAX_SKILL_BYTES, Unpacked, is_skill_file
from skillrouter_core.archives.gits import CLONE_TIMEOUT_SECONDS, clone, is_git_url
from skillrouter_core.archives.zips import MAX_RATIO, MAX_UNPACKED_BYTES, open_archive

__all__ = [
    "CLONE_TIMEOUT_SECONDS",
    "MAX_ENTRIES",
    "MAX_RATIO",
    "MAX_SKILL_BYTES",
    "MAX_UNPACKED_BYTES",
    "Unpacked",
    "clone",
    "is_git_url",
    "is_skill_file",
    "open_archive",
]
