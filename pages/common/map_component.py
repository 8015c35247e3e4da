"""The map as an element of a page: the drawing, and the parts that carry its data.

Responsible for mounting `static/map` as custom components and for handing back what a person
did on the map. Must not know the workspace or what the points stand for.

The arrays travel as parts of their own: Streamlit sends an element again only when it changed,
so another colouring sends two bytes a point and no coordinates, and a page that runs again
sends nothing. Texts are asked for a few rows at a time, by a fragment that draws nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from pages.common import scripts

_FOLDER = scripts.STATIC / "map"
_PART = ("hub.js", "part.js")
_MAP = (
    "hub.js",
    "theme.js",
    "grid.js",
    "camera.js",
    "density.js",
    "shaders.js",
    "painter.js",
    "labels.js",
    "overlay.js",
    "gestures.js",
    "panel.js",
    "address.js",
    "texts.js",
    "look.js",
    "actions.js",
    "map.js",
)
"""Modules in import order: each imports only from those before it."""

MAP_KEY = "map"
Texts = Callable[[Sequence[int]], list[tuple[int, str, str]]]
"""Returns (row, name, description) of the rows asked for."""


def joined(names: Sequence[str]) -> str:
    """Return modules of the map as one script."""
    return scripts.joined(_FOLDER, names)


PALETTE: dict[str, dict[str, Any]] = json.loads((_FOLDER / "palette.json").read_text("utf-8"))
"""The colours of slots (see `map_colours`) on a light and on a dark ground."""

_part = st.components.v2.component("skillrouter_map_part", js=joined(_PART))
_map = st.components.v2.component(
    "skillrouter_map",
    js=f"const PALETTE = {json.dumps(PALETTE)};\n{joined(_MAP)}",
    css=(_FOLDER / "map.css").read_text(encoding="utf-8"),
)


def draw_map(
    points: bytes,
    paint: bytes,
    look: dict[str, Any],
    texts: Texts,
    *,
    on_picked: Callable[[], None],
    on_drawn: Callable[[], None],
) -> None:
    """Draw the map: two messages of `map_arrays`, what to say about them, and where texts are.

    `look` is the JSON that `static/map/map.js` reads. `on_picked` and `on_drawn` are called
    before the page runs again; `picked_row` and `drawn_polygon` then say what was done.
    """
    with st.container(gap=None):
        _map(data=look, key=MAP_KEY, on_picked_change=on_picked, on_drawn_change=on_drawn)
        _part(data=points, key="map points")
        _part(data=paint, key="map paint")
        _texts(texts, look["points"])


def send_query(query: dict[str, Any] | None) -> None:
    """Draw a query over the map, or none; apart from `draw_map`, so that the map need not wait."""
    _part(data={"query": query}, key="map query")


def picked_row() -> int | None:
    """Return the row clicked in this run, -1 for a click beside all points, None without one."""
    return _event("picked")


def drawn_polygon() -> list[int] | None:
    """Return the polygon drawn in this run, empty when it was lifted, None without one."""
    return _event("drawn")


def _event(name: str) -> Any:
    return getattr(st.session_state.get(MAP_KEY), name, None)


@st.fragment
def _texts(texts: Texts, version: str) -> None:
    """Answer the map's last question; a fragment, so that hovering runs this alone."""
    asked = getattr(st.session_state.get("map texts"), "rows", None) or []
    rows = [row for row in asked if isinstance(row, int)][:MAX_ASKED]
    data = {"version": version, "rows": texts(rows) if rows else []}
    _part(data=data, key="map texts", on_rows_change=_nothing)


MAX_ASKED = 64


def _nothing() -> None:
    """Streamlit hands an event to the page only where something listens to it."""
