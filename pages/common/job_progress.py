"""A job on the page: how far it is, how long it will take, and a way to stop it.

Responsible for the job named in the address, so that a reload finds it again. Must not
know what any job does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown, show_error
from pages.common.safe_text import escape
from pages.common.scores import remaining
from skillrouter_core import jobs
from skillrouter_core.errors import NotFoundError, SkillRouterError
from skillrouter_core.records import Job, JobState

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

PARAMETER = "job"
MAX_DIGITS = 12
RUNNING = (JobState.QUEUED, JobState.RUNNING)
_ENDS = {
    JobState.DONE: (":green[:material/check_circle:]", "finished"),
    JobState.FAILED: (":red[:material/error:]", "failed"),
    JobState.CANCELLED: (":gray[:material/cancel:]", "was cancelled"),
    JobState.LOST: (":red[:material/error:]", "is lost"),
}


def start_job(ws: Workspace, kind: str, **params: str) -> bool:
    """Start a job, put it into the address and return True; False after showing an error."""
    try:
        job = jobs.start(ws, kind, params)
    except SkillRouterError as error:
        show_error(error)
        return False
    st.query_params[PARAMETER] = str(job.job_id)
    return True


def job_panel(ws: Workspace) -> None:
    """Draw the job that the address names, or else one under way.

    The page runs again once it ends.
    """
    job = _named_job(ws) or running_job(ws)
    if job is None:
        return
    if job.state in RUNNING:
        _live(ws, job.job_id, _drawn(ws))
    else:
        _ended(job)


def _named_job(ws: Workspace) -> Job | None:
    number = st.query_params.get(PARAMETER, "")
    if not number.isdecimal() or len(number) > MAX_DIGITS:
        return None
    try:
        return jobs.get(ws, int(number))
    except NotFoundError:
        st.caption(f"There is no job {number} in this workspace.")
        return None


def _drawn(ws: Workspace) -> str:
    """Return a value that changes with what the pages show: the skills and the index."""
    return f"{ws.catalogs.fingerprint()} {ws.routing.version()}"


@st.fragment(run_every=1)
def _live(ws: Workspace, job_id: int, drawn: str) -> None:
    """Draw the job each second; the page around it again once the job has changed what it shows."""
    with errors_shown():
        job = jobs.get(ws, job_id)
        if job.state not in RUNNING or drawn != _drawn(ws):
            st.rerun(scope="app")
        with st.container(horizontal=True, vertical_alignment="center", border=True):
            _bar(job)
            if st.button("Cancel", key="cancel job", icon=":material/stop_circle:"):
                jobs.cancel(ws, job_id)
                st.toast("Stopping after the step in hand.")


def _bar(job: Job) -> None:
    progress = job.progress
    if progress is None:
        st.progress(0.0, text=f"{job.kind}: starting…")
        return
    if not progress.total:
        st.progress(0.0, text=f"{job.kind}: {progress.stage}, {progress.done:,} {progress.unit}")
        return
    done = f"{job.kind}: {progress.stage}, {progress.done:,} of {progress.total:,} {progress.unit}"
    pace = f"{progress.rate:,.0f} {progress.unit}/s · {remaining(progress.remaining_seconds)}"
    text = f"{done} · {pace if progress.done < progress.total else 'on to the next step…'}"
    st.progress(min(progress.done / progress.total, 1.0), text=text)


def _ended(job: Job) -> None:
    icon, words = _ENDS[job.state]
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f"{icon} {job.kind} {words}. {escape(job.message)}", width="stretch")
        if st.button("Dismiss", key="dismiss job", type="tertiary"):
            del st.query_params[PARAMETER]
            st.rerun()


def running_job(ws: Workspace) -> Job | None:
    """Return a job that is under way in this workspace, if any."""
    return next((job for job in jobs.recent(ws) if job.state in RUNNING), None)


def last_messages(ws: Workspace) -> dict[str, str]:
    """Return by catalog how the newest finished import or re-sync that names it ended."""
    found: dict[str, str] = {}
    for job in jobs.recent(ws):
        catalog = job.message.split(":", 1)[0]
        if job.state is JobState.DONE and catalog not in found:
            found[catalog] = job.message
    return found
