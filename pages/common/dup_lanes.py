"""Lanes beside the groups: namesakes with different content, and likeness that was discounted.

Responsible for listing them and for one pair side by side. Must not know how a lane is
picked: the workspace does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.dup_diff import differences
from pages.common.dup_keys import member_moves
from pages.common.dup_state import SHEET, open_group, opened
from pages.common.dup_table import Column, focus_table
from pages.common.dup_words import discounts, likeness
from pages.common.safe_text import escape, one_line
from pages.common.scores import count, score
from pages.common.skill_text import skill_link
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import DuplicatePair

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView

ROWS = 12
NAMESAKES = (Column("Name", "16rem"), Column("Skills", "4rem", True), Column("Ids"))
DISCOUNTED = (
    Column("Skill", tail=True),
    Column("And", tail=True),
    Column("Jaccard", "4.6rem", True, "Boilerplate and negations left out; 0 to 1"),
    Column("Raw", "4.6rem", True, "Boilerplate counted; 0 to 1"),
    Column("Cosine", "4.6rem", True, "Likeness of the embeddings; 0 to 1"),
    Column("Why it does not count"),
)


def namesake_lane(ws: Workspace, view: GroupsView) -> None:
    """Draw the names that several unlike skills share."""
    from skillrouter_core.workspace.duplicate_lanes import namesakes

    lanes = sorted(namesakes(view), key=len, reverse=True)
    if not lanes:
        st.info("No two unlike skills share a name.", icon=":material/check_circle:")
        return
    st.markdown(
        f"**{count(len(lanes), 'name')}** shared by skills with different content: no duplicates, "
        "but an agent that goes by names may load the wrong one. Rename one in its source."
    )
    names = dict(zip(view.scan.ids, view.scan.names, strict=True))
    shown = _page(lanes)
    rows = [(one_line(names[ids[0]], 80), f"{len(ids):,}", ", ".join(ids)) for ids in shown]
    group, member = opened()
    focus = next((at for at, ids in enumerate(shown) if group in ids), None)
    focus_table(
        NAMESAKES,
        rows,
        focus,
        "namesakes",
        label="Names shared by unlike skills",
        on_pick=lambda at: open_group(*shown[at][:2]),
    )
    ids = next((ids for ids in lanes if group in ids), ())
    if not ids:
        st.caption("Click a name to see its skills side by side.")
        return
    others = [each for each in ids if each != group]
    member = member if member in others else others[0]
    _side_by_side(ws, view, (group, member), others)


def discounted_lane(ws: Workspace, view: GroupsView) -> None:
    """Draw the pairs whose likeness a template or a negation explains."""
    from skillrouter_core.workspace.duplicate_lanes import discounted

    pairs = discounted(view)
    if not pairs:
        st.info("At these thresholds no likeness was discounted.", icon=":material/check_circle:")
        return
    st.markdown(
        f"**{count(len(pairs), 'pair')}** would count as near-copies if boilerplate shared by "
        "many skills of a source, and clauses such as “not for X, use Y”, were not discounted."
    )
    shown = _page(pairs)
    ends = opened()
    focus = next((at for at, pair in enumerate(shown) if (pair.a, pair.b) == ends), None)
    rows = [_row(pair) for pair in shown]
    focus_table(
        DISCOUNTED,
        rows,
        focus,
        "discounted",
        label="Pairs whose likeness was discounted",
        on_pick=lambda at: open_group(shown[at].a, shown[at].b),
    )
    if any((pair.a, pair.b) == ends for pair in pairs):
        _side_by_side(ws, view, ends, ends[1:])
    else:
        st.caption("Click a pair to see it side by side.")


def _page(entries: Sequence[Any]) -> Sequence[Any]:
    """Draw the pages of a lane and return the entries of the one asked for."""
    pages = -(-len(entries) // ROWS)
    page = st.pagination(pages, key=SHEET, bind="query-params") if pages > 1 else 1
    return entries[(page - 1) * ROWS : page * ROWS]


def _row(pair: DuplicatePair) -> tuple[str, ...]:
    values = (score(pair.jaccard), score(pair.raw_jaccard), score(pair.cosine))
    return (pair.a, pair.b, *values, "; ".join(discounts(pair)) or "boilerplate")


def _side_by_side(
    ws: Workspace, view: GroupsView, ends: tuple[str, str], others: Sequence[str]
) -> None:
    """Draw two skills; `others` are those that the first may be compared with."""
    from skillrouter_core.workspace.duplicate_lanes import known_pair

    one, other = ends
    try:
        left, right = ws.catalogs.skill(one), ws.catalogs.skill(other)
    except NotFoundError:
        st.warning("One of the two left the catalog after the scan. Scan again.")
        return
    pair = known_pair(view, one, other)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center"):
        values = likeness(pair) if pair else "no layer proposed this pair"
        place = f" :gray[{others.index(other) + 1} of {len(others)}]" if len(others) > 1 else ""
        st.markdown(f"{escape(one)} and {escape(other)}{place}  \n:small[{values}]")
        skill_link(one, "First")
        skill_link(other, "Second")
        member_moves(one, others, other)
    differences(left, right)
