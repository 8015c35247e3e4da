"""The page for routing: which skill would the agent load for this request.

Draws the query, the switches and the answer. Everything that matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.answers import answer, needs_models, warm
from pages.common.compare import side_by_side
from pages.common.draft import kept_draft
from pages.common.empty import no_skills
from pages.common.examples import examples
from pages.common.index_state import index_state
from pages.common.job_progress import job_panel
from pages.common.route_answer import THRESHOLD, chosen_threshold, judged, two_stages, verdict
from pages.common.route_controls import control_keys, route_controls
from pages.common.save_query import save_query
from pages.common.waiting import show_waiting
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import RouteOptions

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

QUERY = "q"
REQUEST = "Request"
VIEW = (QUERY, "compare", THRESHOLD, *control_keys(), *control_keys("b_"))


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("Which skill would the agent load for this request?", anchor=False)
    job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    query = _query()
    first, second = _settings(ws)
    if not index_state(ws, first.profile):
        return
    if not query:
        examples(ws, QUERY)
        if needs_models(first) and not ws.routing.ready(first.profile):
            warm(ws, first.profile).begin()
        return
    try:
        _answers(ws, query, first, second)
    except SkillRouterError as error:
        show_error(error)


def _query() -> str:
    with st.container(gap=None):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = st.text_area(
                REQUEST,
                key=QUERY,
                bind="query-params",
                height=74,
                placeholder="What should the agent do?",
            )
            st.button("Route", type="primary", shortcut="Ctrl+Enter", key="run")
        kept_draft(REQUEST, QUERY)
    return (text or "").strip()


def _settings(ws: Workspace) -> tuple[RouteOptions, RouteOptions | None]:
    profiles = ws.routing.profiles()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        row = st.container(
            horizontal=True, vertical_alignment="bottom", gap="medium", width="content"
        )
        compare = st.toggle("Compare with another setting", key="compare", bind="query-params")
    with row:
        first = route_controls(profiles, title="A: " if compare else "")
    if not compare:
        return first, None
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        return first, route_controls(profiles, "b_", title="B: ")


def _answers(ws: Workspace, query: str, first: RouteOptions, second: RouteOptions | None) -> None:
    found = answer(ws, query, first)
    other = None if second is None else answer(ws, query, second)
    waiting = found.waiting or (other and other.waiting)
    if waiting:
        show_waiting(waiting, "BM25 answers alone")
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        threshold = chosen_threshold(found.route)
        save_query(ws, found.route)
    route = judged(found.route, threshold)
    if other is None:
        with top:
            verdict(route)
        two_stages(ws, route)
    else:
        side_by_side(ws, route, judged(other.route, threshold))
    if waiting:
        waiting.begin()


with kept_view("route", VIEW):
    page()
