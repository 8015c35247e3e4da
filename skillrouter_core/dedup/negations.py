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

from skillrouter_core.records import normalised_name

IntVector = NDArray[np.int64]
BoolVector = NDArray[np.bool_]

NEGATIONS_VERSION = 1
"""Goes up whenever other clauses may be found: texts are then shingled anew."""

_AFTER_NOT = ("for", "use", "to use", "when", "meant", "intended", "suit", "cover", "apply")
# Every clause has one of these signs followed by one of its words ("" is anything), and most
# lines have none: they need no regular expression.
_SIGNS = {
    "instead": ("",),
    "never use": ("",),
    "avoid using": ("",),
    "out of scope": ("",),
    "not ": _AFTER_NOT,
    "n't ": _AFTER_NOT,
    "n’t ": _AFTER_NOT,
}
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
    """Return a text in lower case without its negating clauses, and how many there were."""
    pieces, done, total = [], 0, 0
    for start, end in _signed_lines(text):
        without, count = _CLAUSE.subn(" ", text[start:end])
        if count:
            pieces += [text[done:start], without]
            done, total = end, total + count
    pieces.append(text[done:])
    return "".join(pieces), total


def clauses(description: str, body: str) -> str:
    """Return what a skill says it is not for, as one normalised text; both are in lower case.

    Looked for in the description, and in sections of the body under a heading such as "When
    not to use".
    """
    found = [
        match.group()
        for start, end in _signed_lines(description)
        for match in _CLAUSE.finditer(description, start, end)
    ]
    return normalised_name(" ".join([*found, *_sections(body)]))


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
    for sign, after in _SIGNS.items():
        place = low.find(sign)
        while place >= 0:
            done = place + len(sign)
            if low.startswith(after, done):
                end = low.find("\n", place)
                done = end if end >= 0 else len(low)  # one sign a line is enough
                lines.add((low.rfind("\n", 0, place) + 1, done))
            place = low.find(sign, done)
    return sorted(lines)
