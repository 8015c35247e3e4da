"""What people said, written to files.

Responsible for choosing the labels of a side or a suite, and for the files of each format, each
of which appears whole or not at all. Must not know how a format is laid out.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.exchange import labels as label_files
from skillrouter_core.labelling.exchange import listing, trec
from skillrouter_core.labelling.exchange.benchmarks import benchmark_parts
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import SavedQuery, Split
from skillrouter_core.records.exchange import (
    ExportOptions,
    ExportReport,
    LabelFormat,
    LabelRow,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

TIER = "all"
"""The one pool of an exported benchmark: every skill there is."""
DEFAULT_SPLIT = {
    LabelFormat.EVAL_CORE: Split.HELD_OUT,
    LabelFormat.TRIPLETS: Split.TRAIN,
    LabelFormat.LISTWISE: Split.TRAIN,
}
"""What is measured with is held out, and nothing of it is trained on, unless somebody says so."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The labels and the saved queries that an export is about."""

    rows: tuple[LabelRow, ...]
    queries: tuple[SavedQuery, ...]
    notes: tuple[str, ...] = ()
    texts: tuple[str, ...] = field(init=False)
    """Every query, once, in order of first mention."""

    def __post_init__(self) -> None:
        """List the queries once."""
        texts = (*(one.text for one in self.queries), *(row.query for row in self.rows))
        object.__setattr__(self, "texts", tuple(dict.fromkeys(texts)))


def choose(ws: Workspace, options: ExportOptions) -> Chosen:
    """Return the labels of a side or a suite; raise `UsageError` for a suite there is not."""
    split = options.split
    notes: tuple[str, ...] = ()
    if split is None and options.suite is None and options.format in DEFAULT_SPLIT:
        split = DEFAULT_SPLIT[options.format]
        notes = (f"Only {split} queries; name a split or a suite for others.",)
    saved = ws.labels.queries()
    suites: dict[str, tuple[str, ...]] = {}
    for one in saved:
        suites[one.text] = (*suites.get(one.text, ()), one.suite)
    if options.suite is not None and options.suite not in ws.labels.suites():
        known = ", ".join(ws.labels.suites()) or "none yet"
        raise UsageError(f"no suite {options.suite!r}; there are: {known}")
    rows = _verdicts(ws) if options.every else _agreed(ws)
    sides = ws.labels.splits(dict.fromkeys(row.query for row in rows))
    placed = (
        replace(row, split=sides[row.query], suites=suites.get(row.query, ())) for row in rows
    )
    return Chosen(
        tuple(
            row
            for row in placed
            if split in (None, row.split) and options.suite in (None, *(row.suites or ()))
        ),
        tuple(
            one
            for one in saved
            if split in (None, one.split) and options.suite in (None, one.suite)
        ),
        notes,
    )


def _verdicts(ws: Workspace) -> list[LabelRow]:
    return [
        LabelRow(
            query=one.query_text,
            skill_id=one.skill_id,
            grade=one.grade,
            content_hash=one.content_hash,
            annotator=one.annotator,
            at=one.created_at,
            seconds=one.seconds,
            note=one.note,
            origin=one.origin,
        )
        for one in (past.judgement for past in ws.labels.history() if not past.undone)
    ]


def _agreed(ws: Workspace) -> list[LabelRow]:
    return [
        LabelRow(
            query=one.query_text,
            skill_id=one.skill_id,
            grade=one.grade,
            content_hash=one.content_hash,
            judges=one.judges,
            settled=one.settled,
            contested=one.contested,
        )
        for one in ws.agreement.consensus()
    ]


def write(
    ws: Workspace, place: Path, options: ExportOptions, listener: ProgressListener = silent
) -> ExportReport:
    """Write an export to a file, or a benchmark to a new folder, and say what is in it."""
    if options.every and options.format not in (LabelFormat.JSONL, LabelFormat.CSV):
        raise UsageError(
            f"{options.format} holds one grade a pair, so not every verdict; "
            "export as jsonl or csv, or leave that out"
        )
    chosen = choose(ws, options)
    writers: Mapping[LabelFormat, Callable[[], ExportReport]] = {
        LabelFormat.JSONL: lambda: _write_labels(chosen, place, options.format),
        LabelFormat.CSV: lambda: _write_labels(chosen, place, options.format),
        LabelFormat.QRELS: lambda: _write_qrels(chosen, place),
        LabelFormat.QUERIES: lambda: _write_queries(chosen, place),
        LabelFormat.EVAL_CORE: lambda: _write_benchmark(ws, chosen, place, listener),
        LabelFormat.TRIPLETS: lambda: _write_training(ws, chosen, place, options.format),
        LabelFormat.LISTWISE: lambda: _write_training(ws, chosen, place, options.format),
    }
    return writers[options.format]()


def _write_labels(chosen: Chosen, place: Path, kind: LabelFormat) -> ExportReport:
    as_csv = kind is LabelFormat.CSV
    rows = chosen.rows
    text = label_files.to_label_csv(rows) if as_csv else label_files.to_json_lines(rows)
    _save({place: text})
    queries = len({row.query for row in rows})
    return ExportReport(kind, (place,), queries, len(rows), chosen.notes)


def _write_qrels(chosen: Chosen, place: Path) -> ExportReport:
    topics = place.with_name(place.name + trec.TOPICS_ENDING)
    graded = [row for row in chosen.rows if row.grade is not None]
    left_out = len(chosen.rows) - len(graded)
    notes = chosen.notes
    if left_out:
        notes += (f"Pairs on which people cannot tell, which qrels cannot say: {left_out:,}.",)
    texts = dict.fromkeys(row.query for row in graded)
    # The queries first: grades without their texts would mean nothing.
    _save({topics: trec.to_topics(texts), place: trec.to_qrels(graded)})
    return ExportReport(LabelFormat.QRELS, (place, topics), len(texts), len(graded), notes)


def _write_queries(chosen: Chosen, place: Path) -> ExportReport:
    as_csv = place.name.lower().endswith(".csv")
    queries = chosen.queries
    _save({place: listing.to_query_csv(queries) if as_csv else listing.to_query_lines(queries)})
    return ExportReport(LabelFormat.QUERIES, (place,), len(queries), 0, chosen.notes)


def _write_benchmark(
    ws: Workspace, chosen: Chosen, place: Path, listener: ProgressListener
) -> ExportReport:
    from skillrouter_core.benchmark.writing import save_benchmark

    hashes = ws.catalogs.hashes()
    expected: dict[str, tuple[str, ...]] = dict.fromkeys(chosen.texts, ())
    for one in chosen.queries:
        expected[one.text] = tuple(dict.fromkeys((*expected[one.text], *one.expected)))
    parts = benchmark_parts(chosen.rows, expected, hashes)
    if not parts.tasks:
        raise UsageError(
            f"none of the {len(expected):,} queries has a right skill; grade one 3, or name the "
            "skills that a query expects"
        )
    changed = sum(
        hashes.get(row.skill_id, row.content_hash) != row.content_hash for row in chosen.rows
    )
    notes = chosen.notes + parts.notes
    if changed:
        notes += (f"Labels on a text that has changed since, kept: {changed:,}.",)
    pool = ws.catalogs.skills()
    files = save_benchmark(place, parts.tasks, parts.relevance, TIER, pool, listener)
    graded = sum(len(entry.grades) for entry in parts.relevance.values())
    return ExportReport(LabelFormat.EVAL_CORE, files, len(parts.tasks), graded, notes)


def _write_training(ws: Workspace, chosen: Chosen, place: Path, kind: LabelFormat) -> ExportReport:
    from skillrouter_core.workspace.exchange_texts import JudgedTexts

    judged = JudgedTexts(ws, chosen.rows)
    lines = judged.lines(kind)
    _save({place: lines.text})
    notes = chosen.notes + lines.notes + judged.notes
    return ExportReport(kind, (place,), lines.queries, lines.lines, notes)


def _save(texts: Mapping[Path, str]) -> None:
    for place, text in texts.items():
        try:
            with tempfile.TemporaryDirectory(dir=place.parent, prefix=".export-") as scratch:
                draft = Path(scratch) / "draft"
                # What UTF-8 cannot carry becomes the escape that JSON has for it.
                draft.write_bytes(text.encode("utf-8", "backslashreplace"))
                draft.replace(place)
        except OSError as error:
            raise UsageError(
                f"{place} cannot be written ({error.strerror}); name a file in a writable folder"
            ) from error
