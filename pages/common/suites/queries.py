"""The list of a suite's queries, a page at a time, one of them open.

Responsible for one page of lines. Must not know what is drawn of the open one.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import one_line
from pages.common.suites.lines import Line
from pages.common.suites.state import PAGE, QUERY, put, query_name, read
from pages.common.suites.words import NO_ANSWER, first_answer, queries

ROWS = 20
COLUMNS = (
    Column("Standing", "7.5rem"),
    Column("Query"),
    Column("First answer", "28%", tail=True),
)


def query_list(shown: Sequence[Line]) -> Line | None:
    """Draw one page of lines and return the open one, the first by default."""
    if not shown:
        st.caption("No query stands like that.")
        return None
    pages = -(-len(shown) // ROWS)
    page = min(max(int(st.session_state.get(PAGE) or st.query_params.get(PAGE) or 1), 1), pages)
    part = shown[(page - 1) * ROWS : page * ROWS]
    names = [query_name(line.text) for line in part]
    opened = read(QUERY)
    at = names.index(opened) if opened in names else 0
    focus_table(
        COLUMNS,
        [_row(line) for line in part],
        at,
        "queries of the suite",
        label="Queries in order of concern; a row asked for is opened",
        on_pick=lambda row: put(QUERY, names[row]),
    )
    if pages > 1:
        first = (page - 1) * ROWS + 1
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{first:,} to {first + len(part) - 1:,} of {queries(len(shown))}")
            st.pagination(pages, key=PAGE, bind="query-params")
    return part[at]


def _row(line: Line) -> tuple[str, ...]:
    answer = NO_ANSWER if line.change is None else first_answer(line.change.last)
    return line.word, one_line(line.text, 160), answer
