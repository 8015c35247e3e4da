"""Keeping a query in a suite, with the skills that should answer it.

Responsible for the popover and the save. Must not know how a query was answered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.safe_text import escape
from pages.common.verdicts import annotator, annotator_input, own_judgements
from skillrouter_core.records import Judgement, QuerySource, Route

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

FIRST_SUITE = "default"


def save_query(ws: Workspace, route: Route) -> None:
    """Draw the popover that saves a route's query."""
    with st.popover("Save query", icon=":material/bookmark_add:"):
        judgements = own_judgements(ws, route.query)
        names = {each.skill.skill_id: each.skill.name for each in route.candidates}
        suite = st.selectbox(
            "Suite",
            ws.labels.suites() or (FIRST_SUITE,),
            accept_new_options=True,
            key="suite",
            persist_state="session",
            help="Type a new name to begin a suite.",
        )
        expected = st.multiselect(
            "Skills that should answer it",
            list(names),
            default=[each for each in names if _is_right(judgements.get(each))],
            key=f"expected {route.query}",
        )
        annotator_input()
        if st.button("Save", type="primary", key="save query", shortcut="Alt+S"):
            with errors_shown():
                saved = ws.labels.save_query(
                    route.query, suite or "", expected, annotator(), QuerySource.ROUTE
                )
                st.toast(f"Saved to {escape(saved.suite)}.", icon=":material/bookmark_added:")


def _is_right(judgement: Judgement | None) -> bool:
    return judgement is not None and judgement.grade == 3
