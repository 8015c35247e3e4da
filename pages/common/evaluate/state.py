"""The view of the page for evaluations, held in the address.

Responsible for the names of its parameters and for opening an evaluation or a query. Must not
know what either looks like.
"""

from __future__ import annotations

import streamlit as st

TAB, BY, CUT, KIND = "view", "by", "cut", "kind"
SHEETS = MISSES, FIXED, SPOILED, BETTER, WORSE = (
    "sheet",
    "sheet_fixed",
    "sheet_spoiled",
    "sheet_better",
    "sheet_worse",
)
"""Pages of the lists: misses, what stage 2 changed, what changed since another evaluation."""
WIDGETS = (TAB, BY, CUT, KIND, *SHEETS)
RUN, AGAINST, TASK = "run", "against", "task"
"""Not widgets: the open evaluation, the one it is held against, the open query."""


def read(name: str) -> str:
    """Return a parameter that is no widget, as the session remembers it where Back emptied it."""
    value = st.query_params.get(name, "")
    if not value and st.session_state.get(_memory(name)):
        value = st.query_params[name] = st.session_state[_memory(name)]
    st.session_state[_memory(name)] = value
    return value


def put(name: str, value: str) -> None:
    """Set a parameter that is no widget; empty takes it out."""
    st.session_state[_memory(name)] = value
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def open_run(evaluation_id: str) -> None:
    """Open an evaluation, or the newest; in callbacks, before widgets are drawn."""
    put(RUN, evaluation_id)
    put(TASK, "")
    first_pages()


def first_pages() -> None:
    """Go to the beginning of every list."""
    for name in SHEETS:
        if name in st.session_state:
            st.session_state[name] = 1


def _memory(name: str) -> str:
    return f"evaluate {name}"
