"""The YAML header of a SKILL.md, read strictly first and forgivingly after.

Responsible for finding the header, reading it under caps and, where it is not
valid YAML, saving what can be saved key by key. Must not know which keys
matter to a skill.

YAML is read as a stream of events and every scalar is kept as the text that was
written. No tag is ever resolved, so nothing can be constructed; `name: 007`,
`name: yes` and `name: 2024-01-01` stay what their author wrote.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice, pairwise, takewhile

import yaml

from skillrouter_core.parsing.decoding import Note

MAX_HEADER_CHARS = 65_536
"""A longer header is not given to the YAML reader; its keys are read as plain text."""
MAX_DEPTH = 16
"""Deeper nesting is refused."""
MAX_SALVAGE_DEPTH = 3
"""Mappings nested deeper in a header that is not YAML are read as plain text."""
MAX_KEYS = 200
"""Of a header that is not YAML, the first so many keys are read."""
MAX_EVENTS = 5_000
"""More YAML events (keys, values, brackets) in one header are refused."""

Value = str | list["Value"] | dict[str, "Value"]
"""What a key may hold; keys are lower case, null is ""."""

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml: ten times as fast
_FENCE = re.compile(r"-{3,}\s*$")
_END = re.compile(r"(-{3,}|\.{3})\s*$")
_KEY = re.compile(r"(?P<key>[A-Za-z_][\w .-]{0,60}?)\s{0,4}:(?:\s+(?P<value>.*)|$)")
_BLOCK_MARK = re.compile(r"^[|>][+-]?\d?[+-]?\s*(#.*)?$")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_KNOWN_KEYS = re.compile(
    "name|description|categor(y|ies)|metadata|license|version|author|tags|allowed-tools|"
    "compatibility|homepage|model|keywords|dependencies|triggers",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Frontmatter:
    """The header's values and the rest of the text.

    `present` is False where the text has no header; `error` is the line and reason why
    the header is not what it should be, though its values were read as far as possible.
    """

    values: dict[str, Value]
    body: str
    present: bool
    error: Note | None


class _RefusedError(Exception):
    """The header goes beyond a cap; `str` says which."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.line = line


_FAULTS = (yaml.YAMLError, _RefusedError, ValueError, OverflowError)
"""The last two: the YAML reader's own on escapes that name no character."""


def read_frontmatter(text: str) -> Frontmatter:
    """Return the header of `text` and what follows it; never raises on clean text."""
    lines = text.split("\n")
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    if not _FENCE.match(lines[start]):
        return Frontmatter({}, text, present=False, error=None)
    first = start + 1
    stop = next((at for at in range(first, len(lines)) if _END.match(lines[at])), None)
    if stop is None:
        return _unclosed(text, lines, first)
    values, used, note = _read_header(lines[first:stop], first)
    if not values and any(line.strip() for line in lines[first:stop]):
        return Frontmatter({}, text, present=False, error=None)  # rulers around ordinary text
    follows = stop + 1 if used == stop - first else first + used
    return Frontmatter(values, "\n".join(lines[follows:]), present=True, error=note)


def _unclosed(text: str, lines: list[str], first: int) -> Frontmatter:
    values, used = _salvage(lines[first:])
    if not values:  # a ruler above ordinary text, not a header
        return Frontmatter({}, text, present=False, error=None)
    note = (first, "the frontmatter is not closed by ---: its leading `key: value` lines were read")
    return Frontmatter(values, "\n".join(lines[first + used :]), present=True, error=note)


def _read_header(header: list[str], first: int) -> tuple[dict[str, Value], int, Note | None]:
    """Return the values, how many of the lines are header, and what was wrong."""
    try:
        return _mapping(_parse("\n".join(header))), len(header), None
    except _FAULTS as error:
        return *_salvage(header), _error_note(error, first)


def _error_note(error: Exception, first: int) -> Note:
    """Say in one line what is wrong; `first` lines stand above the header's first."""
    if isinstance(error, _RefusedError):
        return first + error.line, f"the frontmatter was read as plain text: {error}"
    mark = getattr(error, "problem_mark", None)
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    line = first + 1 + (mark.line if mark is not None else 0)
    return line, f"the frontmatter is not valid YAML ({problem}): it was read line by line"


# ----------------------------------------------------------------------------- strict


@dataclass(slots=True)
class _Open:
    """A list or mapping under construction; `key` waits for its value."""

    into: list[Value] | dict[str, Value]
    key: str | None = None

    def put(self, value: Value) -> None:
        if isinstance(self.into, list):
            self.into.append(value)
        elif self.key is None:
            self.key = value.strip().lower() if isinstance(value, str) else "?"
        else:
            self.into[self.key] = value
            self.key = None


@dataclass(slots=True)
class _Builder:
    """Turns YAML events into values, within the caps."""

    stack: list[_Open] = field(default_factory=lambda: [_Open([])])

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise _RefusedError("aliases are not accepted", event.start_mark.line + 1)
        if isinstance(event, yaml.ScalarEvent):
            self.stack[-1].put(_scalar(event))
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._open(event)
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.stack.pop().into
            self.stack[-1].put(done)

    def _open(self, event: yaml.Event) -> None:
        if len(self.stack) > MAX_DEPTH:
            reason = f"nested deeper than {MAX_DEPTH} levels"
            raise _RefusedError(reason, event.start_mark.line + 1)
        self.stack.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else []))


def _parse(header: str) -> Value:
    if len(header) > MAX_HEADER_CHARS:
        reason = f"it has {len(header)} characters, more than {MAX_HEADER_CHARS}"
        raise _RefusedError(reason, 1)
    builder = _Builder()
    for count, event in enumerate(yaml.parse(header, Loader=_LOADER)):
        if count >= MAX_EVENTS:
            reason = f"it has more than {MAX_EVENTS} keys and values"
            raise _RefusedError(reason, event.start_mark.line + 1)
        builder.take(event)
    documents = builder.stack[0].into
    return documents[0] if isinstance(documents, list) and documents else {}


def _scalar(event: yaml.ScalarEvent) -> str:
    value = str(event.value)
    return "" if event.style in (None, "") and value in _NULLS else value


def _mapping(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    raise _RefusedError("it holds no `key: value` lines", 1)


# -------------------------------------------------------------------------- forgiving


def _salvage(lines: list[str], depth: int = 0) -> tuple[dict[str, Value], int]:
    """Return the values of a header that is not YAML, and how many of `lines` belong to it.

    The header is cut into one piece a key; each piece is YAML on its own or plain text.
    """
    used = _header_length(lines)
    values: dict[str, Value] = {}
    for key, piece in islice(_pieces(lines[:used]), MAX_KEYS):
        values[key] = _piece_value(piece, depth)
    return values, used


def _header_length(lines: list[str]) -> int:
    """Count the lines that can be header: prose after an empty line cannot."""
    after_gap, heading = False, None
    for at, line in enumerate(lines):
        key = _KEY.match(line)
        if not line.strip():
            after_gap = True
        elif key and (heading is None or _KNOWN_KEYS.fullmatch(key["key"])):
            after_gap, heading = False, None
        elif line.startswith("#") and (after_gap or heading is not None):
            heading = at if heading is None else heading
        elif after_gap and not line.startswith((" ", "\t", "- ")):
            return at if heading is None else heading
    return len(lines) if heading is None else heading


def _pieces(lines: list[str]) -> Iterator[tuple[str, list[str]]]:
    starts = [at for at, line in enumerate(lines) if _KEY.match(line)]
    for start, stop in pairwise([*starts, len(lines)]):
        match = _KEY.match(lines[start])
        if match:
            yield match["key"].strip().lower(), lines[start:stop]


def _piece_value(piece: list[str], depth: int) -> Value:
    plain = [_tabs_as_spaces(line) for line in piece]
    try:
        parsed = _mapping(_parse("\n".join(plain)))
        return next(iter(parsed.values()), "")
    except _FAULTS:
        return _piece_text(plain, depth)


def _piece_text(piece: list[str], depth: int) -> Value:
    match = _KEY.match(piece[0])
    inline = ((match["value"] if match else "") or "").strip()
    below = textwrap.dedent("\n".join(piece[1:])).split("\n")
    if not inline and depth < MAX_SALVAGE_DEPTH and _KEY.match(below[0]):
        return _salvage(below, depth + 1)[0]
    if inline.startswith("|"):
        return "\n".join(below).strip()
    parts = [] if _BLOCK_MARK.match(inline) else [inline]
    parts += [line.strip() for line in below if not line.startswith("#")]
    return _unquoted(" ".join(part for part in parts if part))


def _unquoted(text: str) -> str:
    for quote in ('"', "'"):
        if text.startswith(quote):
            inner = text[1:].removesuffix(quote)
            return inner.replace(f"\\{quote}", quote)
    return text


def _tabs_as_spaces(line: str) -> str:
    """Return `line` indented by spaces: YAML forbids tabs there, editors make them."""
    indent = "".join(takewhile(lambda character: character in " \t", line))
    return indent.replace("\t", "  ") + line[len(indent) :]
