"""Two settings next to each other.

Responsible for drawing two routes of one query and for marking what differs. Must not know
how either was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.route_answer import final_order, verdict
from pages.common.route_controls import described
from skillrouter_core.records import Route

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def marks(route: Route, other: Route) -> dict[str, str]:
    """Return Markdown by skill id for answers that `other` lacks or puts elsewhere."""
    places = {each.skill.skill_id: each.rank for each in other.candidates}
    ranked = set(other.ranking)
    found = {}
    for each in route.candidates:
        skill_id = each.skill.skill_id
        place = places.get(skill_id)
        if place is None:
            folded = skill_id in ranked
            found[skill_id] = ":gray-badge[folded there]" if folded else ":orange-badge[only here]"
        elif place != each.rank:
            found[skill_id] = f":gray-badge[{place}. there]"
    return found


def side_by_side(ws: Workspace, first: Route, second: Route) -> None:
    """Draw both answers with their differences marked."""
    only = len(set(first.ranking) ^ set(second.ranking))
    st.caption(f"{only} of the candidates stand on one side only.")
    columns = st.columns(2, gap="medium")
    for column, route, other, title in zip(
        columns, (first, second), (second, first), "AB", strict=True
    ):
        with column:
            st.subheader(f"{title}: {described(route.options)}", anchor=False)
            verdict(route)
            final_order(ws, route, prefix="" if title == "A" else "b_", marks=marks(route, other))
