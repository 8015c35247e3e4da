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
from pages.common.map_component import PALETTE
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


def space(ws: Workspace, made: CatalogMap, colours: Colouring) -> None:
    """Draw the points in space, or say how to get the third dimension."""
    if made.xyz is None:
        space_missing(ws)
        return
    names = names_of(ws, made) if len(made) <= MOST_NAMES else []
    palette = PALETTE[st.context.theme.type or "light"]
    st.plotly_chart(figure(made, colours, names, palette), key="space", height=HEIGHT)


def figure(
    made: CatalogMap, colours: Colouring, names: Sequence[str], palette: dict[str, Any]
) -> go.Figure:
    """Return the figure of a map with three dimensions; `names` has one a row, or none at all."""
    import plotly.graph_objects as go

    legend = colours.legend
    shades = np.array([shade(slot, palette) for slot in legend["slots"]])
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
        key = {"color": shade(slot, palette), "size": 8}
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


def shade(slot: Slot, palette: dict[str, Any]) -> str:
    """Return a slot's colour in a palette of `static/map/palette.json`."""
    kinds: list[str] = palette["kinds"]
    if isinstance(slot, int):
        return kinds[slot % len(kinds)]
    named: str | None = palette.get(slot or "other")
    return named or _ramp(int(str(slot)[1:]) / 1000, palette["ramp"])


def _ramp(part: float, stops: Sequence[str]) -> str:
    at = part * (len(stops) - 1)
    left = min(int(at), len(stops) - 2)
    low, high = (bytes.fromhex(stop[1:]) for stop in stops[left : left + 2])
    mixed = (round(a + (b - a) * (at - left)) for a, b in zip(low, high, strict=True))
    return f"#{bytes(mixed).hex()}"
