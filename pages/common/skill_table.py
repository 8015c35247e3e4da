"""Finding skills: search, filters, health counts, and one page of rows at a time.

Responsible for the listing; every filter is in the address. Must not know how a search is
made: the workspace answers 50 rows at a time, whatever the size of the catalog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.safe_text import one_line
from pages.common.scores import count, when
from skillrouter_core.listing import SkillFilter, SkillRow
from skillrouter_core.records import Catalog, Problem

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 50
TEXT, CATALOG, CATEGORY, PROBLEM, PAGE = "find", "in", "category", "problem", "page"
_TABLE = "skills table"


def health_counts(ws: Workspace) -> None:
    """Draw how many skills have each problem; a click filters by it, a second one lifts that."""
    found = ws.catalogs.health()
    if not found:
        st.markdown(":green[:material/check_circle:] No skill has a known problem.")
        return
    wanted = st.session_state.get(PROBLEM) or st.query_params.get(PROBLEM)
    with st.container(horizontal=True, gap="small"):
        for problem in Problem:
            if problem in found:
                st.button(
                    f"**{found[problem]:,}** {problem.value}",
                    key=f"health {problem.name}",
                    type="primary" if wanted == problem.value else "secondary",
                    on_click=_toggle_problem,
                    args=(problem.value,),
                )


def filters(ws: Workspace, catalogs: tuple[Catalog, ...]) -> SkillFilter:
    """Draw the search box and the filters, and return what they ask for."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = st.text_input(
            "Search",
            key=TEXT,
            bind="query-params",
            type="search",
            live="300ms",
            placeholder="words in name, description or id",
            on_change=_first_page,
        )
        catalog = _choice("Catalog", [each.name for each in catalogs], CATALOG)
        category = _choice("Category", list(ws.catalogs.categories()), CATEGORY)
        problem = _choice("Health", [problem.value for problem in Problem], PROBLEM)
    return SkillFilter((text or "").strip(), catalog, category, problem)


def skill_table(ws: Workspace, wanted: SkillFilter) -> None:
    """Draw one page of the skills wanted; a click on a row opens the skill's page."""
    page = max(int(st.session_state.get(PAGE) or _number(st.query_params.get(PAGE))), 1)
    found = ws.catalogs.search(wanted, ROWS, (page - 1) * ROWS)
    if not found.rows and found.total:
        # The address names a page that this search no longer has.
        page = -(-found.total // ROWS)
        st.session_state[PAGE] = page
        found = ws.catalogs.search(wanted, ROWS, (page - 1) * ROWS)
    if not found.total:
        st.info("No skill matches. Use fewer words, or lift a filter.", icon=":material/search:")
        return
    first = (page - 1) * ROWS + 1
    last = first + len(found.rows) - 1
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{first:,} to {last:,} of {count(found.total, 'skill')}", width="stretch")
        if found.total > ROWS:
            st.pagination(-(-found.total // ROWS), key=PAGE, bind="query-params")
    _rows(found.rows)


def _rows(rows: tuple[SkillRow, ...]) -> None:
    chosen = st.dataframe(
        [_line(row) for row in rows],
        hide_index=True,
        height="content",
        key=_TABLE,
        on_select="rerun",
        selection_mode=["single-row", "single-cell"],
        column_config={
            "Name": st.column_config.TextColumn(width="medium"),
            "Description": st.column_config.TextColumn(width="large"),
            "Body": st.column_config.NumberColumn("Body, characters", format="localized"),
        },
        alt="Skills: name, description, catalog, category, size of the body, problems, last change",
    )
    selection = chosen["selection"]
    picked = [*selection["rows"], *(row for row, _ in selection["cells"])]
    if picked and picked[0] < len(rows):
        st.switch_page("skill.py", query_params={"id": rows[picked[0]].skill_id})


def _line(row: SkillRow) -> dict[str, Any]:
    return {
        "Name": one_line(row.name, 80),
        "Description": one_line(row.description, 160),
        "Problems": ", ".join(problem.value for problem in row.problems),
        "Category": row.category,
        "Catalog": row.catalog,
        "Body": row.body_chars,
        "Changed": when(row.changed_at),
    }


def _choice(label: str, options: list[str], key: str) -> str:
    chosen = st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        placeholder="all",
        on_change=_first_page,
        width=190,
    )
    return chosen or ""


def _toggle_problem(problem: str) -> None:
    st.session_state[PROBLEM] = None if st.session_state.get(PROBLEM) == problem else problem
    _first_page()


def _first_page() -> None:
    st.session_state[PAGE] = 1


def _number(text: str | None) -> int:
    return int(text) if text and text.isdecimal() and len(text) < 9 else 1
