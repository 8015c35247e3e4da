"""The map in three dimensions, drawn by Plotly.

Responsible for the figure. The flat map has a drawing of its own, which is faster and can
select; this one is for looking around. Must not know where the points come from.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.common.map_colours import Colouring, Slot
from pages.common.map_look import HEIGHT
from pages.common.map_ready import space_missing
from pages.common.map_texts import names_of
from pages.common.safe_text import one_line
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from skillrouter_core.workspace import Workspace

MOST_NAMES = 20_000
"""With more points than this the hover names the kind alone: names would double the message."""
# fmt: off
KINDS = (
    "#2f6fb7", "#d9722b", "#3a8f4d", "#b8433c", "#7a5bb5", "#8a6b3f",
    "#c65a9a", "#6d8f2f", "#1c93a0", "#b3921a", "#5a6fd0", "#9c3d6e",
)
# fmt: on
GREY = "#8c96a3"
NAMED = {"good": "#3a8f4d", "bad": "#c8524a", "warn": "#d08a2c"}
RAMP = ((0xE0, 0xC8, 0x77), (0x5A, 0xA5, 0x8A), (0x17, 0x45, 0x6E))


def space(ws: Workspace, made: CatalogMap, colours: Colouring) -> None:
    """Draw the points in space, or say how to get the third dimension."""
    if made.xyz is None:
        space_missing(ws)
        return
    names = names_of(ws, made) if len(made) <= MOST_NAMES else []
    st.plotly_chart(figure(made, colours, names), key="space", height=HEIGHT)


def figure(made: CatalogMap, colours: Colouring, names: Sequence[str]) -> go.Figure:
    """Return the figure of a map with three dimensions; `names` has one a row, or none at all."""
    import plotly.graph_objects as go

    legend = colours.legend
    shades = np.array([shade(slot) for slot in legend["slots"]])
    x, y, z = np.ascontiguousarray(made.xyz.T) if made.xyz is not None else ([], [], [])
    shown: dict[str, Any] = {"hoverinfo": "skip"}
    if names:
        # Plotly reads a little HTML in hover texts; a skill's name is text and nothing else.
        texts = [html.escape(one_line(name, 60)) for name in names]
        shown = {"text": texts, "hovertemplate": "%{text}<extra></extra>"}
    marker: dict[str, Any] = {
        "size": 2 if len(made) > 2000 else 5,
        "color": shades[colours.classes],
    }
    shown |= {"mode": "markers", "marker": marker, "showlegend": False}
    drawn = go.Figure(go.Scatter3d(x=x, y=y, z=z, **shown))
    for label, slot in _keys(legend):
        key = {"color": shade(slot), "size": 8}
        drawn.add_scatter3d(
            x=[None], y=[None], z=[None], mode="markers", marker=key, name=html.escape(label)
        )
    hidden = {"visible": False}
    scene = {"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"}
    drawn.update_layout(
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        scene=scene | {"camera": {"eye": {"x": 0.8, "y": 0.8, "z": 0.6}}},
        legend={"title": {"text": html.escape(legend["title"])}, "itemsizing": "constant"},
        uirevision=made.version,
    )
    return drawn


def _keys(legend: dict[str, Any]) -> list[tuple[str, Slot]]:
    """Return the lines of the legend: the kinds, or the ends of the scale."""
    if legend["low"]:
        return [(legend["low"], "r0"), (legend["high"], "r1000")]
    return [(one_line(item["label"], 40), item["slot"]) for item in legend["items"]]


def shade(slot: Slot) -> str:
    """Return a slot's colour, readable on a light and on a dark ground."""
    if isinstance(slot, int):
        return KINDS[slot % len(KINDS)]
    if slot is None:
        return GREY
    return NAMED.get(slot) or _ramp(int(slot[1:]) / 1000)


def _ramp(part: float) -> str:
    at = part * (len(RAMP) - 1)
    left = min(int(at), len(RAMP) - 2)
    mixed = (
        round(low + (high - low) * (at - left))
        for low, high in zip(RAMP[left], RAMP[left + 1], strict=True)
    )
    return f"#{''.join(f'{value:02x}' for value in mixed)}"
