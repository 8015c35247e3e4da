"""The view of the page for queries, held in the address.

Responsible for the names of its parameters and for what changes them together. Must not know how
anything is drawn.
"""

from __future__ import annotations

import streamlit as st

WORDS, SET, SIDE, JUDGED, PAGE, ADD = "words", "set", "side", "judged", "sheet", "add"
VIEW = (WORDS, SET, SIDE, JUDGED, PAGE, ADD)
_TABLES, _DONE = "tables of queries drawn", "what was done to queries"


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


def done(words: str) -> None:
    """Have the next run say what was done; `words` is Markdown without anybody's text in it."""
    st.session_state[_DONE] = words
    first_page()


def say_done() -> None:
    """Draw what was done last, once."""
    words = st.session_state.pop(_DONE, "")
    if words:
        st.success(words, icon=":material/check_circle:")
