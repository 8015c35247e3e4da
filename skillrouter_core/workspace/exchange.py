"""Queries and labels in and out of the workspace as files: `ws.exchange`.

Responsible for choosing the reader of a file and handing on what it found. Must not know any
format. Nothing of a file is kept before all of it was read.
"""

from __future__ import annotations

import re
import tempfile
import zipfile
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from skillrouter_core.errors import SourceError, UsageError
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records.exchange import (
    ONE_WAY,
    ColumnMapping,
    ExportOptions,
    ExportReport,
    ImportOptions,
    ImportReport,
    LabelFile,
    LabelFormat,
    MappedQueries,
    Table,
)

if TYPE_CHECKING:
    from skillrouter_core.labelling.exchange.ids import KnownSkills
    from skillrouter_core.workspace import Workspace

DEFAULT_SUITE = "default"
FILE_NAMES = {
    LabelFormat.JSONL: "labels.jsonl",
    LabelFormat.CSV: "labels.csv",
    LabelFormat.QRELS: "labels.qrels",
    LabelFormat.EVAL_CORE: "benchmark",
    LabelFormat.TRIPLETS: "labels.triplets.jsonl",
    LabelFormat.LISTWISE: "labels.listwise.jsonl",
    LabelFormat.QUERIES: "queries.csv",
}
"""What a download of each format is called; several files come as a zip."""


class Exchange:
    """Imports and exports; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace = workspace
        self._known: tuple[str, KnownSkills] | None = None
        self._lock = Lock()

    # ------------------------------------------------------------------ queries

    def read_table(self, raw: bytes, name: str) -> Table:
        """Return an uploaded CSV or JSONL file as a table; raise `SourceError` for none."""
        from skillrouter_core.labelling.exchange.tables import read_table

        return read_table(raw, name)

    def propose_mapping(self, table: Table) -> ColumnMapping:
        """Return which columns of a table seem to hold query, skills, grade and split."""
        from skillrouter_core.labelling.exchange.mapping import propose_mapping

        return propose_mapping(table)

    def holds_labels(self, table: Table) -> bool:
        """Tell whether a table's rows are verdicts: they have query, skill_id and grade."""
        from skillrouter_core.labelling.exchange.labels import is_label_table

        return is_label_table(table)

    def map_rows(self, table: Table, mapping: ColumnMapping) -> MappedQueries:
        """Return the queries of a table, and why other rows hold none; nothing is kept."""
        from skillrouter_core.workspace.exchange_queries import mapped

        return mapped(self._workspace, table, mapping, self._skills())

    def read_benchmark(self, place: Path) -> MappedQueries:
        """Return the tasks of a benchmark's folder or zip as held-out queries; nothing is kept."""
        from skillrouter_core.workspace.exchange_queries import benchmark_tasks

        return benchmark_tasks(place, self._skills())

    def keep_queries(
        self,
        found: MappedQueries,
        options: ImportOptions,
        kind: LabelFormat = LabelFormat.QUERIES,
    ) -> ImportReport:
        """Save queries to a suite; see `ImportOptions`."""
        from skillrouter_core.workspace.exchange_queries import keep

        return keep(self._workspace, found, kind, options)

    def _skills(self) -> KnownSkills:
        from skillrouter_core.labelling.exchange.ids import KnownSkills

        catalogs = self._workspace.catalogs
        fingerprint = catalogs.fingerprint()
        with self._lock:
            if self._known is None or self._known[0] != fingerprint:
                self._known = (fingerprint, KnownSkills(catalogs.hashes()))
            return self._known[1]

    # ------------------------------------------------------------------ labels

    def read_labels(
        self, raw: bytes, name: str, kind: LabelFormat, topics: bytes | None = None
    ) -> LabelFile:
        """Return the verdicts of a file; `topics` has the texts of qrels. Nothing is kept."""
        from skillrouter_core.labelling.exchange import labels, trec

        if kind is not LabelFormat.QRELS:
            return labels.read_labels(raw, name)
        if topics is None:
            raise SourceError(
                f"{name} has no texts of its queries: put {name}{trec.TOPICS_ENDING} beside it, "
                "with query id, tab and text on each line"
            )
        texts = trec.read_topics(topics, f"{name}{trec.TOPICS_ENDING}")
        return trec.read_qrels(raw, name, texts)

    def keep_labels(
        self, found: LabelFile, options: ImportOptions, kind: LabelFormat = LabelFormat.JSONL
    ) -> ImportReport:
        """Keep verdicts and save their queries, in one transaction; see `ImportOptions`.

        Those that are there already change nothing, however often they come.
        """
        from skillrouter_core.workspace.exchange_labels import keep_labels

        return keep_labels(self._workspace, found, kind, options)

    # ------------------------------------------------------------------ files

    def import_file(self, place: Path, options: ImportOptions) -> ImportReport:
        """Import a file, a zip or a benchmark's folder, of whatever format it is.

        A table without grades of skills holds queries. Raises `UsageError`, `SourceError`,
        `BenchmarkError`; nothing is kept then.
        """
        from skillrouter_core.labelling.exchange.formats import format_of

        kind = options.format or format_of(place.name, folder=place.is_dir())
        if kind in ONE_WAY:
            raise UsageError(f"{kind} holds texts without their skills; it can only be exported")
        options = replace(options, suite=options.suite or _suite_name(place))
        if kind is LabelFormat.EVAL_CORE:
            return self.keep_queries(self.read_benchmark(place), options, kind)
        raw = _bytes(place)
        if kind is LabelFormat.QRELS:
            return self.keep_labels(
                self.read_labels(raw, place.name, kind, _topics(place)), options, kind
            )
        table = self.read_table(raw, place.name)
        asked = options.format is not None and kind is not LabelFormat.QUERIES
        if kind is not LabelFormat.QUERIES and (asked or self.holds_labels(table)):
            return self.keep_labels(self.read_labels(raw, place.name, kind), options, kind)
        return self.keep_queries(self.map_rows(table, self.propose_mapping(table)), options)

    def export(
        self, place: Path, options: ExportOptions, listener: ProgressListener = silent
    ) -> ExportReport:
        """Write labels or queries to a file (qrels to two, a benchmark to a new folder).

        Raises `UsageError` where nothing can be written there, or nothing is to be written.
        """
        from skillrouter_core.workspace.exchange_export import write

        return write(self._workspace, place, options, listener)

    def export_benchmark(
        self, options: ExportOptions, listener: ProgressListener = silent
    ) -> tuple[Path, ExportReport]:
        """Write a benchmark to a new folder below the workspace's `exports`; return it too."""
        stamp = datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
        # Names of sets hold anything; a folder's name should not.
        what = re.sub(r"[^\w.-]+", "-", options.suite or options.split or "held-out")[:60]
        exports = self._workspace.home / "exports"
        exports.mkdir(parents=True, exist_ok=True)
        place = exports / f"benchmark-{what.strip('-.') or 'set'}-{stamp}"
        return place, self.export(place, options, listener)

    def download(self, options: ExportOptions) -> tuple[str, bytes, ExportReport]:
        """Return an export as one file: its name, its bytes, and what is in it."""
        name = FILE_NAMES[options.format]
        with tempfile.TemporaryDirectory(prefix="skillrouter-export-") as scratch:
            folder = Path(scratch)
            report = self.export(folder / name, options)
            if len(report.files) == 1:
                return name, report.files[0].read_bytes(), report
            packed = folder / "all.zip"
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                for file in report.files:
                    archive.write(file, file.relative_to(folder).as_posix())
            return f"{name}.zip", packed.read_bytes(), report


def _suite_name(place: Path) -> str:
    """Return the suite that a file's queries go to by default: the file's name, less its ending."""
    return place.name.partition(".")[0].strip() or DEFAULT_SUITE


def _bytes(place: Path) -> bytes:
    from skillrouter_core.labelling.exchange.limits import Limits

    limit = Limits().file_bytes
    try:
        if place.stat().st_size > limit:
            raise SourceError(
                f"{place} has {place.stat().st_size:,} bytes, more than {limit:,}: split it into "
                "several files"
            )
        return place.read_bytes()
    except OSError as error:
        raise SourceError(f"{place} cannot be read ({error.strerror}): check the path") from error


def _topics(place: Path) -> bytes | None:
    from skillrouter_core.labelling.exchange.trec import TOPICS_ENDING

    beside = place.with_name(place.name + TOPICS_ENDING)
    return _bytes(beside) if beside.exists() else None
