"""Which column of an uploaded table holds what, and what comes of it.

Responsible for the choice of columns and for the preview. Must not know how rows are mapped.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.queries.faults import faults
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from skillrouter_core.records.exchange import ColumnMapping, MappedQueries, Table

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from skillrouter_core.workspace import Workspace

PREVIEW_ROWS = 5
FEW = 5
"""So many unusable rows are shown at once; more stand folded."""
NONE = "(none)"
ROLES = {
    "text": ("Request", "What somebody asks for; every row needs one."),
    "expected": ("Expected skills", "Ids that should answer it, parted by | or as a JSON list."),
    "grade": ("Grade", "With grades, a row's skills are expected where the grade is 3."),
    "split": ("Side", "train or held-out; test, eval and the like count as held-out."),
}


def mapping_fields(ws: Workspace, file: UploadedFile, table: Table) -> ColumnMapping:
    """Draw the choice of columns, proposed by their names; return what is chosen."""
    proposed = ws.exchange.propose_mapping(table)
    chosen: dict[str, str] = {}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        for role, (label, meaning) in ROLES.items():
            options = list(table.columns) if role == "text" else [NONE, *table.columns]
            guess = getattr(proposed, role)
            picked = st.selectbox(
                label,
                options,
                index=options.index(guess) if guess in options else 0,
                key=f"column of {role} {file.file_id}",
                help=meaning,
                width=210,
            )
            chosen[role] = "" if picked in (None, NONE) else picked
    return ColumnMapping(**chosen)


def preview(found: MappedQueries) -> None:
    """Draw how many requests a table makes, the first of them, and the rows left out."""
    st.markdown(
        f"**{count(len(found.queries), 'request')}** from {count(found.rows, 'row')}"
        + (f", {count(len(found.errors), 'row')} unusable." if found.errors else ".")
    )
    for note in found.notes:
        st.caption(escape(note))
    _first_rows(
        [
            {
                "Request": one_line(query.text, 240),
                "Expected": one_line(", ".join(query.expected), 160),
                "Side": query.split.value if query.split else "as its text decides",
            }
            for query in found.queries[:PREVIEW_ROWS]
        ]
    )
    faults(found.errors, "file", open_at_once=len(found.errors) <= FEW)


def _first_rows(rows: Sequence[dict[str, str]]) -> None:
    if rows:
        st.dataframe(
            rows,
            hide_index=True,
            column_config={"Request": st.column_config.TextColumn(width="large")},
            alt="The first requests of the file as they would be saved",
        )
