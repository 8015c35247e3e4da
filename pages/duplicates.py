"""The page for duplicates: which skills are copies of each other, and which should stay.

Draws the scan's figures, the queue of groups, one group with its evidence, and the verdicts.
Everything that matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.dup_export import exports
from pages.common.dup_history import history
from pages.common.dup_lanes import discounted_lane, namesake_lane
from pages.common.dup_overview import overview
from pages.common.dup_scan import PROFILE, scan_ready
from pages.common.dup_state import TAB, VIEW
from pages.common.dup_thresholds import answer, threshold_sliders
from pages.common.dup_work import work
from pages.common.empty import no_skills
from pages.common.job_progress import job_panel
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView

TABS = ("groups", "overview", "same name", "discounted", "history", "export")


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("Which skills are copies of each other, and which should stay?", anchor=False)
    job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    try:
        if scan_ready(ws):
            _found(ws)
    except SkillRouterError as error:
        show_error(error)


def _found(ws: Workspace) -> None:
    scan = ws.duplicates.load(PROFILE)
    if scan is None:
        return
    words, controls = st.columns([7, 5], gap="large", vertical_alignment="center")
    with controls, st.container(horizontal=True, gap="medium"):
        thresholds = threshold_sliders(scan.floors)
    view = ws.duplicates.groups(thresholds, PROFILE)
    with words:
        answer(view)
    tab = st.segmented_control(
        "View",
        TABS,
        default=TABS[0],
        required=True,
        key=TAB,
        bind="query-params",
        label_visibility="collapsed",
    )
    _draw(ws, view, tab or TABS[0])


def _draw(ws: Workspace, view: GroupsView, tab: str) -> None:
    if tab == "overview":
        overview(view)
    elif tab == "same name":
        namesake_lane(ws, view)
    elif tab == "discounted":
        discounted_lane(ws, view)
    elif tab == "history":
        history(ws)
    elif tab == "export":
        exports(ws, view)
    else:
        work(ws, view)


with kept_view("duplicates", VIEW):
    page()
