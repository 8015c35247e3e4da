"""Whether there is a map, and whether it is of the catalog as it is.

Responsible for what to do next where there is none or an old one. Must not know how a map is
computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.index_state import index_state
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape
from pages.common.scores import count
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

PROFILE = "compact"
KIND = "map"


def ready_map(ws: Workspace) -> CatalogMap | None:
    """Draw what is missing, if anything, and return the map there is."""
    indexed = index_state(ws, PROFILE)
    made = ws.map.load(PROFILE) if ws.map.version(PROFILE) else None
    if made is None:
        _no_map(ws, indexed=indexed)
    elif ws.map.stale(PROFILE):
        _old_map(ws)
    return made


def map_notes(ws: Workspace, made: CatalogMap) -> None:
    """Draw what is unusual about this map, and the way to compute it anew."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(escape(made.note), width="stretch")
        if st.button(
            "Compute anew",
            key="recompute",
            type="tertiary",
            icon=":material/restart_alt:",
            disabled=running_job(ws) is not None,
            help="Lays all skills out again, by the same seed; the picture may change.",
        ) and start_job(ws, KIND, profile=PROFILE, recompute="yes"):
            st.rerun()


def space_missing(ws: Workspace) -> None:
    """Say that the map has no third dimension yet, and offer to compute it."""
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            ":orange[:material/info:] This map has two dimensions; the third is computed on "
            "request, by a job of its own.",
            width="stretch",
        )
        _button(ws, "Compute the third dimension", ":material/deployed_code:", dimensions="3")


def _no_map(ws: Workspace, *, indexed: bool) -> None:
    if not indexed:
        st.caption("The map lays skills out by meaning. The index brings that; make it first.")
        return
    skills = count(sum(catalog.skills for catalog in ws.catalogs.all()), "skill")
    with st.container(border=True):
        st.markdown(
            f"**{skills} have no map yet.** A job lays them out by meaning and names the crowds "
            "among them; tens of thousands take minutes. Nothing else changes."
        )
        _button(ws, "Draw the map", ":material/map:", primary=True)


def _old_map(ws: Workspace) -> None:
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(
            ":orange[:material/info:] The index changed after this map: new skills are not on "
            "it yet. The others stay where they are.",
            width="stretch",
        )
        _button(ws, "Update the map", ":material/sync:")


def _button(
    ws: Workspace, label: str, icon: str, *, primary: bool = False, dimensions: str = "2"
) -> None:
    busy = running_job(ws) is not None
    pressed = st.button(
        label,
        key="map job",
        type="primary" if primary else "secondary",
        icon=icon,
        shortcut="Alt+M",
        disabled=busy,
        help="One job at a time." if busy else None,
    )
    if pressed and start_job(ws, KIND, profile=PROFILE, dimensions=dimensions):
        st.rerun()
