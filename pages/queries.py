"""The page for queries: which requests are labelled and tested with, in sets.

Draws the sets and their requests, what brings more in, and what leaves as files.
"""

from __future__ import annotations

import streamlit as st

from pages.common.access import errors_shown, workspace_or_stop
from pages.common.address import kept_view
from pages.common.job_progress import job_panel
from pages.common.queries.add import add_form
from pages.common.queries.export import exports
from pages.common.queries.listing import filters, query_table
from pages.common.queries.rows import lines
from pages.common.queries.sets import set_table, summary
from pages.common.queries.state import ADD, VIEW, say_done


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    st.header("Which requests do we label and test with?", anchor=False)
    job_panel(ws)
    say_done()
    found, sizes = lines(ws), ws.labels.suite_sizes()
    if found:
        summary(sizes, found)
    else:
        no_queries()
    asked = not found or ADD in st.query_params
    with st.expander("Add requests", icon=":material/add:", expanded=asked, key="adding requests"):
        add_form(ws)
    if not found:
        return
    names = [size.name for size in sizes]
    with st.expander("Write requests and labels to files", icon=":material/download:"):
        exports(ws, names)
    set_table(ws, sizes, found)
    wanted = filters(names)
    query_table(ws, [line for line in found if wanted.fits(line)])


def no_queries() -> None:
    """Say what a request is good for, and where the first ones come from."""
    with st.container(border=True):
        st.markdown(
            "**No request is saved yet.** Saved requests are what people label and what every "
            "change is tested with. Type one, upload a file, take a benchmark's tasks, or save "
            "one on the Route page."
        )


with kept_view("queries", VIEW), errors_shown():
    page()
