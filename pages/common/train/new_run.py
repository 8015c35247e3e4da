"""A new run: what it would use, what is asked of it, what it would take, and its start.

Responsible for the view and for starting the job. Must not know how a plan is made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error
from pages.common.dup_table import Column, focus_table
from pages.common.index_state import index_state
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape
from pages.common.train import state
from pages.common.train.choices import choices
from pages.common.train.labelled import labelled, missing
from pages.common.train.words import duration, size
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records.training import TrainingPlan, TrainOptions

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

TRAIN, PROBE = "train", "measure-training"
"""Kinds of jobs."""
TAKES = (Column("It would take"), Column("", "10rem", True))


def new_run(ws: Workspace) -> None:
    """Draw what a run would use and take, and start one."""
    index_state(ws, state.PROFILE)
    left, right = st.columns([6, 6], gap="large")
    with right:
        st.markdown(
            "**What is asked of it** :small[:gray[A run starts from the models that answer now.]]"
        )
        options = choices(ws)
        with st.spinner("Counting labels…", show_time=False):
            try:
                plan = ws.training.plan(options)
            except SkillRouterError as error:
                show_error(error)
                return
        _takes(ws, plan)
        if plan.missing:
            missing(plan)
        _start(ws, plan)
    with left:
        labelled(plan)


def _takes(ws: Workspace, plan: TrainingPlan) -> None:
    """Draw how long a run takes, what that is taken from, and what memory it needs."""
    minutes, free = plan.minutes, plan.free_bytes
    rows = [
        ("time on this machine", "not known" if minutes is None else _about(minutes)),
        ("memory", f"about {size(plan.memory_bytes)}"),
        ("memory free now", "not known" if free is None else size(free)),
    ]
    focus_table(TAKES, rows, None, "takes", label="What a run takes")
    if minutes is not None:
        st.caption(
            f"Time of the steps alone, from {escape(plan.minutes_from)}; finding negatives and "
            "embedding come on top."
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("No such training was timed on this machine yet.", width="content")
        if st.button(
            "Time a few steps",
            key="time steps",
            icon=":material/timer:",
            shortcut="Alt+I",
            disabled=running_job(ws) is not None,
            help="Trains a few batches that are thrown away, and keeps the speed.",
        ) and start_job(ws, PROBE, options=ws.training.job_params("", plan.options)["options"]):
            st.rerun()


def _about(minutes: float) -> str:
    return f"about {duration(minutes * 60)}"


def _start(ws: Workspace, plan: TrainingPlan) -> None:
    busy = running_job(ws) is not None
    st.button(
        "Train",
        type="primary",
        key="train",
        icon=":material/model_training:",
        shortcut="Alt+T",
        disabled=busy or not plan.ready,
        help="One job at a time." if busy else "Nothing changes for Route until it is promoted.",
        on_click=_begin,
        args=(ws, plan.options),
    )


def _begin(ws: Workspace, options: TrainOptions) -> None:
    """Start the job and open its run; in a callback, so that the view may change."""
    name = ws.training.new_name(options.kind)
    if start_job(ws, TRAIN, **ws.training.job_params(name, options)):
        state.open_run(name)
