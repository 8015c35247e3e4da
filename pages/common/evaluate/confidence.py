"""How far a stated confidence can be believed, and the threshold chosen on it.

Responsible for the calibration curve and for the slider. Must not know how a confidence comes
about.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from skillrouter_core.records.evaluations import Evaluation
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

CUT = "cut"
HEIGHT = 320


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
        st.plotly_chart(_figure(curve), key="calibration", height=HEIGHT)
    with beside:
        _threshold(ws, made, thresholds(stated, right))


def _threshold(ws: Workspace, made: Evaluation, steps: Sequence[Threshold]) -> None:
    profile = made.info.profile
    cut = st.slider(
        "Say that none fits below a confidence of",
        0.0,
        1.0,
        made.info.threshold,
        0.01,
        key=CUT,
        bind="query-params",
    )
    chosen = min(steps, key=lambda step: abs(step.threshold - cut))
    sure = "–" if chosen.right is None else f"{chosen.right:.1%}"
    answered, right, lost = st.columns(3)
    answered.metric("Queries answered", f"{chosen.answered:.1%}", border=True)
    right.metric("Of those, right", sure, border=True)
    lost.metric("Right answers withheld", f"{chosen.lost:.1%}", border=True)
    st.caption(
        "Every query asked here has a right skill in the pool, so all that is withheld from a "
        "right answer is a loss; queries that none fits would gain."
    )
    with errors_shown():
        now = ws.routing.threshold(profile)
        with st.container(horizontal=True, vertical_alignment="center"):
            pressed = st.button(
                f"Use {cut:.2f} from now on",
                key="use threshold",
                disabled=abs(now - cut) < 0.005,
                help="Holds for every route of this profile that names no threshold of its own.",
            )
            st.markdown(f":small[:gray[in use: {now:.2f}]]")
        if pressed:
            ws.routing.set_threshold(cut, profile)
            st.rerun()


def _figure(curve: Sequence[Bin]) -> go.Figure:
    import plotly.graph_objects as go

    texts = [f"{part.count} answers" for part in curve]
    drawn = go.Figure()
    drawn.add_scatter(
        x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dot", "width": 1}, hoverinfo="skip"
    )
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
        text=texts,
        hovertemplate="stated %{x:.2f}, right %{y:.2f}, %{text}<extra></extra>",
    )
    drawn.update_layout(
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "stated confidence", "range": [0, 1.02]},
        yaxis={"title": "share right", "range": [0, 1.02]},
    )
    return drawn
