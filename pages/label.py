"""The page for labelling: does a skill do what a request asks.

Draws the choosers and the desk. Everything that matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.empty import no_skills
from pages.common.job_progress import job_panel
from pages.common.label import state
from pages.common.label.choosers import choosers
from pages.common.label.desk import Work, desk
from pages.common.label.empty import no_queries, waits_for
from pages.common.label.inbox import query_after
from pages.common.label.progress import count_day
from pages.common.label.settings import candidates_line, settings
from pages.common.verdicts import annotator
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Does this skill do what the request asks?", anchor=False)
        head = st.container(width="content")
    job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    if not ws.labels.suites():
        no_queries()
        return
    try:
        with head:
            settings(ws)
        _label(ws)
    except SkillRouterError as error:
        show_error(error)


def _label(ws: Workspace) -> None:
    name = annotator()
    if state.lacks_query():
        state.begin_query(query_after(ws, state.early_set(), name))
    choosers(ws)
    spec = state.spec()
    if not waits_for(spec):
        candidates_line(ws, spec, name)
    count_day(ws, name)
    desk(ws, Work(spec, name, state.listed(), state.blind()))


with kept_view("label", state.ALL):
    page()
