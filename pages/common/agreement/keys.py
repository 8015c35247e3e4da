"""The keys of an open conflict: grades, undo, moves, and the note.

Responsible for drawing them; each shows its key. Must not know what settling does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement import state
from pages.common.agreement.settle import Place, settle, take_back, undo
from pages.common.draft import kept_draft
from pages.common.dup_moves import stepped
from pages.common.safe_text import escape
from pages.common.verdicts import GRADE_WORDS, annotator, annotator_input

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NOTE_LABEL = "Note on the settlement"
_KEYS = {3: "3", 2: "2", 1: "1", 0: "0", None: "T"}
_MEANINGS = {
    3: "The skill is what the query asks for.",
    2: "It helps with the query.",
    1: "It is about the same thing, but of no use here.",
    0: "It has nothing to do with the query.",
    None: "Nobody can tell: training leaves the pair out.",
}
_STATIC = Path(__file__).resolve().parents[2] / "static" / "agreement"
_note_key = st.components.v2.component(
    "note_key", html="<span></span>", js=(_STATIC / "note.js").read_text(encoding="utf-8")
)


def grade_buttons(ws: Workspace, place: Place) -> None:
    """Draw the grades, undo and the moves, each with its key."""
    settled = place.conflict.settlement
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        for grade, key in _KEYS.items():
            st.button(
                GRADE_WORDS[grade].capitalize(),
                key=f"settle {key}",
                type="primary" if settled and settled.grade == grade else "secondary",
                shortcut=key,
                help=_MEANINGS[grade],
                on_click=settle,
                args=(ws, place, grade),
            )
        st.button(
            "Undo", key="undo", shortcut="U", on_click=undo, args=(ws,), help="Your last one."
        )
        if settled is not None:
            st.button(
                "Reopen",
                key="reopen",
                on_click=take_back,
                args=(ws, settled),
                help=f"Take back what {escape(settled.author)} settled.",
            )
        _move("P", -1, "Conflict before", place)
        _move("N", 1, "Next conflict", place)


def note_field() -> None:
    """Draw the note, kept in the address while it is typed, and whose settlements these are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            NOTE_LABEL,
            key=state.NOTE,
            bind="query-params",
            live="300ms",
            max_chars=2000,
            placeholder="Why (optional): M puts the cursor here, Tab leaves it for the keys",
            label_visibility="collapsed",
        )
        with st.popover(f"as {escape(annotator())}", icon=":material/person:"):
            annotator_input()
    with st.container(gap=None):
        kept_draft(NOTE_LABEL, state.NOTE)
        _note_key(key="note key", data={"key": "m", "label": NOTE_LABEL}, height=1)


def _move(key: str, step: int, meaning: str, place: Place) -> None:
    icon = ":material/chevron_left:" if step < 0 else ":material/chevron_right:"
    st.button(
        " ",
        key=f"go {key}",
        type="tertiary",
        icon=icon,
        shortcut=key,
        help=meaning,
        disabled=not set(place.line) - {place.name},
        on_click=state.open_pair,
        args=(stepped(place.line, place.name, step),),
    )
