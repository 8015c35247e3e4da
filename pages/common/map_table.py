"""The skills inside a lasso, or found by a search, as a table with what can be done with them.

Responsible for drawing one page of rows, their order and the downloads. Must not know how the
rows were chosen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.map_rows import CLUSTER, ORDERS, Rows, as_csv, as_json, lines, ordered
from pages.common.map_state import DOWN, PAGE, SORT, first_page
from pages.common.safe_text import one_line
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 50
_TABLE = "rows of the map"
_ORDERED = "order of the map's table"


def row_table(ws: Workspace, made: CatalogMap, rows: Rows) -> None:
    """Draw one page of rows with their order and downloads; a click opens the skill."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        order = st.selectbox(
            "Sort by",
            ORDERS,
            key=SORT,
            bind="query-params",
            on_change=first_page,
            width=150,
        )
        down = st.toggle("Descending", key=DOWN, bind="query-params", on_change=first_page)
        st.space("stretch")
        _downloads(ws, made, rows)
        pages = -(-len(rows) // ROWS)
        page = 1
        if pages > 1:
            _within(pages)
            page = st.pagination(pages, key=PAGE, bind="query-params")
    found = _ordered(ws, made, rows, order or CLUSTER, down=down)
    shown = found[(page - 1) * ROWS : page * ROWS]
    _draw(lines(ws, made, shown.tolist()))


def _within(pages: int) -> None:
    """Go to the last page where the address names one that these rows do not have."""
    wanted = st.session_state.get(PAGE) or st.query_params.get(PAGE)
    if str(wanted or "").isdecimal() and int(wanted or 1) > pages:
        st.session_state[PAGE] = pages


def _ordered(ws: Workspace, made: CatalogMap, rows: Rows, order: str, *, down: bool) -> Rows:
    """Return rows in order; the last one asked for is remembered, as paging asks again."""
    state = ws.catalogs.fingerprint(), ws.catalogs.categories_token()
    key = (made.version, state, order, down, rows.tobytes())
    kept = st.session_state.get(_ORDERED)
    if kept is None or kept[0] != key:
        kept = (key, ordered(ws, made, rows, order, down=down))
        st.session_state[_ORDERED] = kept
    found: Rows = kept[1]
    return found


def _draw(found: list[dict[str, Any]]) -> None:
    chosen = st.dataframe(
        [_line(line) for line in found],
        hide_index=True,
        height="content",
        key=_TABLE,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "Name": st.column_config.TextColumn(width="medium"),
            "Description": st.column_config.TextColumn(width="large"),
            "Category": st.column_config.TextColumn(width=110),
            "Body": st.column_config.NumberColumn("Body, characters", format="localized"),
        },
        alt="Skills of the selection: name, description, cluster, category, source, size of body",
    )
    selection = chosen["selection"]
    picked = [*selection["rows"], *(row for row, _ in selection["cells"])]
    if picked and picked[0] < len(found):
        st.switch_page("skill.py", query_params={"id": found[picked[0]]["id"]})


def _downloads(ws: Workspace, made: CatalogMap, rows: Rows) -> None:
    for label, file, mime, write in (
        ("CSV", "skills.csv", "text/csv", as_csv),
        ("JSON", "skills.json", "application/json", as_json),
    ):
        st.download_button(
            label,
            lambda write=write: write(lines(ws, made, rows.tolist())),
            file_name=file,
            mime=mime,
            key=f"map {label}",
            icon=":material/download:",
            on_click="ignore",
            help=f"All {len(rows):,} rows, not this page alone.",
        )


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {
        "Name": one_line(line["name"], 80),
        "Description": one_line(line["description"], 160),
        "Cluster": one_line(line["cluster"], 60),
        "Category": line["category"],
        "Source": line["source"],
        "Body": line["body_chars"],
    }
