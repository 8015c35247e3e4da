"""An index that is held back: what would break, and what to do about it.

Responsible for that panel. Must not know why an index is held back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.dup_table import Column, focus_table
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape, one_line
from pages.common.suites.state import open_pair
from pages.common.suites.words import first_answer, queries
from skillrouter_core.records.suites import QueryChange

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.holding import HeldIndex
    from skillrouter_core.workspace.suites import Breaks

SHOWN = 20
"""Broken queries listed here; all are in the list below once a row is opened."""

COLUMNS = (
    Column("Suite", "8rem"),
    Column("Query"),
    Column("Answered by", "24%", tail=True),
    Column("Would be", "24%", tail=True),
    Column("", "9rem"),
)


def held_panel(ws: Workspace, profile: str) -> None:
    """Draw what is held back, if anything, with what would break and both ways out."""
    held = ws.indexing.held(profile)
    if held is None or not held.waiting:
        return
    broken = _broken(ws, str(ws.home), held.runs, ws.labels.version())
    number = sum(len(each.changes) for each in broken)
    with st.container(border=True):
        if number:
            st.markdown(
                f":orange[:material/pause_circle:] **{what_waits(held)}: {number:,} of "
                f"{held.queries:,} saved queries would break.** The old one goes on answering, "
                "with the texts it was made of."
            )
            _table(broken)
        else:
            st.markdown(
                f":green[:material/check_circle:] **{what_waits(held)}, but nothing breaks any "
                "more** by what is expected today."
            )
        _ways_out(ws, held, number)


def what_waits(held: HeldIndex) -> str:
    """Return in words what is held back: a new index, or a model that was promoted."""
    if held.promotes:
        return f"The model {escape(held.promotes)} waits to answer"
    return "A new index is held back"


def _table(broken: Sequence[Breaks]) -> None:
    found = [(each, change) for each in broken for change in each.changes]
    rows = [
        (
            one_line(each.suite, 40),
            one_line(change.query_text, 160),
            first_answer(change.before),
            first_answer(change.after),
            "near-copy of it" if change.copy_of else "",
        )
        for each, change in found[:SHOWN]
    ]
    focus_table(
        COLUMNS,
        rows,
        None,
        "held queries",
        label="Queries that would break; a row asked for is opened below",
        on_pick=lambda at: _open(*found[at]),
    )
    if len(found) > SHOWN:
        st.caption(f"The first {SHOWN} of {queries(len(found))}.")


def _open(breaks: Breaks, change: QueryChange) -> None:
    open_pair(breaks.suite, breaks.before, breaks.after, change.query_text)


def _ways_out(ws: Workspace, held: HeldIndex, broken: int) -> None:
    busy = running_job(ws) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        if held.stale:
            st.caption("The catalog has changed since; build the index again to see what breaks.")
            if st.button("Build again", type="primary", key="build again", disabled=busy) and (
                start_job(ws, "index", profile=held.profile)
            ):
                st.rerun()
        else:
            label = "Publish anyway" if broken else "Publish it"
            if st.button(label, key="publish held", disabled=busy, shortcut="Alt+P"):
                with errors_shown():
                    ws.indexing.publish_held(held.profile)
                    st.rerun()
        if st.button("Keep the old index", key="discard held", disabled=busy, shortcut="Alt+K"):
            with errors_shown():
                ws.indexing.discard_held(held.profile)
                st.rerun()


@st.cache_data(show_spinner=False, max_entries=8)
def _broken(
    _ws: Workspace, home: str, pairs: tuple[tuple[int, int], ...], labels: str
) -> tuple[Breaks, ...]:
    """Return by suite what breaks; compared once as long as nothing new is expected."""
    del home, labels
    return _ws.suites.broken(pairs)
