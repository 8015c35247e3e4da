"""The view of the label page, held in the address.

Responsible for the names of its parameters and for reading from them what is to be labelled.
Must not know how any of it is drawn or found.
"""

from __future__ import annotations

import streamlit as st

from skillrouter_core.errors import UsageError
from skillrouter_core.records.queues import QueueSpec, Strategy

STRATEGY, SET, CATALOG, CLUSTER, QUERY, VIEW, BLIND = (
    "strategy",
    "set",
    "catalog",
    "cluster",
    "query",
    "view",
    "blind",
)
ALL = (STRATEGY, SET, CATALOG, CLUSTER, QUERY, VIEW, BLIND)
PAIR, LIST = "pair", "list"
VIEWS = (PAIR, LIST)
_NEEDED = {
    Strategy.CATALOG.value: CATALOG,
    Strategy.CLUSTER.value: CLUSTER,
    Strategy.QUERY.value: QUERY,
}
STRATEGIES = tuple(one.value for one in Strategy)


def spec() -> QueueSpec:
    """Return the queue that the choosers ask for, once they are drawn."""
    strategy = st.session_state.get(STRATEGY) or Strategy.LEAST_CERTAIN.value
    needed = _NEEDED.get(strategy)
    params = {"strategy": strategy, "suite": st.session_state.get(SET) or ""}
    # What a chooser no longer drawn once said is not what is asked now.
    if needed is not None:
        params[needed] = _chosen(needed)
    if listed():
        params[QUERY] = _chosen(QUERY)
    try:
        return QueueSpec.from_params(params)
    except UsageError:
        # An address may say anything; the choosers show what it came to.
        return QueueSpec()


def listed() -> bool:
    """Whether a request is shown with all its candidates."""
    return _early(VIEW) == LIST


def blind() -> bool:
    """Whether scores, places and other people's verdicts wait until a pair is graded."""
    return st.session_state.get(BLIND) is not False


def _chosen(key: str) -> str:
    """Return what a narrowing chooser says; of the cluster the address alone has it."""
    return (st.query_params.get(key) if key == CLUSTER else st.session_state.get(key)) or ""


def show(view: str) -> None:
    """Go to a view; only in callbacks, or before the choosers are drawn."""
    if view in VIEWS:
        st.session_state[VIEW] = view


def open_query(query: str) -> None:
    """Make a request the one that is listed; only in callbacks, or before it is drawn."""
    st.session_state[QUERY] = query


def lacks_query() -> bool:
    """Whether a list is asked for and no request is chosen; before the choosers are drawn."""
    return listed() and not _early(QUERY)


def early_set() -> str | None:
    """Return the set asked for, before the choosers are drawn."""
    return _early(SET) or None


def begin_query(query: str) -> None:
    """Choose the first request of a list; before the choosers are drawn."""
    if QUERY not in st.session_state:
        # Its chooser was not there in the last run: a value alone would not reach the address.
        st.query_params[QUERY] = query
    open_query(query)


def _early(key: str) -> str:
    """Return what a chooser says, or the address in its stead before it is drawn."""
    return st.session_state.get(key) or st.query_params.get(key, "")
