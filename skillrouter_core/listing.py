"""Records for finding skills in a list of many.

Responsible for what a listing is asked and what it answers, and for how text is
folded so that search does not mind case. Must not know how any of it is stored.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime

from skillrouter_core.records import Problem


def fold(text: str) -> str:
    """Return `text` as search compares it: NFKC, case folded."""
    return unicodedata.normalize("NFKC", text).casefold()


@dataclass(frozen=True, slots=True)
class SkillFilter:
    """Which skills are wanted; an empty field asks for nothing.

    Every word of `text` must occur in the name, description or id, in any case. `problem` is a
    `Problem` or its value. With `among` only skills with these ids are wanted.
    """

    text: str = ""
    catalog: str = ""
    category: str = ""
    problem: str = ""
    among: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class SkillRow:
    """One line of a listing; `body_chars` is the body's length in characters."""

    skill_id: str
    name: str
    description: str
    category: str
    catalog: str
    body_chars: int
    problems: tuple[Problem, ...]
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SkillPage:
    """Some rows in order of their id, and how many there are in all."""

    rows: tuple[SkillRow, ...]
    total: int
