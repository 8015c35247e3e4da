"""What is labelled, in which order, and how it is shown.

Responsible for the row of choosers; every one is in the address. Must not know how pairs are
found or drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.label.state import (
    BLIND,
    CATALOG,
    CLUSTER,
    PAIR,
    QUERY,
    SET,
    STRATEGIES,
    STRATEGY,
    VIEW,
    VIEWS,
    listed,
)
from pages.common.map_ready import PROFILE
from pages.common.safe_text import one_line
from skillrouter_core.records.maps import Level
from skillrouter_core.records.queues import Strategy

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

MOST_QUERIES = 2000
"""Requests offered by the chooser; of more, the first ones and the one in hand."""
MOST_CLUSTERS = 400
_HELP = (
    "least-certain: the stages disagree or are close. duplicates: near-copies judged "
    "differently. selection: skills put aside on the map. query: one request's candidates."
)


def choosers(ws: Workspace) -> None:
    """Draw the row: order, set, what it is narrowed to, view, blind."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        strategy = st.selectbox(
            "Order",
            STRATEGIES,
            key=STRATEGY,
            bind="query-params",
            width=150,
            label_visibility="collapsed",
            help=_HELP,
        )
        _choice(SET, "All sets", ws.labels.suites(), width=150)
        _narrowed(ws, Strategy(strategy or Strategy.LEAST_CERTAIN))
        st.segmented_control(
            "View",
            VIEWS,
            default=PAIR,
            required=True,
            key=VIEW,
            bind="query-params",
            label_visibility="collapsed",
            help="One pair a screen, or a request with all its candidates (V).",
        )
        st.toggle(
            "Blind",
            True,
            key=BLIND,
            bind="query-params",
            help="Hides scores, places and other people's verdicts until a pair is graded.",
        )


def _narrowed(ws: Workspace, strategy: Strategy) -> None:
    if strategy is Strategy.CATALOG:
        names = [catalog.name for catalog in ws.catalogs.all() if catalog.skills]
        _choice(CATALOG, "Which catalog?", names, width=170)
    elif strategy is Strategy.CLUSTER:
        _cluster(ws)
    if strategy is Strategy.QUERY or listed():
        _query(ws)


def _choice(key: str, placeholder: str, options: list[str] | tuple[str, ...], width: int) -> None:
    st.selectbox(
        placeholder,
        options,
        index=None,
        placeholder=placeholder,
        key=key,
        bind="query-params",
        width=width,
        label_visibility="collapsed",
    )


def _query(ws: Workspace) -> None:
    queries = ws.labels.queries(st.session_state.get(SET) or None)
    texts = list(dict.fromkeys(query.text for query in queries))[:MOST_QUERIES]
    present = st.session_state.get(QUERY) or st.query_params.get(QUERY, "")
    if present and present not in texts and any(query.text == present for query in queries):
        texts.append(present)
    _choice(QUERY, "Which request?" if not listed() else "The next request", texts, width=320)


def _cluster(ws: Workspace) -> None:
    """Draw the clusters by name; the address holds level and number, as coarse:3."""
    made = ws.map.load(PROFILE) if ws.map.version(PROFILE) else None
    if made is None:
        st.page_link("map.py", label="Make the map first", icon=":material/map:")
        return
    names = {
        f"{level.value}:{cluster.number}": f"{cluster.name} ({cluster.size:,})"
        for level in Level
        for cluster in made.at(level)
    }
    chosen = st.query_params.get(CLUSTER, "")
    keys = list(names)[:MOST_CLUSTERS]
    picked = st.selectbox(
        "Cluster",
        keys,
        index=keys.index(chosen) if chosen in keys else None,
        placeholder="Which cluster?",
        format_func=lambda key: one_line(names.get(key or "", ""), 60),
        width=230,
        label_visibility="collapsed",
        key="cluster chosen",
    )
    if picked:
        st.query_params[CLUSTER] = picked
