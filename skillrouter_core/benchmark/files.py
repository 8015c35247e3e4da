"""Reading the benchmark's JSON files and saying exactly what is wrong with one.

Responsible for bytes -> checked JSON values, with file, line and remedy in every error. Must not
know what the values mean.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from skillrouter_core.errors import BenchmarkError

NAMED_AT_MOST = 20
"""Ids a sentence spells out before it only counts them."""
SHOWN_CHARS = 60
"""Characters of an offending value that a message shows."""

_MembersHook = Callable[[list[tuple[str, Any]]], dict[str, Any]]


def records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line number, object) for each line of a .jsonl or .jsonl.gz file that is not blank."""
    for line, raw in _lines(path):
        record = _parsed(raw, path, line)
        if not isinstance(record, dict):
            raise BenchmarkError(
                f"{path}:{line}: {shown(record)} is not an object. Put one {{...}} on each line."
            )
        yield line, record


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    line = 0
    try:
        with gzip.open(path) if path.name.endswith(".gz") else path.open("rb") as stream:
            for line, raw in enumerate(stream, start=1):
                if raw.strip():
                    yield line, raw
    except (OSError, EOFError, zlib.error) as error:
        raise BenchmarkError(
            f"{path} cannot be read after line {line} ({error}). Copy or download it again."
        ) from error


def json_object(path: Path, shape: str) -> list[tuple[str, Any]]:
    """Read a JSON file that holds one object; return its members in file order."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BenchmarkError(
            f"{path} cannot be read ({error.strerror}). It must hold a JSON object: {shape}."
        ) from error
    value = _parsed(raw, path, None, _members)
    if not isinstance(value, dict):
        raise BenchmarkError(f"{path}: {shown(value)} is not an object. Write {{{shape}}}.")
    return list(value.items())


def _parsed(raw: bytes, path: Path, line: int | None, members: _MembersHook | None = None) -> Any:
    """Decode one JSON value; `line` is None where the value is the whole file."""
    where = f"{path}:{line}" if line else str(path)
    try:
        return json.loads(raw.decode("utf-8-sig"), object_pairs_hook=members)
    except json.JSONDecodeError as error:
        place = f"{path}:{line or error.lineno}"
        raise BenchmarkError(
            f"{place}: not JSON at column {error.colno} ({error.msg}). Mend it there."
        ) from error
    except UnicodeDecodeError as error:
        raise BenchmarkError(
            f"{where}: byte {raw[error.start]:#04x} is not UTF-8. Save the file as UTF-8."
        ) from error
    except (ValueError, RecursionError) as error:
        raise BenchmarkError(f"{where}: cannot be used ({error}). Mend it there.") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a JSON object, refusing a repeated key: silently, only its last value would count."""
    members = dict(pairs)
    if len(members) < len(pairs):
        again, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"key {again!r} comes twice")
    return members


def required(record: Mapping[str, Any], key: str, path: Path, line: int) -> str:
    """Return a text every record must have; `BenchmarkError` where it is missing or blank."""
    value = record.get(key)
    if not isinstance(value, str) or not value.strip():
        raise BenchmarkError(
            f"{path}:{line}: {key} is {shown(value)}. Give it a text that is not empty."
        )
    return value


def id_list(value: object, where: str, *, none: bool = True) -> tuple[str, ...]:
    """Return a list of ids; null stands for an empty list where `none` allows it."""
    if value is None and none:
        return ()
    if not isinstance(value, list):
        raise BenchmarkError(f"{where}: {shown(value)} is not a list. Write [skill id, ...].")
    for place, skill_id in enumerate(value, start=1):
        if not isinstance(skill_id, str):
            raise BenchmarkError(
                f"{where}: entry {place}, {shown(skill_id)}, is not a skill id. Write a string."
            )
    return tuple(value)


def shown(value: object) -> str:
    """Return an offending value as short text for a message."""
    text = "missing" if value is None else repr(value)
    return text if len(text) <= SHOWN_CHARS else text[: SHOWN_CHARS - 3] + "..."


def count_of(things: Sequence[object], noun: str) -> str:
    """Return the number with its noun: "1 task", "2 tasks"."""
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"


def named(ids: Sequence[str], at_most: int = NAMED_AT_MOST) -> str:
    """Return the ids as one phrase; beyond `at_most` it says how many are not named."""
    more = len(ids) - at_most
    return ", ".join(ids[:at_most]) + (f" and {more} more" if more > 0 else "")
