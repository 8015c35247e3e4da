"""A page's view, given back after the browser's Back button.

Responsible for one quirk: going to a skill's page, Streamlit first writes the skill's id
into the present page's address and then changes the page. Back therefore lands on an
address that holds that id and nothing of the view. Going to Route with a query it lands on an
address that holds nothing at all. Must not know what a view is made of.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import streamlit as st

STRAY = "id"
"""The parameter of a skill's page; on any other page it is a leftover of going there."""
_DRAWN = "page drawn last"


@contextmanager
def kept_view(page: str, keys: Iterable[str], *, always: bool = False) -> Iterator[None]:
    """Draw a page inside this: its widgets `keys` are remembered, and restored after Back.

    `always`: restored too where somebody comes from another page with an address that says
    nothing of the view, as Back from Route does.
    """
    keys = tuple(keys)
    memory, returned = f"view of {page}", f"back on {page}"
    came = st.session_state.get(_DRAWN, page) != page
    st.session_state[_DRAWN] = page
    bare = always and came and not any(key in st.query_params for key in keys)
    if STRAY in st.query_params or (bare and st.session_state.get(memory)):
        # In the run that answers Back, the address decides every bound widget; so one run more.
        st.query_params.pop(STRAY, None)
        st.session_state[returned] = True
        st.rerun()
    if st.session_state.pop(returned, False):
        for key, value in st.session_state.get(memory, {}).items():
            st.session_state[key] = value
    yield
    st.session_state[memory] = {
        key: st.session_state[key] for key in keys if st.session_state.get(key) is not None
    }
