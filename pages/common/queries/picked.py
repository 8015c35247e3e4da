"""What is done with the queries picked: route one, grade one, remove them.

Responsible for the links and for asking before anything is removed. Must not know how a query is
picked.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.queries.rows import Line
from pages.common.queries.state import done
from pages.common.safe_text import escape, one_line
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def picked_actions(ws: Workspace, picked: Sequence[Line]) -> None:
    """Draw what can be done with one or more saved queries."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if len(picked) == 1:
            text = picked[0].query.text
            st.page_link(
                "route.py", label="Route it", icon=":material/route:", query_params={"q": text}
            )
            st.page_link(
                "label.py",
                label="Grade its candidates",
                icon=":material/edit:",
                query_params={"strategy": "query", "query": text, "view": "list"},
            )
        with st.popover(f"Remove {count(len(picked), 'request')}", icon=":material/delete:"):
            for line in picked[:3]:
                st.markdown(f"- {escape(one_line(line.query.text, 90))}")
            if len(picked) > 3:
                st.markdown(f"- and {len(picked) - 3:,} more")
            st.markdown("What people graded stays, and so does the side each request is on.")
            if st.button("Remove them", key="remove queries", type="primary"):
                _remove(ws, picked)


def _remove(ws: Workspace, picked: Sequence[Line]) -> None:
    with errors_shown():
        for line in picked:
            ws.labels.remove_query(line.query.query_id)
        done(f"Removed {count(len(picked), 'request')}.")
        st.rerun()
