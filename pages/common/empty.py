"""What to do when there is nothing yet.

Responsible for the empty workspace's one button. Must not know how an import works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DEMO = "demo"


def no_skills(ws: Workspace, *, form_below: bool = False) -> None:
    """Say that the workspace holds no skill, and offer the demo catalog or an import.

    `form_below` tells that the form for an import stands below.
    """
    with st.container(border=True):
        st.markdown(
            "**There is no skill in this workspace yet.** Import the demo catalog to look around, "
            f"or your own skills {'below' if form_below else 'on the Catalog page'}."
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                "Import the demo catalog",
                type="primary",
                shortcut="Alt+D",
                disabled=running_job(ws) is not None,
                key="import demo",
            )
            if pressed and start_job(ws, "import", source=DEMO, name=DEMO):
                st.rerun()
            if not form_below:
                st.page_link("catalog.py", label="Import your own", icon=":material/folder_open:")
