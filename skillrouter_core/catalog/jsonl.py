"""Skills as lines of JSON: one .jsonl or .jsonl.gz, or a folder of shards.

Responsible for the benchmark's record layout (skill_id, name, description, body,
and where given source, path, category). Must not know of catalogs.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from skillrouter_core.archives import MAX_SKILL_BYTES
from skillrouter_core.errors import SourceError
from skillrouter_core.parsing import clean_text, one_line
from skillrouter_core.records import ImportIssue

MAX_LINE_BYTES = 6 * MAX_SKILL_BYTES
"""A longer line is left out, with an issue: JSON may write each byte as six (`\\u0000`)."""

MAX_TOTAL_BYTES = 16_000_000_000
"""A file that unpacks to more is read no further, with an issue."""

SUFFIXES = (".jsonl", ".jsonl.gz")
"""How the files end that are read as records."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record: the fields of a skill as clean text ("" where missing) and its line."""

    skill_id: str
    name: str
    description: str
    body: str
    category: str
    source: str
    path: str
    line: int


def shards(folder: Path) -> tuple[Path, ...]:
    """Return the record files directly in `folder`, in order of name."""
    files = (file for file in folder.iterdir() if file.is_file())
    return tuple(sorted(file for file in files if file.name.lower().endswith(SUFFIXES)))


def read_records(path: Path, issues: list[ImportIssue] | None = None) -> Iterator[dict[str, Any]]:
    """Yield each line of a .jsonl or .jsonl.gz as a dictionary, blank lines left out.

    A line that is no JSON object, and the place where a file breaks off, are added to
    `issues` with file and line; without `issues` they raise SourceError.
    """
    for _, record in numbered_records(path, path.name, issues):
        yield record


def numbered_records(
    path: Path, shown: str, issues: list[ImportIssue] | None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, record); see `read_records`. `shown` is how issues name the file."""
    for line, raw, fault in _lines(path):
        record = None
        if not fault:
            record, fault = _decoded(raw)
        if record is not None:
            yield line, record
        elif fault and issues is None:
            raise SourceError(f"{path}, line {line}: {fault}. Repair or remove the line")
        elif fault and issues is not None:
            issues.append(ImportIssue(shown, line, fault, imported=False))


def read_skill_records(path: Path, shown: str, issues: list[ImportIssue]) -> Iterator[Record]:
    """Yield the records that can be skills: those with a skill_id or a name."""
    for line, record in numbered_records(path, shown, issues):
        text = {key: _text(record.get(key)) for key in Record.__dataclass_fields__}
        name = one_line(text["name"])
        skill_id = one_line(text["skill_id"]).strip("/") or name
        if not skill_id:
            reason = "neither skill_id nor name: not a skill"
            issues.append(ImportIssue(shown, line, reason, imported=False))
            continue
        size = len(text["body"].encode())
        if size > MAX_SKILL_BYTES:
            reason = f"{size} bytes of body, more than the {MAX_SKILL_BYTES} a skill may have"
            issues.append(ImportIssue(shown, line, reason, imported=False))
            continue
        yield Record(
            skill_id=skill_id,
            name=name or skill_id.rpartition("/")[2],
            description=text["description"].strip(),
            body=text["body"],
            category=one_line(text["category"]),
            source=one_line(text["source"]),
            path=one_line(text["path"]),
            line=line,
        )


def _lines(path: Path) -> Iterator[tuple[int, bytes, str]]:
    """Yield (line number, bytes, "") or (line number, b"", reason); ends at a broken place."""
    number, total = 0, 0
    with _opened(path) as file:
        while total <= MAX_TOTAL_BYTES:
            try:
                raw, size = _line(file)
            except (OSError, EOFError, zlib.error) as error:
                yield number + 1, b"", f"the file breaks off here ({error}): fetch it again"
                return
            if not size:
                return
            number, total = number + 1, total + size
            fault = f"{size} bytes, more than the {MAX_LINE_BYTES} a line may have"
            yield (number, raw, "") if raw else (number, b"", fault)
    yield number + 1, b"", f"the file has more than {MAX_TOTAL_BYTES} bytes: read no further"


def _opened(path: Path) -> BinaryIO:
    if path.name.lower().endswith(".gz"):
        return cast("BinaryIO", gzip.open(path, "rb"))
    return path.open("rb")


def _line(file: BinaryIO) -> tuple[bytes, int]:
    """Return one line and its size; an overlong one is passed over and returned as b""."""
    raw = file.readline(MAX_LINE_BYTES)
    size = len(raw)
    if size < MAX_LINE_BYTES or raw.endswith(b"\n"):
        return raw, size
    while size <= MAX_TOTAL_BYTES:
        more = file.readline(MAX_LINE_BYTES)
        size += len(more)
        if not more or more.endswith(b"\n"):
            break
    return b"", size


def _decoded(raw: bytes) -> tuple[dict[str, Any] | None, str]:
    """Return the record, or None with a reason; a blank line is None without one."""
    try:
        text = raw.decode("utf-8-sig").strip()
        record = json.loads(text) if text else None
    except UnicodeDecodeError:
        return None, "not UTF-8"
    except (ValueError, RecursionError) as error:
        return None, f"not JSON: {error}"
    if record is None and not text:
        return None, ""
    if not isinstance(record, dict):
        return None, f"a JSON {type(record).__name__}, not an object"
    return record, ""


def _text(value: Any) -> str:
    """Return a JSON value as clean text: null is "", lists are joined by commas."""
    if value is None:
        return ""
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)
    return clean_text(json.dumps(value, ensure_ascii=False))
