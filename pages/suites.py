"""The page for suites: whether every saved query still gets its answer.

Draws an index that is held back, one suite's newest run against the one before, every query
with what became of it, and the trend. Everything that matters is in the address.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.empty import no_skills
from pages.common.index_state import index_state
from pages.common.job_progress import job_panel, running_job, start_job
from pages.common.suites.detail import query_detail
from pages.common.suites.empty import never_run, no_queries
from pages.common.suites.figures import verdict
from pages.common.suites.held import held_panel
from pages.common.suites.lines import Line, counts, lines
from pages.common.suites.profile import profile_choice
from pages.common.suites.queries import query_list
from pages.common.suites.runs import SHOWN, open_pair, run_choices
from pages.common.suites.state import SEE, STANDING, SUITE, WIDGETS, first_page, forget_runs
from pages.common.suites.trend import trend
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records.suites import SuiteDiff

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

QUERIES, TREND = "queries", "trend"
ALL = "all"


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Does every saved query still get its answer?", anchor=False)
        profile = profile_choice(ws)
    job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    try:
        if index_state(ws, profile, here=True):
            held_panel(ws, profile)
            _suite(ws, profile)
    except SkillRouterError as error:
        show_error(error)


def _suite(ws: Workspace, profile: str) -> None:
    names = ws.labels.suites()
    if not names:
        no_queries()
        return
    row = st.container(horizontal=True, vertical_alignment="bottom")
    with row:
        suite = st.selectbox(
            "Suite", names, key=SUITE, bind="query-params", on_change=forget_runs, width=260
        )
    queries = ws.labels.queries(suite)
    expecting = sum(bool(query.expected) for query in queries)
    runs = ws.suites.runs(suite, profile, SHOWN)
    with row:
        _run_button(ws, suite, profile, expecting, first=not runs)
    if not runs:
        never_run(expecting)
        _queries(ws, lines(None, queries, alone=True), st.container(), alone=True)
        return
    chosen, other = open_pair(ws, runs)
    run_choices(runs, chosen, other, row)
    before = chosen if other is None else other
    found = _compared(ws, str(ws.home), before.run_id, chosen.run_id, ws.labels.version())
    shown = lines(found, queries, alone=other is None)
    verdict(found, shown, alone=other is None)
    row = st.container(horizontal=True, vertical_alignment="center", gap="large")
    with row:
        see = st.segmented_control(
            "View",
            (QUERIES, TREND),
            default=QUERIES,
            required=True,
            key=SEE,
            bind="query-params",
            label_visibility="collapsed",
        )
    if see == TREND:
        trend(ws.suites.trend(suite, profile), chosen)
    else:
        _queries(ws, shown, row, alone=other is None)


def _run_button(ws: Workspace, suite: str, profile: str, expecting: int, *, first: bool) -> None:
    busy = running_job(ws) is not None
    pressed = st.button(
        "Run" if first else "Run again",
        type="primary",
        key="run suite",
        icon=":material/play_arrow:",
        shortcut="Alt+S",
        disabled=busy or not expecting,
        help="One job at a time." if busy else "Asks the index and the models that answer now.",
    )
    if pressed and start_job(ws, "suite", suite=suite, profile=profile):
        forget_runs()
        st.rerun()


def _queries(ws: Workspace, shown: Sequence[Line], row: Any, *, alone: bool) -> None:
    with row:
        wanted = st.segmented_control(
            "Queries shown",
            (ALL, *counts(shown)),
            default=ALL,
            required=True,
            key=STANDING,
            bind="query-params",
            on_change=first_page,
            label_visibility="collapsed",
        )
    part = [line for line in shown if wanted in (None, ALL, line.word)]
    left, right = st.columns([6, 5], gap="large")
    with left:
        opened = query_list(part)
    if opened is not None:
        with right, st.container(border=True):
            query_detail(ws, opened, alone=alone)


@st.cache_data(show_spinner=False, max_entries=16)
def _compared(_ws: Workspace, home: str, before: int, after: int, labels: str) -> SuiteDiff:
    """Return the comparison of two runs; made once as long as nothing new is expected."""
    del home, labels
    return _ws.suites.diff(before, after)


with kept_view("suites", WIDGETS, always=True):
    page()
