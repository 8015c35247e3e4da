"""How far a stated confidence can be believed, and the threshold chosen on it.

Responsible for the calibration curve and for the slider. Must not know how a confidence comes
about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.evaluate.chosen import how
from pages.common.evaluate.state import CUT
from skillrouter_core.records import RouteOptions
from skillrouter_core.records.evaluations import Evaluation, EvaluationInfo
from skillrouter_core.workspace.evaluation_views import (
    Bin,
    Threshold,
    calibration_error,
    reliability,
    thresholds,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from skillrouter_core.workspace import Workspace

HEIGHT = 320
GREY = "#8a94a0"
"""Readable on light and on dark."""


def confidence(ws: Workspace, made: Evaluation) -> None:
    """Draw the curve and the threshold below which no skill is said to fit."""
    pairs = [(task.confidence, task.hit) for task in made.tasks if task.confidence is not None]
    if not pairs:
        st.info("These models state no confidence: nothing was fitted for them.")
        return
    stated, right = [value for value, _ in pairs], [hit for _, hit in pairs]
    curve = reliability(stated, right)
    left, beside = st.columns(2, gap="large")
    with left:
        error = calibration_error(curve)
        st.markdown(
            f"**Stated against right** :small[:gray[{len(pairs):,} answers; expected calibration "
            f"error {error:.3f}]]"
        )
        st.plotly_chart(
            _figure(curve),
            key="calibration",
            height=HEIGHT,
            config={"displayModeBar": False},
            alt=f"Share of right answers over stated confidence, {len(curve)} groups of answers",
        )
        st.caption(
            "Each point: answers of about the same confidence, with the 95% bootstrap interval of "
            "the share that is right. On the dotted line a confidence is what it says."
        )
    with beside:
        _threshold(ws, made, thresholds(stated, right))


def _threshold(ws: Workspace, made: Evaluation, steps: Sequence[Threshold]) -> None:
    """Draw the slider, what its threshold would do to these queries, and the way to use it."""
    profile = made.info.profile
    now = ws.routing.threshold(profile)
    cut = st.slider(
        "Say that none fits below a confidence of",
        0.0,
        1.0,
        round(now, 2),
        0.01,
        key=CUT,
        bind="query-params",
    )
    _effect(min(steps, key=lambda step: abs(step.threshold - cut)))
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            f"Use {cut:.2f} from now on",
            key="use threshold",
            disabled=abs(now - cut) < 0.005,
            help="Holds for every route of this profile that names no threshold of its own.",
        )
        st.markdown(f":small[:gray[in use: {now:.2f}]]")
    for doubt in _doubts(ws, made.info):
        st.caption(f":orange[:material/info:] {doubt}")
    if pressed:
        ws.routing.set_threshold(cut, profile)
        st.rerun()


def _effect(step: Threshold) -> None:
    sure = "–" if step.right is None else f"{step.right:.1%}"
    answered, right, lost = st.columns(3)
    answered.metric("Queries answered", f"{step.answered:.1%}", border=True)
    right.metric("Of those, right", sure, border=True)
    lost.metric("Right answers withheld", f"{step.lost:.1%}", border=True)
    st.caption(
        "Every query asked here has a right skill in the pool, so all that is withheld from a "
        "right answer is a loss; queries that none fits would gain."
    )


def _doubts(ws: Workspace, info: EvaluationInfo) -> Iterator[str]:
    """Yield why a threshold chosen on an evaluation may not suit what answers on Route."""
    usual = RouteOptions()
    if (info.stage1, info.rerank, info.body) != (usual.stage1.value, usual.rerank, usual.body):
        yield (
            f"Asked with other switches than Route's own ({how(info)}): a plain route states "
            "other confidences."
        )
    if any(one.at > info.created_at for one in ws.registry.history(info.profile)):
        yield "Another model was promoted since: evaluate again before choosing here."


def _figure(curve: Sequence[Bin]) -> go.Figure:
    import plotly.graph_objects as go

    texts = [f"{part.count} answers" for part in curve]
    drawn = go.Figure()
    drawn.add_scatter(
        x=[part.stated for part in curve],
        y=[part.right for part in curve],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [part.high - part.right for part in curve],
            "arrayminus": [part.right - part.low for part in curve],
        },
        mode="lines+markers",
        marker={"size": 8},
        text=texts,
        hovertemplate="stated %{x:.2f}, right %{y:.2f}, %{text}<extra></extra>",
    )
    believed = {"dash": "dot", "width": 1, "color": GREY}
    drawn.add_scatter(x=[0, 1], y=[0, 1], mode="lines", line=believed, hoverinfo="skip")
    drawn.update_layout(
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "stated confidence", "range": [0, 1.02]},
        yaxis={"title": "share right", "range": [0, 1.02]},
    )
    return drawn
