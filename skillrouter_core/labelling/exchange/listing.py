"""Saved queries as files that can be uploaded again.

Responsible for their layout as JSON lines and CSV. Must not know where queries are kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from skillrouter_core.labelling.exchange.cells import to_csv
from skillrouter_core.records import SavedQuery

COLUMNS = ("query", "expected", "split", "suite", "source", "author", "created_at")


def to_query_lines(queries: Iterable[SavedQuery]) -> str:
    """Return one JSON object a line, keys as in `COLUMNS`; expected is a list of skill ids."""
    return "".join(
        json.dumps(
            dict(zip(COLUMNS, (one.text, list(one.expected), *_rest(one)), strict=True)),
            ensure_ascii=False,
        )
        + "\n"
        for one in queries
    )


def to_query_csv(queries: Iterable[SavedQuery]) -> str:
    """Return the same as CSV; expected ids are parted by `|`, or a JSON list where one has it."""
    return to_csv(COLUMNS, ((one.text, _ids(one.expected), *_rest(one)) for one in queries))


def _ids(expected: tuple[str, ...]) -> str:
    plain = "|".join(expected)
    safe = not plain.startswith("[") and all("|" not in one for one in expected)
    return plain if safe else json.dumps(list(expected), ensure_ascii=False)


def _rest(one: SavedQuery) -> tuple[str, ...]:
    return (one.split.value, one.suite, one.source, one.author, one.created_at.isoformat())
