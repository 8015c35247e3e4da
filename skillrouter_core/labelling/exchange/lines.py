"""JSON lines from outside: one object a line, with a reason for each line that holds none.

Responsible for bytes -> (line, object). Must not know what the objects mean.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.parsing.decoding import decode
from skillrouter_core.records.exchange import RowError

ENDINGS = (".jsonl", ".ndjson")


def text_of(raw: bytes) -> tuple[str, tuple[str, ...]]:
    """Return a file's bytes as text and what was guessed; UTF-8 is taken to the letter.

    Only what is not UTF-8 is repaired: a label's query must come back as it was written.
    """
    try:
        return raw.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        decoded = decode(raw)
    return decoded.text, tuple(
        f"line {line}: {reason}" if line else reason for line, reason in decoded.notes
    )


def is_json_lines(name: str, text: str) -> bool:
    """Tell whether a file is JSON lines, by its name, else by its first character."""
    return name.lower().endswith(ENDINGS) or text.lstrip("\ufeff \t\r\n").startswith("{")


def json_lines(text: str, limits: Limits) -> Iterator[tuple[int, dict[str, Any] | RowError]]:
    """Yield (line, object), or why a line holds none; blank lines are passed over.

    Lines beyond `limits.rows` are not read; the last thing yielded says so.
    """
    found = 0
    # Not splitlines: a JSON text may hold other line ends as they are.
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        found += 1
        if found > limits.rows:
            yield number, too_many_rows(number, limits)
            return
        yield number, _object(number, line)


def too_many_rows(number: int, limits: Limits) -> RowError:
    """Return the error that ends a file with too many rows."""
    reason = f"more than {limits.rows:,} rows; this one and those after it are not read"
    return RowError(number, "", "", reason, "split the file")


def _object(number: int, line: str) -> dict[str, Any] | RowError:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return RowError(number, "", line, f"not JSON ({error})", "write one {...} on each line")
    if not isinstance(value, dict):
        kind = "list" if isinstance(value, list) else type(value).__name__
        return RowError(
            number, "", line, f"a {kind}, not an object", "write one {...} on each line"
        )
    return value
