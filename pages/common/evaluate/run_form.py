"""Asking for an evaluation: on which queries, with which models.

Responsible for the form; what was typed stays in the address. Must not know how queries are
routed or scored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.evaluate import state
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


def run_form(ws: Workspace, opened: str) -> None:
    """Draw the form; starting an evaluation puts its job into the address.

    `opened` is the open evaluation, which the new one is held against; empty for none.
    """
    held_out = _held_out(ws, str(ws.home), ws.labels.version())
    default = LABELS if held_out else DEMO
    subject = st.segmented_control(
        "Queries", list(EXPLAINED), default=default, required=True, key=SUBJECT, bind="query-params"
    )
    subject = subject or default
    source, tier = {LABELS: "labels" * bool(held_out), DEMO: "demo"}.get(subject, ""), ""
    if subject == LABELS:
        _labels(ws, held_out)
    else:
        st.caption(EXPLAINED[subject])
    if subject == FOLDERS:
        source, tier = _folder()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        options = route_controls(ws.routing.profiles(), "e_")
        note = st.text_input("Note", key=NOTE, bind="query-params", placeholder="what is new")
        busy = running_job(ws)
        pressed = st.button(
            "Evaluate",
            type="primary",
            key="evaluate",
            shortcut="Alt+E",
            disabled=busy is not None or not source,
            help="One job at a time." if busy else None,
        )
    if pressed and start_job(
        ws,
        "evaluate",
        source=source,
        tier=tier,
        note=(note or "").strip(),
        profile=options.profile,
        stage1=options.stage1.value,
        candidates=str(options.candidates),
        rerank="yes" if options.rerank else "no",
        body="yes" if options.body else "no",
    ):
        # Once it is there, the newest is the open one, held against the one that is open now.
        state.put(state.AGAINST, opened)
        state.open_run("")
        st.rerun()


def _labels(ws: Workspace, held_out: int) -> None:
    """Say how many queries there are to ask, or where they come from."""
    if held_out:
        st.caption(f"{EXPLAINED[LABELS]} With a right skill: {held_out:,}.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(
            "No held-out query has a right skill yet: save queries on the page Queries and say "
            "which skills they expect, or grade skills for them on the page Label.",
            width="content",
        )
        st.page_link("queries.py", label="Queries", icon=":material/list:")
        st.page_link("label.py", label="Label", icon=":material/label:")


def _folder() -> tuple[str, str]:
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
    return (source or "").strip(), (tier or "").strip()


@st.cache_data(show_spinner=False, max_entries=8)
def _held_out(_ws: Workspace, home: str, labels: str) -> int:
    """Return how many held-out queries have a right skill; counted once a change of the labels."""
    del home, labels
    return len(_ws.evaluation.held_out_right())
