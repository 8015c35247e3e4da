"""The queries themselves: filters, and one page of rows to pick from.

Responsible for the listing; every filter is in the address. Must not know where queries come
from, nor what is done with them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.queries.picked import picked_actions
from pages.common.queries.rows import JUDGED as WITH_GRADES
from pages.common.queries.rows import UNJUDGED, Line, Wanted
from pages.common.queries.state import (
    JUDGED,
    PAGE,
    SET,
    SIDE,
    WORDS,
    first_page,
    table_key,
)
from pages.common.safe_text import one_line
from pages.common.scores import count, when
from skillrouter_core.records import Split

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 50
SOURCES = {
    "route": "Route page",
    "typed": "typed in",
    "upload": "file",
    "eval-core": "benchmark",
    "": "–",
}


def filters(sets: Sequence[str]) -> Wanted:
    """Draw the search box and the filters, and return what they ask for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        words = st.text_input(
            "Search",
            key=WORDS,
            bind="query-params",
            type="search",
            live="300ms",
            placeholder="words in a request, or in an expected skill's id",
            on_change=first_page,
        )
        suite = _choice("Set", sets, SET)
        side = _choice("Side", [side.value for side in Split], SIDE)
        judged = _choice("Grades", (WITH_GRADES, UNJUDGED), JUDGED)
    return Wanted((words or "").strip(), suite, side, judged)


def query_table(ws: Workspace, found: Sequence[Line]) -> None:
    """Draw one page of the queries found, and what can be done with those picked."""
    if not found:
        st.info("No request matches. Use fewer words, or lift a filter.", icon=":material/search:")
        return
    pages = -(-len(found) // ROWS)
    page = min(max(_number(st.session_state.get(PAGE) or st.query_params.get(PAGE)), 1), pages)
    if pages > 1 and st.session_state.get(PAGE) not in (None, page):
        st.session_state[PAGE] = page
    shown = found[(page - 1) * ROWS : page * ROWS]
    first = (page - 1) * ROWS + 1
    with st.container(horizontal=True, vertical_alignment="center"):
        last = first + len(shown) - 1
        st.caption(f"{first:,} to {last:,} of {count(len(found), 'request')}", width="stretch")
        if pages > 1:
            st.pagination(pages, key=PAGE, bind="query-params")
    above = st.container()
    picked = _rows(shown)
    with above:
        if picked:
            picked_actions(ws, picked)
        else:
            st.caption("Pick rows to remove them; pick one to route it or to grade its candidates.")


def _rows(shown: Sequence[Line]) -> list[Line]:
    chosen = st.dataframe(
        [_row(line) for line in shown],
        hide_index=True,
        height="content",
        key=table_key(),
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Request": st.column_config.TextColumn(width="large"),
            "Graded": st.column_config.NumberColumn("Graded skills", format="localized"),
        },
        alt="Saved requests: text, set, side, expected skills, graded skills, source, author, date",
    )
    return [shown[at] for at in chosen["selection"]["rows"] if at < len(shown)]


def _row(line: Line) -> dict[str, Any]:
    query = line.query
    return {
        "Request": one_line(query.text, 240),
        "Set": query.suite,
        "Side": query.split.value,
        "Expected": one_line(", ".join(query.expected), 160),
        "Graded": line.pairs,
        "Source": SOURCES.get(query.source, query.source),
        "Author": query.author,
        "Saved": when(query.created_at).partition(" ")[0],
    }


def _choice(label: str, options: Sequence[str], key: str) -> str:
    if st.session_state.get(key) is not None and st.session_state[key] not in options:
        st.session_state[key] = None
    chosen = st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder="all",
        on_change=first_page,
        width=190,
    )
    return chosen or ""


def _number(value: object) -> int:
    text = str(value or "")
    return int(text) if text.isdecimal() and len(text) < 9 else 1
