"""Rows of a file that cannot be used: which, why, and what to do.

Responsible for the table. Must not know what makes a row unusable.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.exchange import RowError

FAULTS_A_PAGE = 50


def faults(
    errors: Sequence[RowError],
    key: str,
    *,
    open_at_once: bool = False,
    words: str = "cannot be used and will be left out",
) -> None:
    """Draw the rows that are left out, 50 at a time; nothing where all are good."""
    if not errors:
        return
    title = f"{count(len(errors), 'row')} {words}"
    with st.expander(title, expanded=open_at_once, icon=":material/warning:", key=f"faults {key}"):
        pages = -(-len(errors) // FAULTS_A_PAGE)
        page = st.pagination(pages, key=f"faults page {key}") if pages > 1 else 1
        st.dataframe(
            [
                {
                    "Row": error.row,
                    "Column": error.column or "–",
                    "Value": one_line(error.value, 80),
                    "Why": error.reason,
                    "What to do": error.remedy,
                }
                for error in errors[(page - 1) * FAULTS_A_PAGE : page * FAULTS_A_PAGE]
            ],
            hide_index=True,
            height="content",
            column_config={
                "Row": st.column_config.NumberColumn(width="small", format="localized"),
                "Why": st.column_config.TextColumn(width="large"),
                "What to do": st.column_config.TextColumn(width="large"),
            },
            alt="Rows that cannot be used, with the value at fault, the reason and the remedy",
        )
