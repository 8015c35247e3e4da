"""A run at work: how far it is, its curves, and the ways to stop it.

Responsible for the panel that draws itself anew. Must not know what a run does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.job_progress import PARAMETER, RUNNING, running_job
from pages.common.scores import remaining
from pages.common.train.curves import curves
from pages.common.train.new_run import TRAIN
from skillrouter_core import jobs
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Job
from skillrouter_core.records.training import TrainingRun

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SECONDS = 2
"""Between two looks at a run."""


def training_job(ws: Workspace) -> Job | None:
    """Return the job that trains in this workspace, if one does."""
    job = running_job(ws)
    return job if job is not None and job.kind == TRAIN else None


def running(ws: Workspace, job: Job, name: str) -> None:
    """Draw a run at work, with pause and giving up."""
    stops = bool(st.session_state.get(_stops(job.job_id)))
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                "Pause",
                key="pause",
                icon=":material/pause:",
                shortcut="Alt+U",
                on_click=_pause,
                args=(ws, job),
                disabled=stops,
                help="Stops after the step in hand. It goes on from there when you resume it.",
            )
            if st.button(
                "Give up",
                key="cancel run",
                icon=":material/stop:",
                shortcut="Alt+X",
                disabled=stops,
            ):
                _confirm(ws, job, name)
            st.caption(
                "It stops after the step in hand…"
                if stops
                else "It works in a process of its own: this page can be closed.",
                width="stretch",
            )
        _live(ws, job.job_id, name, listed=find(ws, name) is not None)


@st.fragment(run_every=SECONDS)
def _live(ws: Workspace, job_id: int, name: str, *, listed: bool) -> None:
    """Draw how far the run is; the page around it again once the run is there, or has ended."""
    with errors_shown():
        job = jobs.get(ws, job_id)
        run = find(ws, name)
        if job.state not in RUNNING or (run is not None) is not listed:
            st.rerun(scope="app")
        _bar(job)
        if run is not None:
            parts = [part.value for part in run.options.parts]
            curves(ws.training.curve(name), parts, live=True)


def find(ws: Workspace, name: str) -> TrainingRun | None:
    """Return a run, None where there is none by that name, or not yet."""
    try:
        return ws.training.run(name)
    except NotFoundError:
        return None


def _bar(job: Job) -> None:
    made = job.progress
    if made is None:
        st.progress(0.0, text="Starting…")
        return
    if not made.total:
        st.progress(0.0, text=f"{made.stage}: {made.done:,} {made.unit}")
        return
    rate = f"{made.rate:,.0f}" if made.rate >= 10 else f"{made.rate:.2f}"
    pace = f"{rate} {made.unit}/s · {remaining(made.remaining_seconds)}"
    text = f"{made.stage}: {made.done:,} of {made.total:,} {made.unit}"
    ended = made.done >= made.total
    st.progress(
        min(made.done / made.total, 1.0),
        text=f"{text} · {'on to the next step…' if ended else pace}",
    )


def _pause(ws: Workspace, job: Job) -> None:
    # A run's job that is cancelled leaves the run paused, also before it is at work.
    jobs.cancel(ws, job.job_id)
    _stopping(job)


def _stopping(job: Job) -> None:
    """Remember that a run was told to stop; the list says how it stands once it has."""
    st.session_state[_stops(job.job_id)] = True
    st.query_params.pop(PARAMETER, None)


def _stops(job_id: int) -> str:
    return f"job {job_id} stops"


@st.dialog("Give this run up?")
def _confirm(ws: Workspace, job: Job, name: str) -> None:
    st.write("It stops after the step in hand and cannot go on. Its labels and curve stay.")
    if st.button("Give up", type="primary", key="cancel for good"):
        with errors_shown():
            if find(ws, name) is not None:
                ws.training.cancel(name)
            jobs.cancel(ws, job.job_id)
            _stopping(job)
            st.rerun()
