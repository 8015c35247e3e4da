"""What a page says while models load.

Responsible for that one line, and for drawing the page again once they are there. Must not
know what the models are for.
"""

from __future__ import annotations

import streamlit as st

from pages.common.safe_text import escape
from pages.common.warmup import Warmup, forget


def show_waiting(loading: Warmup, meanwhile: str) -> None:
    """Say that models load, or why they did not; `meanwhile` says what answers without them."""
    if loading.pending:
        _wait(loading, meanwhile)
        return
    if loading.error:
        sentence = meanwhile[:1].upper() + meanwhile[1:]
        st.warning(f"{sentence}: {escape(loading.error)}", icon=":material/warning:")
        st.button("Try again", key="retry models", on_click=forget)


@st.fragment(run_every=1)
def _wait(loading: Warmup, meanwhile: str) -> None:
    if not loading.pending:
        st.rerun(scope="app")
    st.info(
        f"Loading the models ({loading.seconds:.0f} s). Meanwhile {meanwhile}.",
        icon=":material/hourglass_top:",
    )
