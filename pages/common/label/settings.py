"""Who labels, how much is graded twice, and the candidates that must be ready before.

Responsible for the two popovers and the line about candidates. Must not know how candidates are
found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import annotator, annotator_input
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records.queues import QueueSpec

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NAME_SHOWN = 24
_OVERLAP = "overlap"


def settings(ws: Workspace) -> None:
    """Draw who labels and what is graded twice, each behind a button."""
    with st.container(horizontal=True, width="content", gap="small"):
        name = escape(one_line(annotator(), NAME_SHOWN))
        with st.popover(f"as {name}", icon=":material/person:"):
            annotator_input()
        # Somebody else may have moved it.
        st.session_state[_OVERLAP] = round(ws.queue.overlap() * 100)
        with st.popover("Graded twice", icon=":material/group:"):
            st.slider(
                "Graded by two people (%)",
                0,
                100,
                step=5,
                key=_OVERLAP,
                on_change=_set_overlap,
                args=(ws,),
                help="Which pairs these are is fixed; agreement is measured on them.",
            )


def _set_overlap(ws: Workspace) -> None:
    try:
        ws.queue.set_overlap(st.session_state[_OVERLAP] / 100)
    except SkillRouterError as error:
        st.toast(f"Not kept: {escape(str(error))}")


def candidates_line(ws: Workspace, spec: QueueSpec, name: str) -> None:
    """Say how many requests have their candidates ready, and offer to prepare the rest."""
    left = ws.queue.remaining(spec, name)
    missing = left.all_queries - left.prepared_queries
    if missing <= 0 or running_job(ws) is not None:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":orange[:material/info:] {count(missing, 'request')} of {left.all_queries:,} "
            "have no candidates yet; only those prepared are asked.",
            width="stretch",
        )
        if st.button("Prepare candidates", key="candidates", icon=":material/checklist:") and (
            start_job(ws, "candidates", suite=spec.suite or "")
        ):
            st.rerun()
