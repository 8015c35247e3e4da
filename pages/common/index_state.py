"""Whether the index answers for the catalog as it is, and a button where it does not.

Responsible for that one line. Must not know how an index is built.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def index_state(ws: Workspace, profile: str, *, here: bool = False) -> bool:
    """Draw what is missing, if anything, and return whether queries can be answered at all.

    `here`: the page itself draws an index that is held back.
    """
    version = ws.routing.version(profile)
    held = ws.indexing.held(profile)
    if held is not None and held.waiting:
        if not here:
            held_line(ws, profile)
        return True
    stale, vectors, others = _state(ws, str(ws.home), profile, ws.catalogs.fingerprint(), version)
    if version and vectors and not stale:
        return True
    if running_job(ws) is None:
        _offer(ws, profile, version, stale=stale, kept=held is not None, others=others)
    elif not version:
        st.info(
            "The first index is being made; BM25 answers come first.",
            icon=":material/hourglass_top:",
        )
    return bool(version)


def held_line(ws: Workspace, profile: str) -> None:
    """Say that an index is held back, with the way to the page that shows it; else draw nothing."""
    held = ws.indexing.held(profile)
    if held is None or not held.waiting:
        return
    what = (
        f"The model {escape(held.promotes)} waits" if held.promotes else "A new index is held back"
    )
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":orange[:material/pause_circle:] {what}: {held.summary}. "
            "The old one answers, with the texts it was made of.",
            width="stretch",
        )
        st.page_link("suites.py", label="See what would break", icon=":material/rule:")


def _offer(
    ws: Workspace, profile: str, version: str, *, stale: bool, kept: bool, others: bool
) -> None:
    skills = count(sum(catalog.skills for catalog in ws.catalogs.all()), "skill")
    if not version:
        message = f"{skills} wait for an index; there is none for the profile {profile}."
    elif kept:
        message = (
            "The catalog changed and its new index was thrown away: the old one answers, with "
            "the texts it was made of."
        )
    elif stale:
        message = "The catalog changed after its index was made; answers are of the older texts."
    elif others:
        message = (
            "The index holds the vectors of another model than the one that answers: BM25 answers "
            "alone."
        )
    else:
        message = "The index has no vectors yet: answers are BM25's."
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":orange[:material/info:] {message}", width="stretch")
        pressed = st.button("Update the index", key="index", icon=":material/sync:")
    if pressed and start_job(ws, "index", profile=profile):
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=16)
def _state(
    _ws: Workspace, home: str, profile: str, fingerprint: str, version: str
) -> tuple[bool, bool, bool]:
    """Return whether the index is stale, has vectors, has another model's; compares every skill."""
    del home, fingerprint, version
    status = _ws.indexing.status(profile)
    return status.stale, status.vectors_ready, status.other_vectors
