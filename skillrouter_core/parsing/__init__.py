"""From the bytes of one SKILL.md to a name, a description, a body and a category.

Responsible for reading what strangers wrote without ever failing: whatever the
bytes, the answer is a `ParsedSkill` whose problems and issues say what was
missing or repaired. Must not know of files, catalogs or identities: it gets
bytes and a path to name in its complaints, and opens nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillrouter_core.parsing.decoding import clean_text, decode
from skillrouter_core.parsing.frontmatter import Frontmatter, Value, read_frontmatter
from skillrouter_core.records import ImportIssue, Problem

__all__ = [
    "LONG_BODY_CHARS",
    "MAX_NAME_CHARS",
    "SHORT_BODY_CHARS",
    "ParsedSkill",
    "clean_text",
    "health",
    "one_line",
    "parse_skill",
]

SHORT_BODY_CHARS = 200
"""A body with fewer characters says too little to be found by: Problem.TOO_SHORT."""

LONG_BODY_CHARS = 20_000
"""A body with more characters is cut by every model's window: Problem.TOO_LONG."""

MAX_NAME_CHARS = 200
"""A longer name is cut here, with an issue; it is a sentence that got into the wrong field."""


@dataclass(frozen=True, slots=True)
class ParsedSkill:
    """What one SKILL.md says, every field free of NUL, control characters and surrogates.

    `category` is "" where the frontmatter names none. `problems` are for the health
    column; `issues` name file, line and reason of whatever had to be repaired.
    """

    name: str
    description: str
    body: str
    category: str
    problems: tuple[Problem, ...]
    issues: tuple[ImportIssue, ...]


def parse_skill(raw: bytes, *, path: str, fallback_name: str) -> ParsedSkill:
    """Return the skill in `raw`, the content of a SKILL.md; never raises, whatever the bytes.

    `path` is only named in issues; `fallback_name` (the folder's name) is used where the
    frontmatter has no name.
    """
    decoded = decode(raw)
    found = read_frontmatter(decoded.text)
    name, cut = _cut_name(one_line(as_text(found.values.get("name", ""))))
    description = clean_text(as_text(found.values.get("description", ""))).strip()
    body = found.body.strip()  # clean already: no escape is read in it
    notes = [*decoded.notes, *_notes_of(found), *cut]
    problems = list(health(description, body))
    if not found.present:
        problems.append(Problem.NO_FRONTMATTER)
    if found.error is not None:
        problems.append(Problem.BROKEN_FRONTMATTER)
    if decoded.bad_encoding:
        problems.append(Problem.BAD_ENCODING)
    return ParsedSkill(
        name=name or one_line(fallback_name)[:MAX_NAME_CHARS],
        description=description,
        body=body,
        category=one_line(_category(found.values)),
        problems=tuple(problems),
        issues=tuple(ImportIssue(path, line, reason, imported=True) for line, reason in notes),
    )


def health(description: str, body: str) -> tuple[Problem, ...]:
    """Return what is wrong with a skill's text on its own, however it was read."""
    problems = [] if description.strip() else [Problem.NO_DESCRIPTION]
    length = len(body.strip())
    if length == 0:
        problems.append(Problem.EMPTY_BODY)
    elif length < SHORT_BODY_CHARS:
        problems.append(Problem.TOO_SHORT)
    elif length > LONG_BODY_CHARS:
        problems.append(Problem.TOO_LONG)
    return tuple(problems)


def one_line(text: str) -> str:
    """Return `text` cleaned, with every run of white space as one space."""
    return " ".join(clean_text(text).split())


def as_text(value: Value) -> str:
    """Return a frontmatter value as text: lists joined by commas, mappings as `key: value`."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        parts = [as_text(item) for item in value]
        return ", ".join(part for part in parts if part)
    return "; ".join(f"{key}: {as_text(item)}" for key, item in value.items())


def _notes_of(found: Frontmatter) -> list[tuple[int | None, str]]:
    if found.error is not None:
        return [found.error]
    if not found.present:
        return [(1, "no frontmatter: the folder's name is used and there is no description")]
    return []


def _cut_name(name: str) -> tuple[str, list[tuple[int | None, str]]]:
    if len(name) <= MAX_NAME_CHARS:
        return name, []
    return name[:MAX_NAME_CHARS].rstrip(), [
        (None, f"the name has {len(name)} characters: cut to {MAX_NAME_CHARS}")
    ]


def _category(values: dict[str, Value]) -> str:
    """Return the category: at the top, in `metadata`, or in a tool's part of `metadata`."""
    metadata = values.get("metadata", "")
    places = [values]
    if isinstance(metadata, dict):
        places += [metadata, *(part for part in metadata.values() if isinstance(part, dict))]
    for place in places:
        for key in ("category", "categories"):
            value = place.get(key, "")
            first = value[0] if isinstance(value, list) and value else value
            if isinstance(first, str) and first.strip():
                return first
    return ""
