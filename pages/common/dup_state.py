"""The view of the duplicates page, held in the address.

Responsible for the names of its parameters and for reading, opening and leaving a group.
Must not know what a group looks like or what is decided in it.
"""

from __future__ import annotations

import streamlit as st

TAB, JACCARD, COSINE = "tab", "jaccard", "cosine"
STATUS, LAYER, SOURCE, SIZE, FIND, ORDER, PAGE = (
    "status",
    "layer",
    "source",
    "size",
    "find",
    "order",
    "page",
)
SHEET = "sheet"
"""The page of a list other than the queue."""
NOTE = "note"
GROUP, MEMBER = "group", "member"
"""Not widgets: skill ids of the open group (any of its members) and of the member in focus."""

WIDGETS = (TAB, JACCARD, COSINE, STATUS, LAYER, SOURCE, SIZE, FIND, ORDER, PAGE, SHEET, NOTE)
VIEW = (*WIDGETS, GROUP, MEMBER)
_DRAFTS = "notes not saved yet"


def opened() -> tuple[str, str]:
    """Return the ids of the open group and of the member in focus; empty where none is."""
    return tuple(_read(name) for name in (GROUP, MEMBER))  # type: ignore[return-value]


def last_opened() -> tuple[str, str]:
    """Return what was opened last, which the browser's address may not show yet."""
    return st.session_state.get(GROUP, ""), st.session_state.get(MEMBER, "")


def open_group(group: str, member: str = "") -> None:
    """Put a group and a member into the address; a note in hand is kept for its member."""
    before = opened()[1]
    drafts: dict[str, str] = st.session_state.setdefault(_DRAFTS, {})
    if before and before != member:
        drafts[before] = st.session_state.get(NOTE) or ""
        st.session_state[NOTE] = drafts.pop(member, "")
    for name, value in ((GROUP, group), (MEMBER, member)):
        st.session_state[name] = value
        if value:
            st.query_params[name] = value
        elif name in st.query_params:
            del st.query_params[name]


def note() -> str:
    """Return the note as it is typed at the moment."""
    return (st.session_state.get(NOTE) or "").strip()


def set_note(text: str) -> None:
    """Fill the field for the note; only in callbacks, or before it is drawn."""
    st.session_state[NOTE] = text


def first_page() -> None:
    """Go to the first page of the queue, as every change of a filter does."""
    st.session_state[PAGE] = 1


def _read(name: str) -> str:
    """Return a parameter, from what the session remembers where Back has emptied the address."""
    value = st.query_params.get(name, "")
    if not value and st.session_state.get(name):
        value = st.query_params[name] = st.session_state[name]
    return value
