"""Requests to try when none is written yet.

Responsible for offering saved queries, else a few that the demo catalog answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import escape, one_line

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SHOWN = 6
DEMO_REQUESTS = (
    "Merge these three PDF reports into one and keep the bookmarks",
    "Why does this SQL query take 40 seconds, and which index would help?",
    "Our pod restarts every two minutes; find out why",
    "Write release notes from the commits since the last tag",
    "Check this page for people who use a screen reader",
    "Clean up this CSV: mixed encodings and duplicate rows",
)


def examples(ws: Workspace, key: str) -> None:
    """Draw requests to click; one that is clicked becomes the value of the widget `key`."""
    saved = [query.text for query in ws.labels.queries()][-SHOWN:]
    st.caption("Your saved queries:" if saved else "Nothing is asked yet. Try one of these:")
    with st.container(gap=None):
        _buttons(key, saved or list(DEMO_REQUESTS))


def _buttons(key: str, texts: Sequence[str]) -> None:
    for number, text in enumerate(texts, start=1):
        st.button(
            escape(one_line(text, 120)),
            key=f"example {number}",
            type="tertiary",
            icon=":material/arrow_forward:",
            shortcut=str(number),
            on_click=_choose,
            args=(key, text),
        )


def _choose(key: str, text: str) -> None:
    st.session_state[key] = text
