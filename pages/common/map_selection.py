"""What is chosen on the map: inside the lasso, found by the search, or both.

Responsible for putting the choice into words, for the near-copies inside it, and for handing
its skills to the actions and the table. Must not know how the map is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from pages.common.map_actions import selection_actions, waiting_words
from pages.common.map_arrays import polygon_text
from pages.common.map_done import last_done
from pages.common.map_ready import PROFILE
from pages.common.map_rows import Rows
from pages.common.map_search import MEANING, Found, found_words
from pages.common.map_state import BY, FIND, SPACE, WITHIN, fly_to, select, selection
from pages.common.map_table import row_table
from pages.common.safe_text import breakable, escape, one_line
from pages.common.scores import count
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

GROUPS_SHOWN = 30
ROOM = 0.02
"""Around what one flies to, in the map's units."""


def selection_panel(
    ws: Workspace, made: CatalogMap, inside: Rows | None, search: Found | None
) -> None:
    """Draw what is chosen, if anything: in words, with its near-copies, and as a table."""
    last_done()
    rows = chosen(inside, search)
    if rows is None:
        hint = (
            "Switch 3D off to select skills and to read them."
            if st.session_state.get(SPACE)
            else "Drag with Shift for a box or with Alt for a lasso to get skills as a table; "
            "click a point to read it."
        )
        st.caption(f"{hint} {waiting_words(ws.labels.queued_ids())}")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(_words(inside, search, rows), anchor=False, width="stretch")
        if len(rows):
            st.button(
                "Show them",
                key="fly to rows",
                icon=":material/center_focus_strong:",
                on_click=_fly,
                args=(made, rows),
            )
            _copies(ws, made, rows)
        if inside is not None:
            _catalog_link(search)
            st.button(
                "Lift the selection",
                key="lift",
                icon=":material/close:",
                on_click=select,
                args=("",),
            )
    if len(rows):
        selection_actions(ws, ws.map.live_ids(rows.tolist(), PROFILE))
        row_table(ws, made, rows)


def _catalog_link(search: Found | None) -> None:
    """Draw the way to the catalog, cut to the lasso and to the words that were searched."""
    wanted = {WITHIN: polygon_text(selection())}
    if search and st.session_state.get(BY) != MEANING:
        wanted[FIND] = search.text
    st.page_link("catalog.py", label="In the catalog", icon=":material/list:", query_params=wanted)


def chosen(inside: Rows | None, search: Found | None) -> Rows | None:
    """Return the rows inside the lasso that the search found too, of those that are asked for."""
    if search is None:
        return inside
    if inside is None:
        return np.sort(search.rows)
    return np.intersect1d(inside, search.rows)


def _words(inside: Rows | None, search: Found | None, rows: Rows) -> str:
    if search is None:
        return f"{count(len(rows), 'skill')} selected"
    if inside is None:
        return found_words(search).capitalize()
    return f"{len(rows):,} of {count(len(inside), 'selected skill')} found"


def _fly(made: CatalogMap, rows: Rows) -> None:
    low, high = made.xy[rows].min(axis=0) - ROOM, made.xy[rows].max(axis=0) + ROOM
    fly_to((float(low[0]), float(low[1]), float(high[0]), float(high[1])))


def _copies(ws: Workspace, made: CatalogMap, rows: Rows) -> None:
    """Draw the groups of near-copies with two or more members among the rows, on request."""
    if not ws.duplicates.version(PROFILE):
        st.page_link(
            "duplicates.py", label="Look for duplicates first", icon=":material/content_copy:"
        )
        return
    view = ws.duplicates.groups(profile=PROFILE)
    ids = view.scan.ids
    wanted = {made.ids[row] for row in rows.tolist()}
    groups = []
    for group in view.grouping.groups:
        within = sum(ids[member] in wanted for member in group.members)
        if within > 1:
            groups.append((within, len(group.members), ids[group.keeper]))
    groups.sort(reverse=True)
    label = f"{count(len(groups), 'group')} of near-copies inside"
    with st.popover(label, icon=":material/content_copy:", disabled=not groups):
        for within, size, keeper in groups[:GROUPS_SHOWN]:
            st.page_link(
                "duplicates.py",
                label=f"{within} of {size}: {escape(breakable(one_line(keeper, 70)))}",
                query_params={"group": keeper, "status": "all"},
            )
        if len(groups) > GROUPS_SHOWN:
            st.caption(f"The {GROUPS_SHOWN} with the most members inside, of {len(groups):,}.")
