"""The tasks of a benchmark as a held-out set.

Responsible for naming or uploading one, and for the import. Must not know its layout.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.queries.faults import faults
from pages.common.queries.fields import set_field
from pages.common.queries.upload import imported
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import annotator, annotator_input
from skillrouter_core.records.exchange import ImportOptions, LabelFormat, MappedQueries

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from skillrouter_core.workspace import Workspace

FOLDER = "folder"
MEGABYTES = 200


def benchmark_form(ws: Workspace) -> None:
    """Draw the folder's name and the upload; once there is either, its tasks and the way in."""
    typed = st.text_input(
        "Folder or .zip on this machine",
        key=FOLDER,
        bind="query-params",
        placeholder="/home/me/benchmark",
    )
    file = st.file_uploader(
        "Or a .zip",
        type=["zip"],
        max_upload_size=MEGABYTES,
        key="benchmark upload",
        help="Only tasks.jsonl and relevance.json are read; the pool of skills is not.",
    )
    place = (typed or "").strip()
    with errors_shown():
        if file is not None:
            found, name = _uploaded(file.file_id, file, ws.catalogs.fingerprint(), ws), file.name
        elif place:
            found, name = ws.exchange.read_benchmark(Path(place).expanduser()), Path(place).name
        else:
            return
        _tasks(ws, found, one_line(name.partition(".")[0], 100) or "benchmark")


@st.cache_resource(max_entries=4, show_spinner="Reading the benchmark…")
def _uploaded(file_id: str, _file: UploadedFile, fingerprint: str, _ws: Workspace) -> MappedQueries:
    del file_id, fingerprint
    with tempfile.TemporaryDirectory(prefix="skillrouter-upload-") as scratch:
        # A name of our own: the browser's may hold anything.
        path = Path(scratch) / "benchmark.zip"
        path.write_bytes(_file.getvalue())
        return _ws.exchange.read_benchmark(path)


def _tasks(ws: Workspace, found: MappedQueries, name: str) -> None:
    skills = sum(len(query.expected) for query in found.queries)
    st.markdown(
        f"**{count(len(found.queries), 'request')}** from {count(found.rows, 'task')}, with "
        f"{count(skills, 'right skill')} of this catalog."
    )
    for note in found.notes:
        st.caption(escape(note))
    faults(found.errors, "benchmark")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suite = set_field(ws, f"set of {name}", name)
        annotator_input()
        pressed = st.button(
            f"Import {count(len(found.queries), 'request')}",
            key="import benchmark",
            type="primary",
            shortcut="Alt+I",
            disabled=not found.queries,
        )
    if pressed:
        options = ImportOptions(suite=suite, author=annotator(), held_out=True)
        imported(ws.exchange.keep_queries(found, options, LabelFormat.EVAL_CORE))
