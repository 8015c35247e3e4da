"""Which format a file has, by its name.

Responsible for that rule alone. Must not open anything.
"""

from __future__ import annotations

from skillrouter_core.errors import UsageError
from skillrouter_core.records.exchange import LabelFormat

_ENDINGS = {
    ".triplets.jsonl": LabelFormat.TRIPLETS,
    ".listwise.jsonl": LabelFormat.LISTWISE,
    ".queries.jsonl": LabelFormat.QUERIES,
    ".queries.csv": LabelFormat.QUERIES,
    ".queries.tsv": LabelFormat.QUERIES,
    ".jsonl": LabelFormat.JSONL,
    ".ndjson": LabelFormat.JSONL,
    ".csv": LabelFormat.CSV,
    ".tsv": LabelFormat.CSV,
    ".qrels": LabelFormat.QRELS,
    ".trec": LabelFormat.QRELS,
    ".zip": LabelFormat.EVAL_CORE,
}
"""Longer endings go before the shorter ones that they end with."""


def format_of(name: str, *, folder: bool = False) -> LabelFormat:
    """Return the format that a name implies; raise `UsageError` where none does.

    A folder, and a name without any ending, is a benchmark.
    """
    lowered = name.lower().rstrip("/")
    for ending, found in _ENDINGS.items():
        if lowered.endswith(ending) and not folder:
            return found
    if folder or "." not in lowered.rpartition("/")[2]:
        return LabelFormat.EVAL_CORE
    known = ", ".join(LabelFormat)
    raise UsageError(f"{name!r} does not say its format; give --format, one of: {known}")
