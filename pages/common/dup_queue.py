"""The queue of groups, one page of rows at a time.

Responsible for the list beside the open group. Must not know which filters made it, nor what
an open group looks like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_filters import Queue
from pages.common.dup_state import PAGE, open_group
from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import one_line
from pages.common.scores import count

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

ROWS = 18
MAX_DIGITS = 9
COLUMNS = (Column("Keeper"), Column("Skills", "3.8rem", True))
_OPEN = "group open beside the queue"
STATE = Column("State", "6.6rem")


def queue_table(ws: Workspace, found: Queue, keeper: str) -> None:
    """Draw the page of the queue that is asked for; a row asked for is opened."""
    total = len(found.positions)
    if not total:
        return
    pages = -(-total // ROWS)
    page = min(max(_asked_page(found, keeper), 1), pages)
    shown = found.positions[(page - 1) * ROWS : page * ROWS].tolist()
    groups, ids = found.view.grouping.groups, found.view.scan.ids
    keepers = [ids[groups[position].keeper] for position in shown]
    names = _names(ws, found, keepers)
    rows = [
        (names[at], f"{len(groups[position].members):,}", found.facts.statuses[position])
        for at, position in enumerate(shown)
    ]
    columns = (*COLUMNS, STATE)
    if not found.mixed:
        columns, rows = COLUMNS, [row[:2] for row in rows]
    focus = keepers.index(keeper) if keeper in keepers else None
    label = "Groups in the queue: name of the keeper, number of skills"
    focus_table(
        columns,
        rows,
        focus,
        "queue",
        label=label,
        on_pick=lambda row: open_group(keepers[row]),
    )
    first = (page - 1) * ROWS + 1
    st.caption(f"{first:,} to {first + len(shown) - 1:,} of {count(total, 'group')}")
    if pages > 1:
        st.pagination(pages, key=PAGE, bind="query-params", max_visible_pages=5)


def _asked_page(found: Queue, keeper: str) -> int:
    """Return the page asked for; once another group is open, the page that it is on."""
    line, before = found.keepers, st.session_state.get(_OPEN)
    st.session_state[_OPEN] = keeper
    asked = st.session_state.get(PAGE) or st.query_params.get(PAGE)
    if keeper in line and (before not in {None, keeper} or not asked):
        st.session_state[PAGE] = asked = line.index(keeper) // ROWS + 1
    return int(asked) if str(asked).isdecimal() and len(str(asked)) < MAX_DIGITS else 1


def _names(ws: Workspace, found: Queue, keepers: list[str]) -> list[str]:
    """Return the keepers' names as they are written; the id of one that left the catalog."""
    skills = ws.catalogs.skills_by_id(keepers)
    return [
        one_line(skills[each].name, 60) or "unnamed" if each in skills else each for each in keepers
    ]
