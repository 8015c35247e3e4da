"""Asking for an evaluation: on which queries, with which models.

Responsible for the form; what was typed stays in the address. Must not know how queries are
routed or scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job
from pages.common.route_controls import route_controls

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SUBJECT, FOLDER, TIER, NOTE = "on", "folder", "tier", "note"
LABELS, DEMO, FOLDERS = "held-out labels", "demo", "a benchmark's folder"
EXPLAINED = {
    LABELS: "This workspace's own held-out queries, over the skills that are live now.",
    DEMO: "60 graded queries over the demo's 121 skills; comes with the program.",
    FOLDERS: "A folder with tasks.jsonl, relevance.json and a folder for each tier (Eval-Core).",
}


def run_form(ws: Workspace) -> None:
    """Draw the form; starting an evaluation puts its job into the address."""
    subject = st.segmented_control(
        "Queries", list(EXPLAINED), default=DEMO, required=True, key=SUBJECT, bind="query-params"
    )
    st.caption(EXPLAINED[subject or DEMO])
    source, tier = {LABELS: "labels", DEMO: "demo"}.get(subject or DEMO, ""), ""
    if subject == FOLDERS:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            source = st.text_input(
                "Folder", key=FOLDER, bind="query-params", placeholder="/home/me/benchmark"
            )
            tier = st.text_input(
                "Tier",
                key=TIER,
                bind="query-params",
                placeholder="the only one",
                width=160,
                help="The name of the pool's folder, such as easy or hard.",
            )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        options = route_controls(ws.routing.profiles(), "e_")
        note = st.text_input("Note", key=NOTE, bind="query-params", placeholder="what is new")
        busy = running_job(ws)
        pressed = st.button(
            "Evaluate",
            type="primary",
            key="evaluate",
            shortcut="Alt+E",
            disabled=busy is not None or not (source or "").strip(),
            help="One job at a time." if busy else None,
        )
    if pressed and start_job(
        ws,
        "evaluate",
        source=(source or "").strip(),
        tier=(tier or "").strip(),
        note=(note or "").strip(),
        profile=options.profile,
        stage1=options.stage1.value,
        candidates=str(options.candidates),
        rerank="yes" if options.rerank else "no",
        body="yes" if options.body else "no",
    ):
        st.rerun()
