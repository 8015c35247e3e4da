"""Bringing skills in: what to import, explained, and the job that does it.

Responsible for the form. What was typed stays in the address, so a reload keeps it. Must
not know how a source is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of source: how it is asked for, and what it is."""

    asks: str
    example: str
    explanation: str


KINDS = {
    "folder": Kind(
        "Folder",
        "/home/me/skills",
        "Every SKILL.md below the folder; the folder above a skill is its category.",
    ),
    "git": Kind(
        "Git address",
        "https://github.com/owner/skills.git",
        "A shallow clone over https or file; no hooks, no submodules, nothing is run.",
    ),
    "zip": Kind("Zip file", "/home/me/skills.zip", "Unpacked with limits on size and paths."),
    "records": Kind(
        "JSONL file, or folder of shards",
        "/home/me/pool.jsonl.gz",
        "One skill a line, as in the benchmark's pools; .jsonl or .jsonl.gz.",
    ),
    "agent": Kind(
        "Agent",
        "claude",
        "The skills installed for an agent here: claude, codex, hermes or openclaw.",
    ),
    "demo": Kind("", "", "About 120 skills written for looking around; comes with the program."),
}


def import_form(ws: Workspace) -> None:
    """Draw the form; starting an import puts its job into the address."""
    kind = st.segmented_control(
        "Kind of source",
        list(KINDS),
        default="folder",
        required=True,
        key="kind",
        bind="query-params",
    )
    chosen = KINDS[kind or "folder"]
    st.caption(chosen.explanation)
    source = "demo"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if chosen.asks:
            source = st.text_input(
                chosen.asks, key="source", bind="query-params", placeholder=chosen.example
            )
        name = st.text_input(
            "Catalog name",
            key="name",
            bind="query-params",
            placeholder="taken from the source",
            width=220,
        )
        busy = running_job(ws)
        pressed = st.button(
            "Import",
            type="primary",
            key="import",
            shortcut="Alt+I",
            disabled=busy is not None or not source,
            help="One job at a time." if busy else None,
        )
    if pressed and start_job(
        ws, "import", source=(source or "").strip(), name=(name or "").strip()
    ):
        st.rerun()
