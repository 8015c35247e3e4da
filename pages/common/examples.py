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
    "Our pod restarts every two minutes and the last state says exit code 137. Tell me whether it "
    "ran out of memory or the liveness probe shot it, and give me the manifest change.",
    "prove that we can get the database back to 10:15 yesterday, and measure RTO and RPO",
    "An AWS key was pushed to our public repo an hour ago. What now, in which order, and do we "
    "have to report it to the authority?",
    "works in the browser, but the Java client says unable to find valid certification path",
    "since Monday half of our newsletter lands in junk at Gmail, DMARC is at p=none",
    "Which of my friends has a birthday next week?",
)
"""The last one is answered by no skill of the demo catalog."""


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
