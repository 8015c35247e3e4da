"""What the map page says while models load.

Responsible for that one line. Must not know what the models are for.
"""

from __future__ import annotations

import streamlit as st

from pages.common.safe_text import escape
from pages.common.warmup import Warmup, forget


def show_waiting(loading: Warmup) -> None:
    """Begin a loading, say so, and draw the page again once it is there."""
    loading.begin()
    if loading.pending:
        _wait(loading)
        return
    if loading.error:
        st.warning(f"Words alone: {escape(loading.error)}", icon=":material/warning:")
        st.button("Try again", key="retry models", on_click=forget)


@st.fragment(run_every=1)
def _wait(loading: Warmup) -> None:
    if not loading.pending:
        st.rerun(scope="app")
    st.info(
        f"Loading the models ({loading.seconds:.0f} s). Meanwhile words alone decide.",
        icon=":material/hourglass_top:",
    )
