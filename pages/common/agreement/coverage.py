"""How much of each cluster of the map people have judged.

Responsible for drawing the table. Must not know how clusters are found.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement.figures import Bar, Figure, figure_table
from pages.common.agreement.state import LEAF, LEVEL
from pages.common.safe_text import one_line
from pages.common.scores import count
from skillrouter_core.records.agreement import CoverageRow
from skillrouter_core.records.maps import Level

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 20
CLUSTERS = (
    Figure("Cluster"),
    Figure("Skills", "4.6rem", number=True),
    Figure("Judged skills", "38%", text="6.4rem", help="Skills with at least one verdict"),
    Figure("Pairs", "4.6rem", number=True, help="Query-skill pairs with a verdict"),
    Figure("Useful", "4.6rem", number=True, help="Pairs whose consensus is useful or right"),
)


def coverage_view(ws: Workspace) -> None:
    """Draw the clusters, largest first, one page at a time."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.markdown("**Clusters of the map** :small[:gray[largest first]]", width="stretch")
        level = st.segmented_control(
            "Clusters",
            [each.value for each in Level],
            default=Level.COARSE.value,
            required=True,
            key=LEVEL,
            bind="query-params",
            label_visibility="collapsed",
            on_change=_first_leaf,
        )
    found = ws.agreement.coverage(level or Level.COARSE)
    if found is None:
        st.caption("There is no map yet; compute it on the Map page to see what is covered.")
        st.page_link("map.py", label="Map", icon=":material/map:")
        return
    clusters, outside = found
    _table([*clusters, *([outside] if outside else [])])


def _table(rows: Sequence[CoverageRow]) -> None:
    skills, judged = sum(one.skills for one in rows), sum(one.judged for one in rows)
    untouched = sum(not one.judged for one in rows)
    pages = -(-len(rows) // ROWS)
    if pages > 1 and (st.session_state.get(LEAF) or 1) > pages:
        st.session_state[LEAF] = pages
    page = st.pagination(pages, key=LEAF, bind="query-params") if pages > 1 else 1
    shown = [_row(one) for one in rows[(page - 1) * ROWS : page * ROWS]]
    figure_table(CLUSTERS, shown, "coverage", label="Clusters and what is judged of them")
    st.caption(
        f"{judged:,} of {count(skills, 'skill')} have a verdict; {untouched:,} of "
        f"{count(len(rows), 'cluster')} have none."
    )


def _first_leaf() -> None:
    st.session_state[LEAF] = 1


def _row(one: CoverageRow) -> Sequence[str | Bar]:
    share = one.judged / one.skills if one.skills else 0.0
    return (
        one_line(one.name, 80),
        f"{one.skills:,}",
        Bar(f"{one.judged:,} ({share:.0%})", share),
        f"{one.pairs:,}",
        f"{one.useful:,}",
    )
