"""What to do where a suite has nothing to show yet.

Responsible for these texts alone.
"""

from __future__ import annotations

import streamlit as st


def no_queries() -> None:
    """Say how a query gets into a suite."""
    with st.container(border=True):
        st.markdown(
            "**No query is saved yet.** Try one on the page Route, save it with the skills that "
            "should answer it, and this page tells you when a change of the catalog or of the "
            "models takes the answer away."
        )
        with st.container(horizontal=True):
            st.page_link("route.py", label="Route a query", icon=":material/alt_route:")
            st.page_link("queries.py", label="Add many", icon=":material/upload:")


def never_run(expecting: int) -> None:
    """Say what a run does, or what a suite needs first."""
    if expecting:
        st.info("This suite was never run. A run asks each query and keeps the answers.")
    else:
        st.info(
            "No query of this suite says which skills should answer it, so there is nothing to "
            "check. Name them here, or save a query with its skills on the page Route."
        )
