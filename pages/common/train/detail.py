"""One run or model: where it stands, what can be done with it, and what is known of it.

Responsible for the head, the buttons and the choice of what is shown. Must not know how any of
it is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape
from pages.common.train import state
from pages.common.train.curves import curves
from pages.common.train.in_use import SHIPPED, promote
from pages.common.train.made_of import made_of
from pages.common.train.new_run import TRAIN
from pages.common.train.result import card, result_view
from pages.common.train.runs import Entry
from pages.common.train.words import ICONS, STATES, duration, how, networks
from skillrouter_core.records.training import RunState, TrainingRun

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

RESULT, CURVES, LABELS, CARD = "result", "curves", "labels", "card"


def detail(ws: Workspace, one: Entry) -> None:
    """Draw an entry of the list."""
    with st.container(border=True):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(_head(one), width="stretch")
            _buttons(ws, one)
        if one.run is not None and one.run.message and one.run.state is not RunState.DONE:
            st.caption(escape(one.run.message))
        views = _views(one)
        if st.session_state.get(state.SEE) not in views:
            st.session_state.pop(state.SEE, None)
        see = st.segmented_control(
            "Shown of it",
            views,
            default=views[0],
            required=True,
            key=state.SEE,
            bind="query-params",
            label_visibility="collapsed",
        )
        _shown(ws, one, str(see))


def _views(one: Entry) -> tuple[str, ...]:
    if one.run is None:
        return (RESULT, CARD)
    return (CURVES, LABELS) if one.model is None else (RESULT, CURVES, LABELS, CARD)


def _shown(ws: Workspace, one: Entry, see: str) -> None:
    if see == CURVES and one.run is not None:
        parts = [part.value for part in one.run.options.parts]
        curves(ws.training.curve(one.name), parts, live=one.run.resumable)
    elif see == LABELS and one.run is not None:
        made_of(one.run)
    elif see == CARD:
        card(ws, one.name)
    elif one.model is not None:
        result_view(ws, one.model)


def _head(one: Entry) -> str:
    words = [f"**{escape(one.name)}**"]
    if one.model is not None and one.model.answers_for:
        words.append(":green[:material/check_circle: answers now]")
    elif one.run is not None:
        words.append(f"{ICONS[one.run.state]} {STATES[one.run.state]}")
    if one.run is not None:
        words.append(_facts(one.run))
    return " · ".join(words)


def _facts(run: TrainingRun) -> str:
    took = f", {duration(run.seconds)}" if run.seconds else ""
    return f":small[:gray[{networks(run.options.kind)}, {how(run.options)}{took}]]"


def _buttons(ws: Workspace, one: Entry) -> None:
    busy = running_job(ws) is not None
    if one.model is not None and not one.model.answers_for:
        if st.button(
            "Promote",
            key="promote",
            type="primary",
            icon=":material/upgrade:",
            shortcut="Alt+O",
            disabled=busy,
            help="Its vectors are made beside those in use, saved queries are asked, and then "
            "all is swapped at once. Where a saved query would break it is held back.",
        ):
            promote(ws, one.name)
    elif one.run is not None and one.run.resumable:
        st.button(
            "Resume",
            key="resume",
            type="primary",
            icon=":material/play_arrow:",
            shortcut="Alt+U",
            disabled=busy,
            on_click=_resume,
            args=(ws, one.name),
        )
    if one.name != SHIPPED and st.button(
        "Delete", key="delete run", icon=":material/delete:", disabled=busy
    ):
        _confirm(ws, one)


def _resume(ws: Workspace, name: str) -> None:
    if start_job(ws, TRAIN, **ws.training.job_params(name)):
        state.open_run(name)


@st.dialog("Delete this run?")
def _confirm(ws: Workspace, one: Entry) -> None:
    st.markdown(f"**{escape(one.name)}**")
    st.caption("Its weights, curve and figures go. The labels of the workspace stay.")
    if st.button("Delete", type="primary", key="delete for good"):
        with errors_shown():
            # Both refuse a model that answers, or that a roll-back goes to.
            remove = ws.registry.delete if one.run is None else ws.training.remove
            remove(one.name)
            state.open_run("")
            st.rerun()
