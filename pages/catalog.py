"""The page for the catalog: what is in it, and what is unhealthy.

Draws imports and their progress, the health of the skills, and a search over all of them.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.common.access import show_error, workspace_or_stop
from pages.common.address import kept_view
from pages.common.catalog_list import catalog_list, issue_table
from pages.common.empty import no_skills
from pages.common.import_form import import_form
from pages.common.index_state import held_line
from pages.common.job_progress import job_panel
from pages.common.map_filter import ids_on_map
from pages.common.map_state import WITHIN, forget, remember
from pages.common.skill_table import (
    CATALOG,
    CATEGORY,
    PAGE,
    PROBLEM,
    TEXT,
    filters,
    health_counts,
    skill_table,
)
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import RouteOptions


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("What is in the catalog, and what is unhealthy?", anchor=False)
    job_panel(ws)
    held_line(ws, RouteOptions().profile)
    catalogs = ws.catalogs.all()
    if not catalogs:
        no_skills(ws, form_below=True)
    with st.expander(
        "Import skills", icon=":material/add:", expanded=not catalogs, key="importing"
    ):
        import_form(ws)
    if not catalogs:
        return
    try:
        catalog_list(ws, catalogs)
        issue_table(ws, catalogs)
        health_counts(ws)
        among = ids_on_map(ws)
        skill_table(ws, replace(filters(ws, catalogs), among=among))
    except SkillRouterError as error:
        show_error(error)


with kept_view("catalog", (TEXT, CATALOG, CATEGORY, PROBLEM, PAGE, WITHIN)):
    page()
    remember()
forget()
