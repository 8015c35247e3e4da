"""The view of the train page, held in the address.

Responsible for the names of its parameters and for opening a run. Must not know what a run
looks like or what its options mean.
"""

from __future__ import annotations

import streamlit as st

SHOW, SEE, NETWORKS, METHOD, OBJECTIVE, GENERATED, GENERATOR, SHARED, SAVING = WIDGETS = (
    "show",
    "see",
    "networks",
    "method",
    "learn",
    "generated",
    "by",
    "shared",
    "saving",
)
RUN = "run"
"""Not a widget: the name of the open run or model."""
NEW, RUNS, PROMOTIONS = VIEWS = ("new run", "runs", "promotions")
PROFILE = "compact"


def opened() -> str:
    """Return the name in the address, as the session remembers it where Back emptied it."""
    value = st.query_params.get(RUN, "")
    if not value and st.session_state.get(_MEMORY):
        value = st.query_params[RUN] = st.session_state[_MEMORY]
    return value


def open_run(name: str) -> None:
    """Open a run or a model by name; empty closes it. In callbacks, before widgets are drawn."""
    st.session_state[_MEMORY] = name
    if name:
        st.query_params[RUN] = name
        st.session_state[SHOW] = RUNS
    elif RUN in st.query_params:
        del st.query_params[RUN]


def begin() -> None:
    """Let an address that names a run alone show it; call it before any widget is drawn."""
    if RUN in st.query_params and SHOW not in st.query_params and SHOW not in st.session_state:
        st.session_state[SHOW] = RUNS


_MEMORY = "run last opened"
