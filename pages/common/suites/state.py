"""The view of the suites page, held in the address.

Responsible for the names of its parameters and for opening a run or a query. Must not know what
either looks like.
"""

from __future__ import annotations

import hashlib

import streamlit as st

SUITE, SEE, STANDING, PAGE, PROFILE = WIDGETS = ("set", "see", "standing", "list", "profile")
RUN, AGAINST, QUERY = "run", "against", "query"
"""Not widgets: numbers of the open run and of the one it is held against, the open query."""


def query_name(text: str) -> str:
    """Return a short name for a query, the same on every day and machine."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def read(name: str) -> str:
    """Return a parameter that is no widget, as the session remembers it where Back emptied it."""
    value = st.query_params.get(name, "")
    if not value and st.session_state.get(_memory(name)):
        value = st.query_params[name] = st.session_state[_memory(name)]
    return value


def put(name: str, value: str) -> None:
    """Set a parameter that is no widget; empty takes it out."""
    st.session_state[_memory(name)] = value
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def open_pair(suite: str, before: int, after: int, text: str = "") -> None:
    """Open a run held against another, and a query of it; in callbacks, before widgets are drawn.

    The whole list is shown, from its beginning.
    """
    for name, value in ((SUITE, suite), (SEE, "queries"), (STANDING, "all"), (PAGE, 1)):
        st.session_state[name] = value
    put(RUN, str(after))
    put(AGAINST, str(before))
    put(QUERY, query_name(text) if text else "")


def forget_runs() -> None:
    """Open the newest run again, as after a new one."""
    put(RUN, "")
    put(AGAINST, "")


def first_page() -> None:
    """Go to the beginning of the list, as every change of a filter does."""
    st.session_state[PAGE] = 1


def _memory(name: str) -> str:
    return f"suites {name}"
