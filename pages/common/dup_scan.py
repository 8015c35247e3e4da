"""Whether there is a scan, and whether it is of the catalog as it is.

Responsible for what to do next where there is none or an old one. Must not know how a scan
is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.index_state import index_state
from pages.common.job_progress import running_job, start_job
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

PROFILE = "compact"
KIND = "duplicates"


def scan_ready(ws: Workspace) -> bool:
    """Draw what is missing, if anything, and return whether there is a scan to show."""
    if not ws.duplicates.version(PROFILE):
        _no_scan(ws)
        return False
    if ws.duplicates.stale(PROFILE):
        _old_scan(ws)
    return True


def _no_scan(ws: Workspace) -> None:
    if not index_state(ws, PROFILE):
        st.caption(
            "Near-copies are found by text and by meaning. The index brings the meaning; "
            "make it first, then look for duplicates here."
        )
        return
    skills = count(sum(catalog.skills for catalog in ws.catalogs.all()), "skill")
    with st.container(border=True):
        st.markdown(
            f"**{skills} have not been compared yet.** A scan compares names, texts and meanings; "
            "it changes nothing. Thresholds move afterwards without another scan."
        )
        _scan_button(ws, "Look for duplicates", primary=True)


def _old_scan(ws: Workspace) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            ":orange[:material/info:] The catalog, its index or the rules changed after this scan: "
            "what is new is not compared yet. Decisions stay.",
            width="stretch",
        )
        _scan_button(ws, "Scan again")


def _scan_button(ws: Workspace, label: str, *, primary: bool = False) -> None:
    busy = running_job(ws) is not None
    pressed = st.button(
        label,
        type="primary" if primary else "secondary",
        key="scan",
        shortcut="Alt+S",
        icon=":material/content_copy:" if primary else ":material/sync:",
        disabled=busy,
        help="One job at a time." if busy else None,
    )
    if pressed and start_job(ws, KIND, profile=PROFILE):
        st.rerun()
