"""Queries from files into suites.

Responsible for tables and benchmarks as queries, held against the skills and sides there are.
Must not know how a file becomes rows: `labelling.exchange` does.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from db import saved_queries
from skillrouter_core.archives import open_archive
from skillrouter_core.benchmark import load_tasks
from skillrouter_core.errors import SourceError
from skillrouter_core.labelling.exchange.benchmarks import benchmark_queries
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.limits import Limits
from skillrouter_core.labelling.exchange.mapping import map_rows
from skillrouter_core.parsing import clean_text
from skillrouter_core.records import QuerySource, SavedCounts, Split
from skillrouter_core.records.exchange import (
    ColumnMapping,
    ImportOptions,
    ImportReport,
    LabelFormat,
    MappedQueries,
    Table,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NOTHING = SavedCounts(0, 0, 0)
_FILES = ("tasks.jsonl", "relevance.json")


def mapped(
    ws: Workspace, table: Table, mapping: ColumnMapping, known: KnownSkills
) -> MappedQueries:
    """Return the queries of a table; one that is held out here cannot ask for training."""
    texts: set[str] = set()
    if mapping.text in table.columns:
        place = table.columns.index(mapping.text)
        texts = {clean_text(row.cells[place]).strip() for row in table.rows}
    with ws.database.read() as session:
        sides = saved_queries.splits(session, texts)
    held_out = frozenset(text for text, side in sides.items() if side is Split.HELD_OUT)
    return map_rows(table, mapping, known, held_out=held_out)


def benchmark_tasks(place: Path, known: KnownSkills, limits: Limits | None = None) -> MappedQueries:
    """Return the tasks of a benchmark's folder or zip as held-out queries.

    Its pool is not read. Raises `BenchmarkError`, and `SourceError` for a zip that is unsafe or
    holds no benchmark.
    """
    limits = limits or Limits()
    with _opened(place, limits) as folder:
        for name in _FILES:
            path = folder / name
            if path.is_file() and path.stat().st_size > limits.file_bytes:
                raise SourceError(
                    f"{path.name} has {path.stat().st_size:,} bytes, more than "
                    f"{limits.file_bytes:,}: split the benchmark"
                )
        tasks, relevance = load_tasks(folder)
    return benchmark_queries(tasks, relevance, known, limits)


@contextmanager
def _opened(place: Path, limits: Limits) -> Iterator[Path]:
    if place.is_dir() or not place.name.lower().endswith(".zip"):
        yield place
        return
    with open_archive(place, wanted=_is_wanted, max_bytes=limits.file_bytes) as unpacked:
        folders = sorted({file.parent for file in unpacked.folder.rglob(_FILES[0])})
        if unpacked.issues or len(folders) != 1:
            issues = "; ".join(f"{issue.path}: {issue.reason}" for issue in unpacked.issues)
            raise SourceError(
                f"{place.name} does not hold one benchmark "
                f"({issues or f'{len(folders)} files {_FILES[0]}'}): "
                f"pack one folder with {' and '.join(_FILES)}"
            )
        yield folders[0]


def _is_wanted(name: str) -> bool:
    return name.replace("\\", "/").rpartition("/")[2] in _FILES


def keep(
    ws: Workspace, found: MappedQueries, kind: LabelFormat, options: ImportOptions
) -> ImportReport:
    """Keep queries in a suite, all usable ones or, where that is asked for, all or none."""
    stored = bool(found.queries) and not (options.strict and found.errors)
    counts = NOTHING
    if stored:
        source = QuerySource.EVAL_CORE if kind is LabelFormat.EVAL_CORE else QuerySource.UPLOAD
        counts = ws.labels.save_queries(
            found.queries, options.suite, options.author, source, held_out=options.held_out
        )
    return ImportReport(kind, NOTHING, counts, found.errors, found.notes, stored)
