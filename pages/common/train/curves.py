"""The loss of each network over its steps.

Responsible for the pictures. Must not know how a loss is computed or where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.scores import count
from pages.common.train.words import duration
from skillrouter_core.records.training import CurvePoint

if TYPE_CHECKING:
    import plotly.graph_objects as go

HEIGHT = 260
GREY = "#8a94a0"
"""Readable on light and on dark."""
MOST = 600
"""Steps drawn one by one; of longer runs each point is the mean of several, which is said."""
WINDOW = 10
"""The bold line is the mean over the last tenth of the steps so far, at least this many parts."""


def curves(points: Sequence[CurvePoint], parts: Sequence[str], *, live: bool) -> None:
    """Draw a picture a network, beside each other."""
    for place, part in zip(st.columns(max(len(parts), 1), gap="large"), parts, strict=False):
        own = [point for point in points if point.part == part]
        with place:
            _one(part, own, live=live)


def _one(part: str, points: Sequence[CurvePoint], *, live: bool) -> None:
    if not points:
        waits = "has not begun yet" if live else "was not trained"
        st.markdown(f"**{part.capitalize()}** :small[:gray[{waits}]]")
        return
    last = points[-1]
    said = _said(last)
    st.markdown(f"**{part.capitalize()}** :small[:gray[{said}; last loss {last.loss:.3f}]]")
    each = -(-len(points) // MOST)
    drawn = thinned(points, each)
    st.plotly_chart(
        _figure(drawn, last.steps),
        key=f"curve of {part}",
        height=HEIGHT,
        config={"displayModeBar": False},
        alt=f"Loss of the {part} over its steps; {said}",
    )
    if each > 1:
        st.caption(f"Each point is the mean of {count(each, 'step')}.")


def _said(last: CurvePoint) -> str:
    so_far = f"step {last.step:,} of {last.steps:,}, {duration(last.seconds)}"
    if last.step >= last.steps:
        return so_far
    left = (last.steps - last.step) * last.seconds / max(last.step, 1)
    return f"{so_far} so far, about {duration(left)} left"


def thinned(points: Sequence[CurvePoint], each: int) -> list[tuple[int, float]]:
    """Return steps with their losses, each the mean over `each` steps and named by the last."""
    groups = [points[at : at + each] for at in range(0, len(points), max(each, 1))]
    return [(group[-1].step, sum(one.loss for one in group) / len(group)) for group in groups]


def smoothed(values: Sequence[float]) -> list[float]:
    """Return for each value the mean of it and of up to a tenth of all values before it."""
    window = max(len(values) // WINDOW, 1)
    return [
        sum(values[max(0, at - window + 1) : at + 1]) / min(window, at + 1)
        for at in range(len(values))
    ]


def _figure(drawn: Sequence[tuple[int, float]], steps: int) -> go.Figure:
    import plotly.graph_objects as go

    x, y = [step for step, _ in drawn], [loss for _, loss in drawn]
    figure = go.Figure()
    # The first line gets the theme's first colour, the one that stands out on its background.
    figure.add_scatter(x=x, y=smoothed(y), mode="lines", line={"width": 3}, name="mean")
    figure.add_scatter(
        x=x,
        y=y,
        mode="lines+markers" if len(x) < 3 else "lines",
        line={"width": 1, "color": GREY},
        name="loss",
    )
    figure.update_layout(
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 8, "b": 0},
        xaxis={"title": "step", "range": [0, max(steps, 1) * 1.02]},
        yaxis={"title": "loss", "rangemode": "tozero"},
        # the same value on every run: what was zoomed into stays
        uirevision="loss",
    )
    return figure
