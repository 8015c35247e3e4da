"""Which model answers now, the way back, and a promotion that is held back.

Responsible for the lines at the top of the page. Must not know how a model is trained or
promoted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape
from pages.common.scores import when
from pages.common.train.state import PROFILE
from pages.common.train.words import called, result, verdict
from pages.common.verdicts import annotator, annotator_input

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SHIPPED = "shipped"
"""The registry's name for the models that come with the program."""


def in_use(ws: Workspace) -> None:
    """Say which model answers and what the newest measured run says; offer the way back."""
    history = ws.registry.history(PROFILE)
    name, before = ws.registry.in_use(PROFILE), ws.registry.before(PROFILE)
    since = ""
    if history and history[-1].model == name:
        since = f" since {when(history[-1].at)}, promoted by {escape(history[-1].author)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Answering now: {called(name)}{since}. {_answer(ws)}", width="stretch")
        if before is not None and before != name:
            _back(ws, before)


def author_field() -> None:
    """Draw whose promotions these are."""
    with st.popover(f"as {escape(annotator())}", icon=":material/person:"):
        annotator_input()


def _back(ws: Workspace, before: str) -> None:
    pressed = st.button(
        f"Roll back to {escape(before or SHIPPED)}",
        key="roll back",
        icon=":material/undo:",
        shortcut="Alt+B",
        disabled=running_job(ws) is not None,
        help="Its vectors are still there, so this takes seconds.",
    )
    if pressed and start_job(ws, "rollback", author=annotator(), profile=PROFILE):
        st.rerun()


def promote(ws: Workspace, name: str) -> None:
    """Start the job that lets a model answer, and draw the page again."""
    if start_job(ws, "promote", name=name, author=annotator(), profile=PROFILE):
        st.rerun()


def _answer(ws: Workspace) -> str:
    """Return what the newest measured run did, which is the answer to the page's question."""
    measured = (one for one in ws.registry.models() if result(one.metrics))
    newest = next(measured, None)
    if newest is None:
        return ":small[:gray[No run has been measured yet; a measured run answers the question.]]"
    asked = f"Hit@1 {result(newest.metrics)}, {newest.metrics.get('tasks', 0):,} queries"
    return (
        f"Newest measured run {called(newest.name)}: {escape(verdict(newest.metrics))} "
        f":small[:gray[{escape(asked)}]]"
    )


def held_back(ws: Workspace) -> None:
    """Draw what is held back because saved queries would break, with both ways out."""
    held = ws.indexing.held(PROFILE)
    if held is None or not held.waiting:
        return
    busy = running_job(ws) is not None
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":orange[:material/pause_circle:] **Held back: {held.summary}.** What answered "
            f"before goes on answering{', but the catalog has changed since' * held.stale}.",
            width="stretch",
        )
        st.page_link("suites.py", label="See what would break", icon=":material/rule:")
        if st.button(
            "Publish anyway",
            key="publish held",
            shortcut="Alt+P",
            disabled=busy or held.stale,
            help="The catalog has changed: promote again." if held.stale else None,
        ):
            with errors_shown():
                ws.indexing.publish_held(PROFILE)
                ws.registry.note(annotator(), PROFILE)
                st.rerun()
        if st.button("Keep what answers", key="discard held", shortcut="Alt+K", disabled=busy):
            with errors_shown():
                ws.indexing.discard_held(PROFILE)
                st.rerun()
