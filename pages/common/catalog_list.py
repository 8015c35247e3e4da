"""The catalogs of a workspace: where each comes from, its last sync, and what it left out.

Responsible for the list, re-sync and the table of issues. Must not know how skills are
searched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import last_messages, running_job, start_job
from pages.common.safe_text import escape, one_line
from pages.common.scores import count, when
from skillrouter_core.records import Catalog

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ISSUES_A_PAGE = 50
LISTED_OPEN = 6
"""With more catalogs than this the list starts folded."""


def catalog_list(ws: Workspace, catalogs: tuple[Catalog, ...]) -> None:
    """Draw one line per catalog with its re-sync button."""
    skills = sum(catalog.skills for catalog in catalogs)
    title = f"{count(skills, 'skill')} in {count(len(catalogs), 'catalog')}"
    messages = last_messages(ws)
    busy = running_job(ws) is not None
    with st.expander(title, expanded=len(catalogs) <= LISTED_OPEN):
        for catalog in catalogs:
            _line(ws, catalog, messages.get(catalog.name, ""), busy)


def _line(ws: Workspace, catalog: Catalog, message: str, busy: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        detail = f"{escape(one_line(catalog.source, 120))} · synced {when(catalog.synced_at)}"
        last = f"  \n:small[:gray[last job: {escape(message)}]]" if message else ""
        st.markdown(
            f"**{escape(catalog.name)}** {count(catalog.skills, 'skill')} "
            f":small[:gray[{detail}]]{last}",
            width="stretch",
        )
        if st.button(
            "Re-sync",
            key=f"resync {catalog.name}",
            icon=":material/sync:",
            disabled=busy,
            help="Read the source again; unchanged text is not embedded again.",
        ) and start_job(ws, "resync", name=catalog.name):
            st.rerun()


def issue_table(ws: Workspace, catalogs: tuple[Catalog, ...]) -> None:
    """Draw what the latest syncs left out or repaired, file by file; nothing if all was well."""
    lines = [
        {
            "Catalog": catalog.name,
            "File": issue.path,
            "Line": issue.line,
            "Reason": issue.reason,
            "Outcome": "imported, repaired" if issue.imported else "left out",
        }
        for catalog in catalogs
        for issue in ws.catalogs.issues(catalog.name)
    ]
    if not lines:
        return
    lines.sort(key=lambda line: line["Outcome"] != "left out")
    left_out = sum(line["Outcome"] == "left out" for line in lines)
    title = f"{count(len(lines), 'issue')} in the last syncs, {count(left_out, 'file')} left out"
    with st.expander(title):
        pages = -(-len(lines) // ISSUES_A_PAGE)
        page = st.pagination(pages, key="issues_page") if pages > 1 else 1
        st.dataframe(
            lines[(page - 1) * ISSUES_A_PAGE : page * ISSUES_A_PAGE],
            hide_index=True,
            placeholder="–",
            alt="Files that the last syncs left out or repaired, with line and reason",
        )
