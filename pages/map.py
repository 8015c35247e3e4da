"""The page for the map: the whole catalog as one picture to steer by.

Draws the points, their colours, a search and a query over them, the clusters beside them, and
what was selected below. Everything that matters is in the address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.empty import no_skills
from pages.common.job_progress import job_panel
from pages.common.map_arrays import corners
from pages.common.map_clusters import cluster_list
from pages.common.map_colours import Colouring, colouring
from pages.common.map_component import draw_map, send_query
from pages.common.map_look import look_of, paint_of, points_of
from pages.common.map_picked import picked_card, row_picked
from pages.common.map_query import asked, overlay, query_answer, query_box
from pages.common.map_ready import PROFILE, map_notes, ready_map
from pages.common.map_rows import Rows
from pages.common.map_search import Found, found, search_box
from pages.common.map_selection import selection_panel
from pages.common.map_space import space
from pages.common.map_state import (
    COLOUR,
    SPACE,
    VIEW,
    flight,
    forget,
    note_drawn,
    note_picked,
    remember,
    selection,
)
from pages.common.map_texts import row_texts
from pages.common.safe_text import escape
from pages.common.waiting import show_waiting
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records.maps import CatalogMap, ChannelName

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("What does the whole catalog look like?", anchor=False)
    job_panel(ws)
    if not any(catalog.skills for catalog in ws.catalogs.all()):
        no_skills(ws)
        return
    try:
        made = ready_map(ws)
        if made is not None:
            _map(ws, made)
    except SkillRouterError as error:
        show_error(error)


def _map(ws: Workspace, made: CatalogMap) -> None:
    colours = _controls(ws)
    search, polygon = found(ws), selection()
    row = row_picked(ws, made)
    left, right = st.columns([25, 12], gap="small")
    with left:
        if st.session_state.get(SPACE):
            space(ws, made, colours)
        else:
            _plane(ws, made, colours, search, polygon, row)
    with right:
        cluster_list(ws)
    inside = ws.map.inside(corners(polygon), PROFILE) if polygon else None
    _below(ws, made, inside, search, row)


def _controls(ws: Workspace) -> Colouring:
    """Draw the switches and return the colours chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        name = st.selectbox(
            "Colour by",
            [one.value for one in ChannelName],
            key=COLOUR,
            bind="query-params",
            width=160,
        )
        search_box()
        query_box()
        st.toggle("3D", key=SPACE, bind="query-params")
    channel = ws.map.channel(name or ChannelName.COARSE, PROFILE)
    if channel.note:
        st.markdown(f":orange[:material/info:] {escape(channel.note)}")
    return colouring(channel)


def _plane(
    ws: Workspace,
    made: CatalogMap,
    colours: Colouring,
    search: Found | None,
    polygon: list[int],
    row: int | None,
) -> None:
    matches = search.rows if search and len(search.rows) else None
    look = look_of(
        made, colours, marked=matches is not None, within=polygon, picked=row, flight=flight()
    )
    draw_map(
        points_of(made),
        paint_of(colours, matches),
        look,
        row_texts(ws, made),
        on_picked=note_picked,
        on_drawn=note_drawn,
    )


def _below(
    ws: Workspace, made: CatalogMap, inside: Rows | None, search: Found | None, row: int | None
) -> None:
    answer = st.container()
    if row is not None:
        picked_card(ws, made, row)
    selection_panel(ws, made, inside, search)
    map_notes(ws, made)
    # Last, for it may take a second: what does not depend on it stands already.
    with answer:
        query = asked(ws, made)
        send_query(overlay(query))
        if query:
            query_answer(query)
        waiting = (search and search.waiting) or (query and query.waiting)
        if waiting:
            waiting.begin()
            show_waiting(waiting, "words alone decide")


with kept_view("map", VIEW):
    page()
    remember()
forget()
