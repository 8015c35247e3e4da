"""The map's selection as a filter of the catalog.

Responsible for the ids inside the polygon that the address holds, for saying so, and for
lifting it. Must not know how the catalog is searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.map_arrays import corners, polygon_text
from pages.common.map_ready import PROFILE
from pages.common.map_state import WITHIN, select, selection
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def ids_on_map(ws: Workspace) -> frozenset[str] | None:
    """Draw which part of the map the list is cut to and return its ids; None without a cut."""
    polygon = selection()
    made = ws.map.load(PROFILE) if polygon and ws.map.version(PROFILE) else None
    if made is None:
        return None
    rows = ws.map.inside(corners(polygon), PROFILE).tolist()
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            f":material/select_all: Only the **{count(len(rows), 'skill')}** inside the "
            "selection on the map.",
            width="stretch",
        )
        st.page_link(
            "map.py",
            label="Back to the map",
            icon=":material/map:",
            query_params={WITHIN: polygon_text(polygon)},
        )
        st.button(
            "Show all", key="all skills", icon=":material/close:", on_click=select, args=("",)
        )
    return frozenset(made.ids[row] for row in rows)
