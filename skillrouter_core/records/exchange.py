"""What comes in and goes out as files: tables, rows that cannot be used, labels, reports.

Responsible for the records. Must not know how a file is read or written, nor what is kept of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from skillrouter_core.records.labels import NewQuery, SavedCounts, Split

SHOWN_CHARS = 60
"""Characters of an offending value that a message shows."""


class LabelFormat(StrEnum):
    """A form that labels or queries have outside the workspace."""

    JSONL = "jsonl"
    CSV = "csv"
    QRELS = "qrels"
    EVAL_CORE = "eval-core"
    TRIPLETS = "triplets"
    LISTWISE = "listwise"
    QUERIES = "queries"


ONE_WAY = (LabelFormat.TRIPLETS, LabelFormat.LISTWISE)
"""Formats that hold texts instead of skills, so that nothing could be imported from them."""


@dataclass(frozen=True, slots=True)
class RowError:
    """Why one row of a file is left out.

    `row` counts from 1 as a spreadsheet does, the header and blank rows with it; in files of
    lines it is the line. `column` is "" where the whole row is at fault.
    """

    row: int
    column: str
    value: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        """Return the error as one line."""
        value = " ".join(self.value.split())
        shown = value if len(value) <= SHOWN_CHARS else value[: SHOWN_CHARS - 1] + "…"
        where = f"row {self.row}" + (f", {self.column}" if self.column else "")
        return f"{where}: {shown + ': ' if shown else ''}{self.reason}; {self.remedy}"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row of a table; `number` as in `RowError`, `cells` as many as there are columns."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """An uploaded file as text in rows and named columns, and what of it could not be read.

    `notes` are sentences about what was guessed or repaired.
    """

    name: str
    columns: tuple[str, ...]
    rows: tuple[TableRow, ...]
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ColumnMapping:
    """Which column holds what of a query; "" where there is none."""

    text: str = ""
    expected: str = ""
    grade: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class MappedQueries:
    """The queries of a file, each text once, and the rows that hold none; `rows` were read."""

    queries: tuple[NewQuery, ...]
    errors: tuple[RowError, ...]
    rows: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelRow:
    """One verdict as a file has it; `row` is where, 0 for one that comes from the workspace.

    `at` None: the file does not say when; `suites` None: it does not say where the query is
    saved. `content_hash` is "" where it does not say of which text. Without `annotator` it is a
    grade that the `judges` agreed on, `settled` by somebody, or `contested`.
    """

    query: str
    skill_id: str
    grade: int | None
    content_hash: str = ""
    annotator: str = ""
    at: datetime | None = None
    seconds: float | None = None
    note: str = ""
    origin: str = ""
    split: Split | None = None
    suites: tuple[str, ...] | None = None
    judges: tuple[str, ...] = ()
    settled: bool = False
    contested: bool = False
    row: int = 0


@dataclass(frozen=True, slots=True)
class LabelFile:
    """The verdicts of a file and the rows that hold none."""

    rows: tuple[LabelRow, ...]
    errors: tuple[RowError, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import of queries or labels did; rows with errors are left out.

    `verdicts` and `queries` count what was new, changed, or there already. `stored` is false
    where nothing at all was kept: no row is usable, or one has an error and all or nothing was
    asked for.
    """

    format: LabelFormat
    verdicts: SavedCounts
    queries: SavedCounts
    errors: tuple[RowError, ...]
    notes: tuple[str, ...] = ()
    stored: bool = True


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How a file is taken in.

    `format` None: as its name and its columns say. `suite` is where queries go that the file
    puts nowhere, `annotator` whose the verdicts are that name nobody, `author` who imports.
    `strict`: all or nothing.
    """

    format: LabelFormat | None = None
    suite: str = ""
    annotator: str = ""
    author: str = ""
    held_out: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What is written: of one side of training, of one suite; `every` verdict, not the agreed."""

    format: LabelFormat
    split: Split | None = None
    suite: str | None = None
    every: bool = False


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What was written, where, and what was left out (`notes`, a sentence each)."""

    format: LabelFormat
    files: tuple[Path, ...]
    queries: int
    labels: int
    notes: tuple[str, ...] = ()
