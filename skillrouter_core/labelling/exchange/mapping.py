"""From the rows of a table to queries.

Responsible for guessing which column is which, and for reading texts, expected skills, grades
and splits out of cells. Must not know how a file became a table, nor where queries are kept.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.refusals import Refused
from skillrouter_core.parsing import clean_text
from skillrouter_core.records import NewQuery, Split
from skillrouter_core.records.exchange import (
    ColumnMapping,
    MappedQueries,
    Table,
    TableRow,
)

RIGHT = 3
"""From this grade on a skill of a graded row is expected."""

_NAMES = {
    "text": ("query", "text", "query_text", "instruction_text", "instruction", "request", "prompt",
             "question", "task", "utterance", "input", "search", "topic"),
    "expected": ("expected", "expected_skills", "expected_ids", "skill_id", "skill", "skills",
                 "skill_ids", "expected_skill", "core_gt_ids", "gt_skill_ids", "answer", "answers",
                 "target", "label", "doc_id"),
    "grade": ("grade", "relevance", "rating", "score", "rel"),
    "split": ("split", "set", "fold", "partition"),
}  # fmt: skip
"""What columns are called, in lower case with underscores; the first one found is taken."""

_SPLITS = {
    **dict.fromkeys(("train", "training"), Split.TRAIN),
    **dict.fromkeys(
        ("held-out", "heldout", "test", "testing", "eval", "evaluation", "dev", "valid",
         "validation"),
        Split.HELD_OUT,
    ),
}  # fmt: skip


def propose_mapping(table: Table) -> ColumnMapping:
    """Return which columns seem to hold what, by their names; the text by length where unnamed."""
    by_name: dict[str, str] = {}
    for column in table.columns:
        by_name.setdefault(re.sub(r"[\W_]+", "_", column.strip().lower()).strip("_"), column)
    chosen: dict[str, str] = {}
    for role, names in _NAMES.items():
        chosen[role] = next((by_name[name] for name in names if name in by_name), "")
    chosen["text"] = chosen["text"] or _longest(table, set(chosen.values()))
    return ColumnMapping(**chosen)


def _longest(table: Table, taken: set[str]) -> str:
    """Return the free column with the most characters in its first rows."""
    sizes = {
        column: sum(len(row.cells[place]) for row in table.rows[:50])
        for place, column in enumerate(table.columns)
        if column not in taken
    }
    return max(sizes, key=lambda column: sizes[column]) if sizes else ""


@dataclass(slots=True)
class _Gathered:
    """What the rows of one text say so far."""

    expected: dict[str, None] = field(default_factory=dict)
    split: Split | None = None
    rows: int = 0


def map_rows(
    table: Table,
    mapping: ColumnMapping,
    known: KnownSkills,
    limits: Limits | None = None,
    *,
    held_out: Collection[str] = (),
) -> MappedQueries:
    """Return the queries of a table, each text once, and why other rows hold none.

    Rows with the same text are put together: what any of them expects is expected. With a
    column of grades, a row's skills are expected where the grade is 3. A text among `held_out`
    cannot be asked for as train. Raises `UsageError` where the mapping names no column of the
    table for the text.
    """
    reader = _Reader(table, mapping, known, limits or Limits(), held_out)
    gathered: dict[str, _Gathered] = {}
    errors = list(table.errors)
    for row in table.rows:
        try:
            reader.take(row, gathered)
        except Refused as refused:
            errors.append(refused.at(row.number))
    errors.sort(key=lambda error: error.row)
    queries = tuple(
        NewQuery(text, tuple(one.expected), one.split) for text, one in gathered.items()
    )
    return MappedQueries(
        queries, tuple(errors), len(table.rows) + len(table.errors), table.notes + _notes(gathered)
    )


def _notes(gathered: dict[str, _Gathered]) -> tuple[str, ...]:
    repeated = sum(one.rows - 1 for one in gathered.values())
    if not repeated:
        return ()
    rows = "1 row repeats" if repeated == 1 else f"{repeated:,} rows repeat"
    return (f"{rows} the text of another one: what they expect is put together.",)


class _Reader:
    """Reads one row after another by one mapping."""

    def __init__(
        self,
        table: Table,
        mapping: ColumnMapping,
        known: KnownSkills,
        limits: Limits,
        held_out: Collection[str],
    ) -> None:
        self._mapping, self._known, self._limits = mapping, known, limits
        self._held_out = held_out
        self._places = {column: place for place, column in enumerate(table.columns)}
        if mapping.text not in self._places:
            named = ", ".join(table.columns) or "none"
            raise UsageError(f"no column {mapping.text!r} holds the query; there are: {named}")
        for column in (mapping.expected, mapping.grade, mapping.split):
            if column and column not in self._places:
                raise UsageError(f"{table.name} has no column {column!r}; choose another one")

    def take(self, row: TableRow, gathered: dict[str, _Gathered]) -> None:
        text = self._text(row)
        split = self._split(row)
        if split is Split.TRAIN and text in self._held_out:
            reason = "this text is held out here, and the row asks to train with it"
            raise Refused(self._mapping.split, text, reason, "leave its split empty, or held-out")
        expected = self._expected(row) if self._counts(row) else ()
        found = gathered.get(text, _Gathered())
        if split is not None and found.split not in (None, split):
            other = f"an earlier row puts the same text into {found.split}"
            raise Refused(self._mapping.split, split.value, other, "put both on one side")
        if len({*found.expected, *expected}) > self._limits.expected:
            reason = f"more than {self._limits.expected} skills are expected of one query"
            raise Refused(self._mapping.expected, text, reason, "name those that answer it best")
        found.split = found.split or split
        found.expected.update(dict.fromkeys(expected))
        found.rows += 1
        gathered[text] = found

    def _cell(self, row: TableRow, column: str) -> str:
        return clean_text(row.cells[self._places[column]]).strip() if column else ""

    def _text(self, row: TableRow) -> str:
        column, text = self._mapping.text, self._cell(row, self._mapping.text)
        if not text:
            raise Refused(column, "", "the query is empty", "write what the agent should do")
        if len(text) > self._limits.text_chars:
            reason = f"{len(text):,} characters, more than {self._limits.text_chars:,}"
            raise Refused(column, text, reason, "shorten the query")
        return text

    def _split(self, row: TableRow) -> Split | None:
        value = self._cell(row, self._mapping.split)
        if not value:
            return None
        try:
            return _SPLITS[value.lower().replace("_", "-").replace(" ", "-")]
        except KeyError:
            remedy = "write train or held-out, or nothing"
            raise Refused(self._mapping.split, value, "no side of training", remedy) from None

    def _counts(self, row: TableRow) -> bool:
        """Return whether the row's skills are right ones: without grades they are."""
        value = self._cell(row, self._mapping.grade)
        if not value:
            return True
        try:
            return float(value) >= RIGHT
        except ValueError:
            remedy = "write 3, 2, 1 or 0, or nothing"
            raise Refused(self._mapping.grade, value, "no number", remedy) from None

    def _expected(self, row: TableRow) -> tuple[str, ...]:
        found = []
        for written in self._ids(row):
            skill_id = self._known.find(written)
            if skill_id is None:
                reason, remedy = self._known.why_not(written)
                if "," in written or ";" in written:
                    remedy += "; part several ids by |"
                raise Refused(self._mapping.expected, written, reason, remedy)
            found.append(skill_id)
        return tuple(found)

    def _ids(self, row: TableRow) -> Iterator[str]:
        value = self._cell(row, self._mapping.expected)
        try:
            return iter(id_list(value))
        except ValueError as error:
            remedy = 'write ["id", "id"], or part ids by |'
            raise Refused(self._mapping.expected, value, str(error), remedy) from None


def id_list(value: str) -> tuple[str, ...]:
    """Return the texts of a cell that has several: a JSON list, or parted by `|`.

    Raises ValueError where it begins like a list and is none.
    """
    if not value.startswith("["):
        return tuple(part for part in (each.strip() for each in value.split("|")) if part)
    try:
        items = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError("begins like a JSON list and is none") from None
    if not isinstance(items, list) or not all(isinstance(item, str) for item in items):
        raise ValueError("a list of other things than texts")
    return tuple(item.strip() for item in items if item.strip())
