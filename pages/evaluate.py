"""The page for evaluations: how often the router is right, and where it is wrong.

Draws what was kept of each evaluation, two of them side by side, the queries that went wrong,
and how far a stated confidence can be believed. Everything that matters is in the address.
"""

from __future__ import annotations

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.evaluate.chosen import chosen, kept_table, opened
from pages.common.evaluate.confidence import confidence
from pages.common.evaluate.figures import figures
from pages.common.evaluate.queries import misses_of, stage2_of
from pages.common.evaluate.run_form import run_form
from pages.common.evaluate.state import TAB, WIDGETS
from pages.common.job_progress import job_panel
from skillrouter_core.errors import SkillRouterError

FIGURES, STAGE_2, MISSES, CONFIDENCE = TABS = ("figures", "stage 2", "misses", "confidence")


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("How often is the router right, and where is it wrong?", anchor=False)
    job_panel(ws)
    kept = ws.evaluation.kept()
    with st.expander("New evaluation", icon=":material/add:", expanded=not kept, key="asking"):
        run_form(ws, opened(kept))
    if not kept:
        st.info(
            "Nothing has been evaluated yet. The demo's 60 graded queries take about a minute; "
            "held-out queries of your own come from the pages Queries and Label.",
            icon=":material/lightbulb:",
        )
        return
    try:
        kept_table(ws, kept)
        after, before = chosen(ws, kept)
        tab = st.segmented_control(
            "View",
            TABS,
            default=FIGURES,
            required=True,
            key=TAB,
            bind="query-params",
            label_visibility="collapsed",
        )
        if tab == STAGE_2:
            stage2_of(ws, after)
        elif tab == MISSES:
            misses_of(ws, after)
        elif tab == CONFIDENCE:
            confidence(ws, after)
        else:
            figures(ws, after, before)
    except SkillRouterError as error:
        show_error(error)


with kept_view("evaluate", WIDGETS, always=True):
    page()
