"""What was done with the map's selection, and the way to take it back.

Responsible for doing it, for saying so until it is read, and for undo. Must not know what can
be done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import escape
from skillrouter_core.errors import SkillRouterError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

_DONE = "done with the map's selection"


@dataclass(frozen=True, slots=True)
class Done:
    """What was done, in Markdown; `undo` takes it back and returns what to say then."""

    words: str
    undo: Callable[[], str] | None = None


Action = Callable[["Workspace", Sequence[str]], Done]


def act(action: Action, ws: Workspace, ids: Sequence[str]) -> None:
    """Do something to skills and remember what it was; say why where it cannot be done."""
    try:
        st.session_state[_DONE] = action(ws, ids)
    except SkillRouterError as error:
        st.toast(f"Not done: {escape(str(error))}", icon=":material/error:")


def last_done() -> None:
    """Draw what was done last, with its undo, until it is closed or something else is done."""
    done: Done | None = st.session_state.get(_DONE)
    if done is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True):
        st.markdown(f":material/check: {done.words}", width="stretch")
        if done.undo is not None:
            st.button(
                "Undo", key="undo done", icon=":material/undo:", on_click=_undo, args=(done.undo,)
            )
        st.button("Close", key="close done", type="tertiary", on_click=_close)


def _undo(undo: Callable[[], str]) -> None:
    try:
        st.session_state[_DONE] = Done(undo())
    except SkillRouterError as error:
        st.toast(f"Not undone: {escape(str(error))}", icon=":material/error:")


def _close() -> None:
    st.session_state.pop(_DONE, None)
