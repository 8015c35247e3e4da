"""The view of the agreement page, held in the address.

Responsible for the names of its parameters and for opening and leaving a conflict. Must not know
what a conflict looks like or how one is settled.
"""

from __future__ import annotations

import hashlib

import streamlit as st

SHOW, STATE, WHO, PAGE, NOTE, LEVEL, LEAF = "show", "state", "who", "list", "why", "level", "leaf"
PAIR = "pair"
"""Not a widget: the name of the open conflict."""

WIDGETS = (SHOW, STATE, WHO, PAGE, NOTE, LEVEL, LEAF)
VIEW = (*WIDGETS, PAIR)
_DRAFTS = "reasons not saved yet"


def pair_name(query: str, skill_id: str) -> str:
    """Return a short name for a query and a skill, the same on every day and machine."""
    whole = f"{query}\x1f{skill_id}".encode("utf-8", "surrogatepass")
    return hashlib.sha256(whole).hexdigest()[:12]


def opened() -> str:
    """Return the name of the open conflict; empty where none is."""
    value = st.query_params.get(PAIR, "")
    if not value and st.session_state.get(PAIR):
        value = st.query_params[PAIR] = st.session_state[PAIR]
    return value


def last_opened() -> str:
    """Return what was opened last, which the browser may not show yet."""
    return st.session_state.get(PAIR, "")


def open_pair(name: str) -> None:
    """Put a conflict into the address; a note in hand is kept for the one it was written for."""
    before = opened()
    drafts: dict[str, str] = st.session_state.setdefault(_DRAFTS, {})
    if before and before != name:
        drafts[before] = st.session_state.get(NOTE) or ""
        st.session_state[NOTE] = drafts.pop(name, "")
    st.session_state[PAIR] = name
    if name:
        st.query_params[PAIR] = name
    elif PAIR in st.query_params:
        del st.query_params[PAIR]


def note() -> str:
    """Return the note as it is typed at the moment."""
    return (st.session_state.get(NOTE) or "").strip()


def set_note(text: str) -> None:
    """Fill the field for the note; only in callbacks, or before it is drawn."""
    st.session_state[NOTE] = text


def first_page() -> None:
    """Go to the first page of the list, as every change of a filter does."""
    st.session_state[PAGE] = 1
