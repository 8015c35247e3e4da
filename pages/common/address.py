"""A page's view, given back after the browser's Back button.

Responsible for one quirk: going to a skill's page, Streamlit first writes the skill's id
into the present page's address and then changes the page. Back therefore lands on an
address that holds that id and nothing of the view. Must not know what a view is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

STRAY = "id"
"""The parameter of a skill's page; on any other page it is a leftover of going there."""


@contextmanager
def kept_view(page: str, keys: Iterable[str]) -> Iterator[None]:
    """Draw a page inside this: its widgets `keys` are remembered, and restored after Back."""
    memory, returned = f"view of {page}", f"back on {page}"
    if STRAY in st.query_params:
        # In the run that answers Back, the address decides every bound widget; so one run more.
        del st.query_params[STRAY]
        st.session_state[returned] = True
        st.rerun()
    if st.session_state.pop(returned, False):
        for key, value in st.session_state.get(memory, {}).items():
            st.session_state[key] = value
    yield
    st.session_state[memory] = {
        key: st.session_state[key] for key in keys if st.session_state.get(key) is not None
    }
