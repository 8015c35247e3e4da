"""Requests, or graded pairs, from a file.

Responsible for the upload and for the import. Must not know how a file is read nor what makes a
row usable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.queries.columns import mapping_fields, preview
from pages.common.queries.faults import faults
from pages.common.queries.fields import held_out_field, set_field
from pages.common.queries.graded import graded_form
from pages.common.queries.state import done
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import annotator, annotator_input
from skillrouter_core.records.exchange import (
    ColumnMapping,
    ImportOptions,
    ImportReport,
    MappedQueries,
    Table,
)

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from skillrouter_core.workspace import Workspace

ENDINGS = ["csv", "tsv", "txt", "jsonl", "ndjson"]
MEGABYTES = 50
PAGE_ROWS = 10_000
"""More rows take seconds; they are left to the command line, which nobody waits in front of."""
_UPLOADS = "files uploaded"


def upload_form(ws: Workspace) -> None:
    """Draw the upload and, once there is a file, what is in it and the way in."""
    file = st.file_uploader(
        "File",
        type=ENDINGS,
        max_upload_size=MEGABYTES,
        key=f"upload {st.session_state.get(_UPLOADS, 0)}",
        help="Comma, semicolon or tab; a first row with names. It stays on this machine.",
    )
    if file is None:
        return
    with errors_shown():
        table = _table(file.file_id, file, ws)
        for note in table.notes:
            st.caption(escape(note))
        if len(table.rows) > PAGE_ROWS:
            st.warning(
                f"{count(len(table.rows), 'row')}, more than the {PAGE_ROWS:,} that this page "
                "takes at once. Import the file with `skillrouter label import`, or split it.",
                icon=":material/terminal:",
            )
        elif ws.exchange.holds_labels(table):
            graded_form(ws, file, table, imported)
        else:
            _queries_form(ws, file, table)


@st.cache_resource(max_entries=8, show_spinner="Reading the file…")
def _table(file_id: str, _file: UploadedFile, _ws: Workspace) -> Table:
    del file_id
    return _ws.exchange.read_table(_file.getvalue(), _file.name)


def _queries_form(ws: Workspace, file: UploadedFile, table: Table) -> None:
    mapping = mapping_fields(ws, file, table)
    found = _mapped(
        f"{file.file_id} {mapping} {ws.catalogs.fingerprint()} {ws.labels.version()}",
        table,
        mapping,
        ws,
    )
    preview(found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suite = set_field(ws, f"set of {file.file_id}", one_line(file.name.partition(".")[0], 100))
        annotator_input()
        held_out = held_out_field(f"hold out {file.file_id}")
        pressed = st.button(
            f"Import {count(len(found.queries), 'request')}",
            key="import queries",
            type="primary",
            shortcut="Alt+I",
            disabled=not found.queries,
        )
    if pressed:
        options = ImportOptions(suite=suite, author=annotator(), held_out=held_out)
        with st.spinner("Saving…"):
            report = ws.exchange.keep_queries(found, options)
        imported(report)


@st.cache_resource(max_entries=8, show_spinner="Matching skills…")
def _mapped(key: str, _table: Table, _mapping: ColumnMapping, _ws: Workspace) -> MappedQueries:
    del key
    return _ws.exchange.map_rows(_table, _mapping)


def imported(report: ImportReport) -> None:
    """Say what an import did, empty the upload, and draw the page again."""
    if not report.stored:
        st.error("Nothing was imported: no row of the file can be used.")
        faults(report.errors, "refused", open_at_once=True)
        return
    parts = []
    if report.verdicts.added or report.verdicts.unchanged:
        parts.append(
            f"{count(report.verdicts.added, 'grade')} added, "
            f"{report.verdicts.unchanged:,} there already"
        )
    counts = report.queries
    if counts.added or counts.updated or counts.unchanged:
        parts.append(
            f"{count(counts.added, 'request')} added, {counts.updated:,} changed, "
            f"{counts.unchanged:,} there already"
        )
    left_out = f" {count(len(report.errors), 'row')} left out." if report.errors else ""
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
    notes = "".join(f" {note}" for note in report.notes)
    done("; ".join(parts) + "." + left_out + notes, report.errors)
    st.rerun()
