"""Graded pairs from a file.

Responsible for the form of a file that holds verdicts. Must not know how one is read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.queries.faults import faults
from pages.common.queries.fields import set_field
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import GRADE_WORDS, annotator, annotator_input
from skillrouter_core.records.exchange import (
    ImportOptions,
    ImportReport,
    LabelFile,
    LabelFormat,
    Table,
)

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from skillrouter_core.workspace import Workspace

PREVIEW_ROWS = 5


def graded_form(
    ws: Workspace, file: UploadedFile, table: Table, imported: Callable[[ImportReport], None]
) -> None:
    """Draw what the file says and the button that keeps it; `imported` gets the report."""
    found = _read(file.file_id, file, ws)
    nameless = sum(not row.annotator for row in found.rows)
    st.markdown(
        f"The file holds **{count(len(found.rows), 'graded pair')}** in "
        f"{count(len(table.rows) + len(table.errors), 'row')}. Pairs that are there already change "
        "nothing."
    )
    for note in found.notes:
        st.caption(escape(note))
    _preview(found)
    faults(found.errors, "grades")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suite = set_field(
            ws, f"set of grades {file.file_id}", one_line(file.name.partition(".")[0], 100)
        )
        annotator_input()
        name = _name_field(file, nameless) if nameless else ""
        pressed = st.button(
            f"Import {count(len(found.rows), 'graded pair')}",
            key="import grades",
            type="primary",
            shortcut="Alt+I",
            disabled=not found.rows,
        )
    if pressed:
        options = ImportOptions(suite=suite, annotator=name, author=annotator())
        with st.spinner("Saving…"):
            report = ws.exchange.keep_labels(found, options)
        imported(report)


@st.cache_resource(max_entries=8, show_spinner="Reading the grades…")
def _read(file_id: str, _file: UploadedFile, _ws: Workspace) -> LabelFile:
    del file_id
    return _ws.exchange.read_labels(_file.getvalue(), _file.name, LabelFormat.JSONL)


def _name_field(file: UploadedFile, nameless: int) -> str:
    return st.text_input(
        "Whose grades these are",
        key=f"annotator of {file.file_id}",
        help=f"{count(nameless, 'row')} of the file name nobody.",
    )


def _preview(found: LabelFile) -> None:
    if found.rows:
        st.dataframe(
            [
                {
                    "Request": one_line(row.query, 240),
                    "Skill": row.skill_id,
                    "Grade": GRADE_WORDS[row.grade],
                    "By": row.annotator,
                }
                for row in found.rows[:PREVIEW_ROWS]
            ],
            hide_index=True,
            column_config={"Request": st.column_config.TextColumn(width="large")},
            alt="The first graded pairs of the file",
        )
