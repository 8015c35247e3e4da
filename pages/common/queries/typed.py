"""One request typed in.

Responsible for the form. Must not know how skills are found by what a person calls them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.queries.faults import faults
from pages.common.queries.fields import held_out_field, set_field
from pages.common.queries.state import done
from pages.common.verdicts import annotator, annotator_input
from skillrouter_core.records import QuerySource
from skillrouter_core.records.exchange import ColumnMapping, Table, TableRow

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

TEXT, SKILLS = "new request", "skills of the new request"


def typed_form(ws: Workspace) -> None:
    """Draw the form; what was typed stays until it is saved."""
    # A form hands over what is still being typed when its button is pressed.
    with st.form("typed request", border=False, enter_to_submit=False):
        text = st.text_area(
            "Request",
            key=TEXT,
            persist_state="session",
            height=90,
            placeholder="what somebody would ask the agent to do",
        )
        skills = st.text_input(
            "Skills that should answer it (optional)",
            key=SKILLS,
            persist_state="session",
            placeholder="mine/documents/pdf-merge | pdf-split",
            help="Ids, or the last part of one where only one skill has it; several parted by |.",
        )
        with st.container(horizontal=True, vertical_alignment="bottom"):
            suite = set_field(ws, "set of the new request")
            annotator_input()
            held_out = held_out_field("hold out the new request")
            pressed = st.form_submit_button(
                "Add the request", key="add request", type="primary", shortcut="Alt+S"
            )
    if pressed:
        with errors_shown():
            _add(ws, text or "", skills or "", suite, held_out)


def _add(ws: Workspace, text: str, skills: str, suite: str, held_out: bool) -> None:
    table = Table("the request", ("request", "skills"), (TableRow(1, (text, skills)),))
    found = ws.exchange.map_rows(table, ColumnMapping("request", "skills"))
    if found.errors:
        faults(found.errors, "typed", open_at_once=True)
        return
    kept = ws.labels.save_queries(
        found.queries, suite, annotator(), QuerySource.TYPED, held_out=held_out
    )
    for key in (TEXT, SKILLS):
        st.session_state.pop(key, None)
    done("Added the request." if kept.added else "The set has this request already.")
    st.rerun()
