"""A page's view, given back after the browser's Back button.

Responsible for one quirk: going to a skill's page, Streamlit first writes the skill's id
into the present page's address and then changes the page; going to the page Route it does so
with the query. Back therefore lands on an address that holds that id or query and nothing of
the view. Must not know what a view is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

STRAYS = ("id", "q")
"""Parameters of a skill's page and of Route; where a page has no such widget of its own, they are
leftovers of going there."""


@contextmanager
def kept_view(page: str, keys: Iterable[str]) -> Iterator[None]:
    """Draw a page inside this: its widgets `keys` are remembered, and restored after Back."""
    keys = tuple(keys)
    memory, returned = f"view of {page}", f"back on {page}"
    strays = [name for name in STRAYS if name in st.query_params and name not in keys]
    if strays:
        # In the run that answers Back, the address decides every bound widget; so one run more.
        for name in strays:
            del st.query_params[name]
        st.session_state[returned] = True
        st.rerun()
    if st.session_state.pop(returned, False):
        for key, value in st.session_state.get(memory, {}).items():
            st.session_state[key] = value
    yield
    st.session_state[memory] = {
        key: st.session_state[key] for key in keys if st.session_state.get(key) is not None
    }
