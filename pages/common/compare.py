"""Two settings next to each other.

Responsible for drawing two routes of one query and for marking what differs. Must not know
how either was made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.route_answer import final_order, verdict
from pages.common.route_controls import described
from pages.common.scores import count
from skillrouter_core.records import Route

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def marks(route: Route, other: Route) -> dict[str, str]:
    """Return Markdown by skill id for answers that `other` lacks or puts elsewhere."""
    places = {each.skill.skill_id: each.rank for each in other.candidates}
    folded = {twin.skill_id for each in other.candidates for twin in each.folded}
    found = {}
    for each in route.candidates:
        skill_id = each.skill.skill_id
        place = places.get(skill_id)
        if place is None:
            only = ":gray-badge[folded there]" if skill_id in folded else ":orange-badge[only here]"
            found[skill_id] = only
        elif place != each.rank:
            found[skill_id] = f":gray-badge[{place}. there]"
    return found


def side_by_side(ws: Workspace, first: Route, second: Route) -> None:
    """Draw both answers with their differences marked."""
    st.caption(_summary(first, second))
    columns = st.columns(2, gap="medium")
    for column, route, other, title in zip(
        columns, (first, second), (second, first), "AB", strict=True
    ):
        with column:
            st.subheader(f"{title}: {described(route.options)}", anchor=False)
            verdict(route)
            final_order(ws, route, prefix="" if title == "A" else "b_", marks=marks(route, other))


def _summary(first: Route, second: Route) -> str:
    best = [route.candidates[0].skill.skill_id for route in (first, second) if route.candidates]
    same = len(best) == 2 and best[0] == best[1]
    only = sum("only here" in mark for mark in marks(first, second).values())
    other = sum("only here" in mark for mark in marks(second, first).values())
    answer = "Both load the same skill." if same else "They load different skills."
    return f"{answer} {count(only, 'answer')} only in A, {count(other, 'answer')} only in B."
