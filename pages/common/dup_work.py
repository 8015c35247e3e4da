"""The workbench: the queue on one side, the open group on the other.

Responsible for which group and member are open and for putting the parts together. Must not
know how any part is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common import dup_state
from pages.common.dup_decide import Place
from pages.common.dup_diff import differences
from pages.common.dup_facts import open_members
from pages.common.dup_filters import Queue, queue, queue_filters
from pages.common.dup_group import focus_head, group_head
from pages.common.dup_keys import decision_buttons, group_moves, member_moves, note_field
from pages.common.dup_members import member_table
from pages.common.dup_queries import query_details, query_line
from pages.common.dup_queue import queue_table
from pages.common.dup_scan import PROFILE
from pages.common.dup_split import split_offer
from pages.common.dup_words import pair_of
from pages.common.skill_text import draw_body
from skillrouter_core.errors import NotFoundError

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupDetail, GroupsView


def work(ws: Workspace, view: GroupsView) -> None:
    """Draw the queue and the open group."""
    if not view.counts.groups:
        st.caption("There is no group at these thresholds.")
        return
    left, right = st.columns([2, 5], gap="medium")
    with left:
        queue_filters(view)
    found = queue(view)
    detail = _opened(ws, view, found)
    with left:
        queue_table(ws, found, detail.group.keeper if detail else "")
    with right:
        if detail is None:
            _nothing_open(view)
        else:
            _group(ws, view, found, detail)


def _opened(ws: Workspace, view: GroupsView, found: Queue) -> GroupDetail | None:
    """Return the group of the address, else the first of the queue."""
    asked = dup_state.opened()[0]
    line = found.keepers
    for skill_id in (asked, *line[:1]):
        if skill_id:
            try:
                detail = ws.duplicates.group(skill_id, view.thresholds, PROFILE)
            except NotFoundError:
                continue
            _focus(view, detail)
            return detail
    return None


def _focus(view: GroupsView, detail: GroupDetail) -> None:
    """Put the group's keeper and a member of it into the address."""
    group, member = dup_state.opened()
    ids = [each.skill.skill_id for each in detail.members]
    if member not in ids:
        member = group if group in ids[1:] else (*open_members(view, ids), ids[1])[0]
    dup_state.open_group(detail.group.keeper, member)


def _nothing_open(view: GroupsView) -> None:
    left = view.open_groups
    if left:
        st.info("No group passes these filters. Lift one of them.", icon=":material/filter_alt:")
    else:
        st.success(
            "Every group is decided or skipped. Export the plan, or look at those skipped.",
            icon=":material/check_circle:",
        )


def _group(ws: Workspace, view: GroupsView, found: Queue, detail: GroupDetail) -> None:
    keeper, focus = detail.group.keeper, dup_state.opened()[1]
    members = tuple(member.skill.skill_id for member in detail.members)
    line = found.keepers
    place = Place(
        keeper=keeper,
        members=members,
        open_members=open_members(view, members),
        focus=focus,
        line=line,
        open_now=lambda ids: open_members(ws.duplicates.groups(view.thresholds, PROFILE), ids),
        line_now=lambda: queue(ws.duplicates.groups(view.thresholds, PROFILE)).keepers,
    )
    at = (
        f"{line.index(keeper) + 1:,} of {len(line):,} in the queue"
        if keeper in line
        else (f"{detail.status.value}, not among those filtered")
    )
    with st.container(horizontal=True, wrap=False, gap="small"):
        group_head(detail, view.thresholds, at)
        group_moves(place)
    split_offer(view, detail)
    decision_buttons(ws, place)
    member_table(detail, focus)
    member = detail.members[members.index(focus)]
    effects = () if focus == keeper else ws.duplicates.merge_effect([focus], keeper, PROFILE)
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        queries = query_line(ws, member, effects)
        focus_head(member, pair_of(detail, focus), view.thresholds, queries)
        member_moves(keeper, members, focus)
    note_field()
    query_details(member, effects)
    if focus == keeper:
        draw_body(member.skill.body)
    else:
        differences(detail.members[0].skill, member.skill)
