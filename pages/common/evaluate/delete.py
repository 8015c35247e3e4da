"""Deleting a kept evaluation, after a question.

Responsible for the dialog. Must not know what is drawn of an evaluation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.evaluate.state import RUN, put

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


@st.dialog("Delete this evaluation?")
def confirm_delete(ws: Workspace, evaluation_id: str, words: str) -> None:
    """Ask before an evaluation goes for good."""
    st.write(words)
    st.caption("Its figures and answers go; nothing else changes. It can be run again.")
    if st.button("Delete", type="primary", key="delete for good"):
        with errors_shown():
            ws.evaluation.delete(evaluation_id)
            put(RUN, "")
            st.rerun()
