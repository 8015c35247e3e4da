"""Verdicts from files into the workspace.

Responsible for holding them against the skills, texts and verdicts there are, and for keeping
verdicts and their queries in one transaction. Must not know any file format.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from db import exchange as stored
from db import label_version, labels, saved_queries
from db.saved_queries import QueryEntry
from skillrouter_core.errors import UsageError
from skillrouter_core.labelling.exchange.ids import KnownSkills
from skillrouter_core.labelling.exchange.refusals import Refused
from skillrouter_core.labelling.exchange.verdicts import content_token
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.records import Judgement, NewJudgement, QuerySource, SavedCounts, Split
from skillrouter_core.records.agreement import Agreed
from skillrouter_core.records.exchange import (
    ImportOptions,
    ImportReport,
    LabelFile,
    LabelFormat,
    LabelRow,
    RowError,
)
from skillrouter_core.workspace import label_checks as checks

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ORIGIN = "import"
"""Where a verdict was made whose file does not say when: labels of other tools."""
NOTHING = SavedCounts(0, 0, 0)


@dataclass(slots=True)
class _Sorted:
    """The rows of a file by what becomes of them."""

    new: list[NewJudgement] = field(default_factory=list)
    rows: list[LabelRow] = field(default_factory=list)
    unchanged: int = 0
    nameless: int = 0
    errors: list[RowError] = field(default_factory=list)


class _Present:
    """What the workspace holds that a row is held against."""

    def __init__(self, ws: Workspace, rows: Sequence[LabelRow]) -> None:
        with ws.database.read() as session:
            self.skills = stored.ever_imported(session)
            self.texts = stored.known_texts(session, (row.content_hash for row in rows))
        self.ids = KnownSkills(self.skills)
        # Both are only asked for by rows that say less than a verdict of our own.
        self.agreed: Mapping[tuple[str, str], Agreed] = {}
        self.said: Mapping[tuple[str, str, str], Judgement] = {}
        if any(not row.annotator for row in rows):
            self.agreed = {(one.query_text, one.skill_id): one for one in ws.agreement.consensus()}
        if any(row.at is None for row in rows):
            self.said = {
                (one.query_text, one.skill_id, one.annotator): one for one in ws.labels.judgements()
            }

    def located(self, row: LabelRow) -> LabelRow:
        """Return the row with a skill's own id; refuse an unknown skill or text."""
        found = self.ids.find(row.skill_id)
        if found is None:
            raise Refused("skill_id", row.skill_id, *self.ids.why_not(row.skill_id))
        if row.content_hash and row.content_hash not in self.texts:
            remedy = "import that version of its catalog, or leave the hash out"
            raise Refused("content_hash", row.content_hash, "no skill ever had this text", remedy)
        return replace(row, skill_id=found)

    def is_agreed(self, row: LabelRow) -> bool:
        """Return whether people here agree on what a row without a name says."""
        one = self.agreed.get((row.query, row.skill_id))
        return one is not None and one.grade == row.grade and _same_text(row, one.content_hash)

    def is_said(self, row: LabelRow) -> bool:
        """Return whether a row that does not say when repeats what its annotator says now."""
        one = self.said.get((row.query, row.skill_id, row.annotator))
        said = one is not None and one.grade == row.grade and _same_text(row, one.content_hash)
        return row.at is None and said


def _same_text(row: LabelRow, content_hash: str) -> bool:
    return row.content_hash in ("", content_hash)


def keep_labels(
    ws: Workspace, found: LabelFile, kind: LabelFormat, options: ImportOptions
) -> ImportReport:
    """Keep the verdicts of a file and save their queries, in one transaction.

    Raises `UsageError` where rows name no annotator and the options name none either.
    """
    sorted_rows = _sort(_Present(ws, found.rows), found.rows, options.annotator.strip())
    errors = tuple(sorted((*found.errors, *sorted_rows.errors), key=lambda error: error.row))
    if sorted_rows.nameless:
        raise UsageError(
            f"{sorted_rows.nameless:,} verdicts name no annotator; give the name they are to be "
            "kept under (--annotator)"
        )
    usable = bool(sorted_rows.rows or sorted_rows.unchanged)
    if not usable or (options.strict and errors):
        return ImportReport(kind, NOTHING, NOTHING, errors, found.notes, stored=False)
    added, queries, kept_out = _store(ws, sorted_rows, options)
    unchanged = sorted_rows.unchanged + len(sorted_rows.new) - added
    notes = found.notes + _held_out_note(kept_out)
    return ImportReport(kind, SavedCounts(added, 0, unchanged), queries, errors, notes)


def _sort(present: _Present, rows: Iterable[LabelRow], annotator: str) -> _Sorted:
    found = _Sorted()
    for row in rows:
        try:
            located = present.located(row)
            if not located.annotator and present.is_agreed(located):
                found.unchanged += 1
                continue
            located = replace(located, annotator=located.annotator or annotator)
            if not located.annotator:
                found.nameless += 1
            elif present.is_said(located):
                found.rows.append(located)
                found.unchanged += 1
            else:
                found.new.append(checks.judgement(_verdict(located)))
                found.rows.append(located)
        except Refused as refused:
            found.errors.append(refused.at(row.row))
        except UsageError as error:
            reason, _, remedy = str(error).partition("; ")
            found.errors.append(RowError(row.row, "", "", reason, remedy))
    return found


def _verdict(row: LabelRow) -> NewJudgement:
    return NewJudgement(
        query_text=row.query,
        skill_id=row.skill_id,
        grade=row.grade,
        annotator=row.annotator,
        content_hash=row.content_hash or None,
        created_at=row.at,
        seconds=row.seconds,
        note=row.note,
        origin=row.origin or (ORIGIN if row.at is None else ""),
        token=content_token(row),
    )


# --------------------------------------------------------------------------- in one transaction


def _store(ws: Workspace, found: _Sorted, options: ImportOptions) -> tuple[int, SavedCounts, int]:
    """Return how many verdicts were new, what became of queries, how many stay held out."""
    with label_version.turn(ws.database) as session:
        sides = saved_queries.splits(session, {row.query for row in found.rows})
        wanted, kept_out = _sides(found.rows, sides)
        counts = NOTHING
        for suite, texts in _suites(found.rows, sides, options.suite).items():
            entries = [QueryEntry(text, None, wanted[text]) for text in texts]
            one = saved_queries.save(
                session, entries, suite, options.author, QuerySource.UPLOAD.value
            )
            counts = SavedCounts(
                counts.added + one.added,
                counts.updated + one.updated,
                counts.unchanged + one.unchanged,
            )
        hashes = stored.ever_imported(session)
        pairs = [(new, new.content_hash or hashes[new.skill_id]) for new in found.new]
        return labels.add_missing(session, pairs), counts, kept_out


def _sides(rows: Iterable[LabelRow], present: Mapping[str, Split]) -> tuple[dict[str, Split], int]:
    """Return the side of each query, and how many stay held out though the file says train."""
    declared: dict[str, set[Split]] = defaultdict(set)
    for row in rows:
        declared[row.query] |= {row.split} if row.split else set()
    sides: dict[str, Split] = {}
    for text, said in declared.items():
        if present.get(text) is Split.HELD_OUT or Split.HELD_OUT in said:
            sides[text] = Split.HELD_OUT
        else:
            sides[text] = Split.TRAIN if said else present.get(text) or split_of(text)
    kept_out = sum(
        sides[text] is Split.HELD_OUT and Split.TRAIN in said for text, said in declared.items()
    )
    return sides, kept_out


def _suites(
    rows: Iterable[LabelRow], present: Mapping[str, Split], default: str
) -> dict[str, tuple[str, ...]]:
    """Return the queries to be saved by suite.

    A row's own suites go first. A query that the file puts nowhere goes into the default suite
    where its file does not speak of suites, or where its side would be forgotten otherwise.
    """
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for row in rows:
        for suite in row.suites or ():
            found[suite][row.query] = None
        lost = row.split is not None and row.split is not split_of(row.query)
        if row.query not in present and not row.suites and (row.suites is None or lost):
            found[default][row.query] = None
    return {suite: tuple(texts) for suite, texts in found.items()}


def _held_out_note(kept_out: int) -> tuple[str, ...]:
    if not kept_out:
        return ()
    return (f"Queries that the file has as train and that are held out, so stay so: {kept_out:,}.",)
