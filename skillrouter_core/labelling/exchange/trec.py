"""TREC: grades as qrels, queries as topics beside them.

Responsible for `query-id 0 skill-id grade` lines and for the table of queries. A query's id is
made from its text, so that the same query has the same id in every export. Must not know what
the workspace holds.
"""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, unquote

from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.cells import line
from skillrouter_core.labelling.exchange.limits import Limits, refuse_unreadable
from skillrouter_core.labelling.exchange.lines import text_of, too_many_rows
from skillrouter_core.labelling.exchange.refusals import Refused
from skillrouter_core.labelling.exchange.verdicts import verdict
from skillrouter_core.records.exchange import LabelFile, LabelRow, RowError

TOPICS_ENDING = ".queries.tsv"
"""What the file of queries beside `FILE` is called: `FILE.queries.tsv`."""
ID_DIGITS = 16

_UNSAFE = re.compile(r"[\s%]")


def query_id(text: str) -> str:
    """Return a query's id: q and 16 hex digits of its text's SHA-256."""
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return f"q{digest[:ID_DIGITS]}"


def to_qrels(rows: Iterable[LabelRow]) -> str:
    """Return a line for each graded row; those without a grade have no place in qrels.

    White space and % in a skill's id are written as %20 and so on.
    """
    return "".join(
        f"{query_id(row.query)} 0 {_UNSAFE.sub(_escaped, row.skill_id)} {row.grade}\n"
        for row in rows
        if row.grade is not None
    )


def _escaped(found: re.Match[str]) -> str:
    return quote(found[0], safe="")


def to_topics(queries: Iterable[str]) -> str:
    """Return id, tab, text, a line each; a text with tabs or line breaks stands in quotes."""
    return "".join(line((query_id(text), text), "\t") for text in dict.fromkeys(queries))


def read_topics(raw: bytes, name: str, limits: Limits | None = None) -> dict[str, str]:
    """Return the text by id of each query; raises `SourceError` naming the first bad row."""
    limits = limits or Limits()
    refuse_unreadable(raw, name, limits)
    text, _ = text_of(raw)
    found: dict[str, str] = {}
    lines = csv.reader(io.StringIO(text, newline=""), delimiter="\t", strict=True)
    try:
        for number, cells in enumerate(lines, 1):
            if not cells:
                continue
            if len(cells) != 2 or not cells[0].strip() or not cells[1].strip():
                raise SourceError(
                    f"{name}, row {number}: {len(cells)} cells; write id, tab and the query's text"
                )
            if len(found) >= limits.rows:
                raise SourceError(f"{name} has more than {limits.rows:,} queries: split it")
            found[cells[0].strip()] = cells[1]
    except csv.Error as error:
        raise SourceError(
            f"{name} cannot be read ({error}): put a text with quotation marks into quotation "
            "marks, each one inside doubled"
        ) from error
    return found


def read_qrels(
    raw: bytes, name: str, topics: Mapping[str, str], limits: Limits | None = None
) -> LabelFile:
    """Return the verdicts of qrels whose queries' texts are in `topics`, by query id.

    They have no annotator, no moment and no text's hash: the format does not carry any.
    """
    limits = limits or Limits()
    refuse_unreadable(raw, name, limits)
    text, notes = text_of(raw)
    rows: list[LabelRow] = []
    errors: list[RowError] = []
    for number, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        if len(rows) + len(errors) >= limits.rows:
            errors.append(too_many_rows(number, limits))
            break
        try:
            rows.append(_row(said.split(), number, topics, limits))
        except Refused as refused:
            errors.append(refused.at(number))
    return LabelFile(tuple(rows), tuple(errors), notes + _binary(rows))


def _row(cells: Sequence[str], number: int, topics: Mapping[str, str], limits: Limits) -> LabelRow:
    if len(cells) != 4:
        reason = f"{len(cells)} values"
        raise Refused("", " ".join(cells), reason, "write query-id 0 skill-id grade")
    key, _, skill_id, grade = cells
    if key not in topics:
        remedy = "add it to the file of queries (id, tab, text)"
        raise Refused("query id", key, "no text for this query", remedy)
    record = {"query": topics[key], "skill_id": unquote(skill_id), "grade": grade}
    return verdict(record, number, limits)


def _binary(rows: Sequence[LabelRow]) -> tuple[str, ...]:
    if rows and {row.grade for row in rows} <= {0, 1}:
        return ("All grades are 0 or 1; 1 is read as related, not as right.",)
    return ()
