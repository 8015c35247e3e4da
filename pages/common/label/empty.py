"""What to do where there is nothing to label, and why.

Responsible for those words and links. Must not know how pairs are chosen.
"""

from __future__ import annotations

import streamlit as st

from skillrouter_core.records.queues import QueueSpec, Remaining, Strategy

_WAITING = {
    Strategy.CATALOG: "Choose a catalog above.",
    Strategy.CLUSTER: "Choose a cluster of the map above.",
    Strategy.QUERY: "Choose a request above.",
}


def waits_for(spec: QueueSpec) -> str:
    """Return what a queue still needs to be told, empty where it is complete."""
    given = {
        Strategy.CATALOG: bool(spec.catalog),
        Strategy.CLUSTER: spec.cluster is not None,
        Strategy.QUERY: bool(spec.query),
    }
    return "" if given.get(spec.strategy, True) else _WAITING[spec.strategy]


def nothing_left(spec: QueueSpec, left: Remaining | None) -> str:
    """Return why a queue hands out nothing, and what to do next."""
    if waits_for(spec):
        return waits_for(spec)
    if left is not None and left.pairs:
        return (
            f"{left.pairs:,} pairs are in other people's hands now. They come back "
            "graded, or after a quarter of an hour; another order may have some at once."
        )
    if left is not None and left.prepared_queries < left.all_queries:
        return "Nothing is ready. Prepare the candidates of the other requests above."
    if spec.strategy is Strategy.SELECTION:
        return "Nothing put aside on the map is left to grade. Select skills there first."
    if spec.strategy is Strategy.DUPLICATES:
        return "No near-copies are in conflict. Go on with another order."
    return (
        "You have graded everything here. Choose another order or set, or see on Agreement "
        "how far the verdicts hold."
    )


def no_queries() -> None:
    """Say that there is no request to label with, and where to get some."""
    with st.container(border=True):
        st.markdown(
            "**There is no request to label with yet.** Type or upload some on Queries, or save "
            "one from Route."
        )
        with st.container(horizontal=True):
            st.page_link("queries.py", label="Queries", icon=":material/list_alt:")
            st.page_link("route.py", label="Route", icon=":material/alt_route:")
