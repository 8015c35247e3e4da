"""The skill that was clicked on the map, in a few lines.

Responsible for drawing it. Must not know how it was picked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.map_ready import PROFILE
from pages.common.map_rows import cluster_names
from pages.common.map_state import picked, unpick
from pages.common.safe_text import breakable, escape, one_line
from pages.common.scores import count
from pages.common.skill_text import skill_link
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DESCRIPTION_CHARS = 400


def row_picked(ws: Workspace, made: CatalogMap) -> int | None:
    """Return the row of the skill that is picked; None where none is, or it is on no map."""
    skill_id = picked(made.ids)
    row = int(ws.map.rows([skill_id], PROFILE)[0]) if skill_id else -1
    return row if row >= 0 else None


def picked_card(ws: Workspace, made: CatalogMap, row: int) -> None:
    """Draw a skill's name, description and place, and the way to its page."""
    found = ws.map.texts([row], PROFILE)
    with st.container(border=True):
        if not found:
            st.caption("This skill has left its catalog since the map was made.")
            st.button("Close", key="unpick", on_click=unpick)
            return
        text = found[0]
        name = escape(breakable(one_line(text.name, 120))) or "unnamed"
        cluster = cluster_names(made).get(int(made.fine[row]), "")
        parts = [
            escape(text.skill_id),
            *([f"cluster {escape(one_line(cluster, 80))}"] if cluster else ["noise"]),
            *([f"category {escape(text.category)}"] if text.category else []),
            count(text.body_chars, "character"),
        ]
        described = escape(one_line(text.description, DESCRIPTION_CHARS))
        st.markdown(
            f"**{name}** :small[:gray[{' · '.join(parts)}]]  \n"
            f"{described or ':gray[no description]'}"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            skill_link(text.skill_id)
            st.button("Close", key="unpick", type="tertiary", on_click=unpick)
