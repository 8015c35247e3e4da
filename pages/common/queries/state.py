"""The view of the page for queries, held in the address.

Responsible for the names of its parameters and for what changes them together. Must not know how
anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.queries.faults import faults
from skillrouter_core.records.exchange import RowError

WORDS, SET, SIDE, JUDGED, PAGE, ADD = "words", "set", "side", "judged", "sheet", "add"
VIEW = (WORDS, SET, SIDE, JUDGED, PAGE, ADD)
_TABLES, _DONE = "tables of queries drawn", "what was done to queries"
_FEW = 5
"""So many rows left out are shown at once; more stand folded."""


def first_page() -> None:
    """Go back to the first page, with nothing picked."""
    st.session_state[PAGE] = 1
    st.session_state[_TABLES] = st.session_state.get(_TABLES, 0) + 1


def table_key() -> str:
    """Return the key of the table of queries; another one once its rows may have moved."""
    return f"queries table {st.session_state.get(_TABLES, 0)}"


def chosen_set() -> str:
    """Return the set whose queries are shown alone; "" for all. Before its filter is drawn, too."""
    return str(st.session_state.get(SET) or st.query_params.get(SET, ""))


def show_set(name: str) -> None:
    """Show the queries of one set, or of all sets where that one is shown already."""
    st.session_state[SET] = None if chosen_set() == name else name
    first_page()


def done(words: str, left_out: Sequence[RowError] = ()) -> None:
    """Have the next runs say what was done; `words` is Markdown without anybody's text in it."""
    st.session_state[_DONE] = (words, tuple(left_out))
    first_page()


def say_done() -> None:
    """Draw what was done last: once, or until dismissed where rows were left out."""
    words, left_out = st.session_state.get(_DONE, ("", ()))
    if not words:
        return
    st.success(words, icon=":material/check_circle:")
    if not left_out:
        del st.session_state[_DONE]
        return
    faults(left_out, "done", open_at_once=len(left_out) <= _FEW, words="were left out")
    if st.button("Dismiss", key="dismiss rows left out", type="tertiary"):
        del st.session_state[_DONE]
        st.rerun()
