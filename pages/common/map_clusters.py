"""The list of clusters beside the map: how many skills, how healthy, how well routed.

Responsible for the table; a click on a row lets the map fly there. Must not know how clusters
are found or counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.map_look import HEIGHT
from pages.common.map_ready import PROFILE
from pages.common.map_state import LEVEL, fly_to
from pages.common.safe_text import one_line
from skillrouter_core.records.maps import ClusterRow, Level

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

_TABLE = "clusters table"
_ROWS = "clusters shown"
_CHOICE_HEIGHT, _HEAD_HEIGHT, _ROW_HEIGHT = 42, 33, 30


def cluster_list(ws: Workspace) -> None:
    """Draw the clusters of the level chosen, largest first."""
    level = st.segmented_control(
        "Clusters",
        [one.value for one in Level],
        default=Level.COARSE.value,
        required=True,
        key=LEVEL,
        bind="query-params",
        label_visibility="collapsed",
    )
    rows = ws.map.clusters(level or Level.COARSE, PROFILE)
    if not rows:
        st.caption("Too few skills lie together to call it a cluster.")
        return
    st.session_state[_ROWS] = rows
    st.dataframe(
        [_line(row) for row in rows],
        hide_index=True,
        height=min(HEIGHT - _CHOICE_HEIGHT, _HEAD_HEIGHT + _ROW_HEIGHT * len(rows)),
        row_height=_ROW_HEIGHT,
        key=_TABLE,
        on_select=_chosen,
        selection_mode="single-cell",
        placeholder="–",
        column_config={
            "Cluster": st.column_config.TextColumn(width=130),
            "Skills": st.column_config.NumberColumn(format="localized", width=50),
            "Copies": st.column_config.NumberColumn(
                format="%.0f%%", width=54, help="Share of near-copies; empty before a scan."
            ),
            "Labels": st.column_config.NumberColumn(
                format="localized", width=50, help="Judgements of its skills."
            ),
            "Hit@1": st.column_config.NumberColumn(
                format="%.0f%%",
                width=54,
                help="Share of the saved queries expecting one of its skills that it answers "
                "first; empty without such a query, or before they were answered.",
            ),
            "Queries": st.column_config.NumberColumn(
                format="localized", width=62, help="Saved queries that expect one of its skills."
            ),
        },
        alt="Clusters: name, skills, share of near-copies, labels, Hit@1 and saved queries",
    )


def _chosen() -> None:
    rows: tuple[ClusterRow, ...] = st.session_state.get(_ROWS, ())
    selection = st.session_state[_TABLE]["selection"]
    places = [row for row, _ in selection["cells"]]
    if places and places[0] < len(rows):
        fly_to(rows[places[0]].cluster.box)


def _line(row: ClusterRow) -> dict[str, Any]:
    return {
        "Cluster": one_line(row.cluster.name, 60),
        "Skills": row.cluster.size,
        "Copies": _percent(row.near_duplicates),
        "Labels": row.labels,
        "Hit@1": _percent(row.hit_at_1),
        "Queries": row.queries,
    }


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
