"""The page for training: whether training on the labels makes a better router.

Draws which model answers, a run at work, and one of three views: a new run, the runs there are,
and who promoted what. Everything that matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.empty import no_skills
from pages.common.job_progress import job_panel
from pages.common.train import state
from pages.common.train.detail import detail
from pages.common.train.in_use import author_field, held_back, in_use
from pages.common.train.new_run import new_run
from pages.common.train.promotions import promotions
from pages.common.train.running import running, training_job
from pages.common.train.runs import damaged, entries, run_list
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.records import Job
    from skillrouter_core.workspace import Workspace


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    state.begin()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.header("Would training on these labels make a better router?", anchor=False)
        with st.container(width="content"):
            author_field()
    job = training_job(ws)
    if job is None:
        job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    try:
        _draw(ws, job)
    except SkillRouterError as error:
        show_error(error)


def _draw(ws: Workspace, job: Job | None) -> None:
    in_use(ws)
    held_back(ws)
    if job is not None:
        running(ws, job, job.params["name"])
    show = st.segmented_control(
        "View",
        state.VIEWS,
        default=state.NEW,
        required=True,
        key=state.SHOW,
        bind="query-params",
        label_visibility="collapsed",
    )
    if show == state.RUNS:
        _runs(ws, job)
    elif show == state.PROMOTIONS:
        promotions(ws)
    else:
        new_run(ws)


def _runs(ws: Workspace, job: Job | None) -> None:
    found = entries(ws)
    opened = state.opened() or found[0].name
    run_list(found, opened)
    damaged(ws)
    entry = next((one for one in found if one.name == opened), None)
    if job is not None and job.params["name"] == opened:
        return  # the panel above shows it, live
    if entry is None:
        st.caption("There is no run or model of that name in this workspace any more.")
    else:
        detail(ws, entry)


with kept_view("train", (*state.WIDGETS, state.RUN)):
    page()
