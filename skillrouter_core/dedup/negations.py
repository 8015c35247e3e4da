"""Clauses that say what a skill is not for.

Responsible for finding them, for cutting them out of a text before it is compared, and for
whom they name. Must not know how texts are compared.

"Not for X, use Y instead" repeats the words of the very skill it sets itself apart from; such a
clause must not make the two alike. A clause reaches from its first word to the end of its
sentence or line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import Skill, normalised_name

IntVector = NDArray[np.int64]
BoolVector = NDArray[np.bool_]

NEGATIONS_VERSION = 1
"""Goes up whenever other clauses may be found: texts are then shingled anew."""

# Every clause has one of these, and most lines have none: they need no regular expression.
_SIGNS = (
    "not for", "not use", "n't use", "n’t use", "not to use", "not when", "not meant", "not inten",
    "not suit", "not cover", "n't cover", "not apply", "n't apply", "instead", "never use",
    "avoid using", "out of scope",
)  # fmt: skip
_CLAUSE = re.compile(
    r"""\b(?:
        (?:(?:is|are)\s)?not\s(?:meant|intended|suitable|suited)\s(?:for|to)\b
      | (?:(?:is|are)\s)?not\s(?:for|when)\b
      | (?:do|does|should)(?:\snot|n['’]t)\s(?:use|cover|apply)\b
      | (?:when|where)\snot\sto\suse\b
      | never\suse\b
      | avoid\susing\b
      | (?:use|see|prefer|try)\s[^.!?;]{1,80}?\sinstead\b
    )(?:[^.!?;]|\.(?=\w))*""",
    re.VERBOSE,
)
_HEADING = re.compile(
    r"#{1,6}\s.*\b(?:when\snot\sto\suse|(?:do\snot|don['’]t)\suse|not\sfor|out\sof\sscope)\b"
)


def cut(text: str) -> tuple[str, int]:
    """Return the text in lower case without negating clauses, and how many there were."""
    low = text.lower()
    pieces, done, total = [], 0, 0
    for start, end in _signed_lines(low):
        without, count = _CLAUSE.subn(" ", low[start:end])
        if count:
            pieces += [low[done:start], without]
            done, total = end, total + count
    pieces.append(low[done:])
    return "".join(pieces), total


def clauses(skill: Skill) -> str:
    """Return what a skill says it is not for, as one normalised text.

    Looked for in the description, and in sections of the body under a heading such as "When
    not to use".
    """
    low = skill.description.lower()
    found = [
        match.group()
        for start, end in _signed_lines(low)
        for match in _CLAUSE.finditer(low, start, end)
    ]
    return normalised_name(" ".join([*found, *_sections(skill.body.lower())]))


def names(stated: str, name: str) -> bool:
    """Return whether normalised clauses name a skill by its normalised name, as whole words."""
    return bool(name) and f" {name} " in f" {stated} "


def set_apart(
    stated: Sequence[str], names_of: Sequence[str], a: IntVector, b: IntVector
) -> BoolVector:
    """Return for each pair of rows whether one says that it is not for what the other does.

    A pair of the same name is never set apart: a skill does not speak of itself.
    """
    found = np.zeros(len(a), dtype=np.bool_)
    speaks = np.array([bool(text) for text in stated], dtype=np.bool_)
    for place in np.flatnonzero(speaks[a] | speaks[b]).tolist():
        i, j = int(a[place]), int(b[place])
        if names_of[i] != names_of[j]:
            found[place] = names(stated[i], names_of[j]) or names(stated[j], names_of[i])
    return found


def _sections(low: str) -> Iterator[str]:
    for start, end in _signed_lines(low):
        if low.startswith("#", start) and _HEADING.match(low, start, end):
            stop = low.find("\n#", end)
            yield low[end : stop if stop >= 0 else len(low)]


def _signed_lines(low: str) -> list[tuple[int, int]]:
    """Return the borders of the lines that hold a sign of a clause, in order."""
    lines = set()
    for sign in _SIGNS:
        place = low.find(sign)
        while place >= 0:
            start, end = low.rfind("\n", 0, place) + 1, low.find("\n", place)
            end = end if end >= 0 else len(low)
            lines.add((start, end))
            place = low.find(sign, end)
    return sorted(lines)
