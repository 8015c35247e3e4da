"""The page of one skill: what it says, what is wrong with it, what is like it, how it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown, show_error, workspace_or_stop
from pages.common.health import ADVICE
from pages.common.safe_text import escape, one_line
from pages.common.scores import count, score
from pages.common.skill_history import skill_history
from pages.common.skill_text import draw_body, skill_link
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records import Skill, SkillEvent

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

VIEWS = ("rendered", "raw", "neighbours", "history")
NEIGHBOURS = 10


def page() -> None:
    """Draw the page."""
    ws = workspace_or_stop()
    skill_id = st.query_params.get("id", "")
    if not skill_id:
        st.header("Which skill do you want to read?", anchor=False)
        st.markdown("The address names none. Find one in the catalog, or ask the router.")
        st.page_link("catalog.py", label="Search the catalog", icon=":material/search:")
        st.page_link("route.py", label="Route a request", icon=":material/alt_route:")
        return
    try:
        events = ws.catalogs.history(skill_id)
        skill = _skill(ws, skill_id, events)
    except NotFoundError as error:
        st.header("What does this skill say?", anchor=False)
        show_error(error)
        st.page_link("catalog.py", label="Search the catalog", icon=":material/search:")
        return
    _head(skill)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    _draw(ws, skill, view or VIEWS[0], events)


def _skill(ws: Workspace, skill_id: str, events: tuple[SkillEvent, ...]) -> Skill:
    """Return the skill, or what it last was and say that it is gone."""
    try:
        return ws.catalogs.skill(skill_id)
    except NotFoundError:
        skill = ws.catalogs.version(events[-1].content_hash)
    st.warning(
        "This skill is no longer in its catalog. This is its last text; labels are kept.",
        icon=":material/history:",
    )
    return skill


def _head(skill: Skill) -> None:
    st.caption("What does this skill say, and what is wrong with it?")
    st.header(escape(one_line(skill.name, 120)) or "unnamed", anchor=False)
    st.markdown(escape(skill.description) or ":gray[no description]")
    parts = [
        escape(skill.skill_id),
        *([f"category {escape(skill.category)}"] if skill.category else []),
        count(len(skill.body), "character"),
        f"version {skill.content_hash[:12]}",
        *([f"from {escape(one_line(skill.source, 120))}"] if skill.source else []),
        *([f"file {escape(one_line(skill.path, 120))}"] if skill.path else []),
    ]
    st.markdown(f":small[:gray[{' · '.join(parts)}]]")
    for problem in skill.problems:
        st.markdown(f":orange-badge[{problem.value}] {ADVICE[problem]}")


def _draw(ws: Workspace, skill: Skill, view: str, events: tuple[SkillEvent, ...]) -> None:
    with errors_shown():
        if view == "neighbours":
            _neighbours(ws, skill.skill_id)
        elif view == "history":
            skill_history(ws, st.query_params["id"], events)
        else:
            draw_body(skill.body, raw=view == "raw")


def _neighbours(ws: Workspace, skill_id: str) -> None:
    with st.spinner("Looking for the nearest skills…", show_time=True):
        found = ws.routing.neighbours(skill_id, NEIGHBOURS)
    if not found:
        st.caption("There is no other skill to compare with.")
        return
    st.caption("The nearest skills by meaning (cosine of the texts; 1.00 is the same text).")
    for neighbour in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{score(neighbour.cosine)}**", width="content")
            skill_link(neighbour.skill.skill_id, one_line(neighbour.skill.name, 80))
            description = escape(one_line(neighbour.skill.description, 160))
            st.markdown(
                f":small[:gray[{escape(neighbour.skill.skill_id)} · {description}]]",
                width="stretch",
            )


page()
