"""What happened to a skill: its events, and the difference between two versions of its text.

Responsible for drawing a history. Must not know where versions are kept.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import one_line
from pages.common.scores import count, when
from skillrouter_core.records import CategoryEvent, Skill, SkillEvent

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DIFF_LINES = 2000
"""Lines of a difference that are drawn; the rest is counted."""


def skill_history(ws: Workspace, skill_id: str, events: tuple[SkillEvent, ...]) -> None:
    """Draw the events, newest first, and the difference between two chosen versions."""
    if not events:
        st.caption("Nothing is recorded about this skill.")
        return
    given = ws.catalogs.category_events(skill_id)
    lines = [(e.at, e.kind, e.content_hash[:12]) for e in events]
    lines += [(e.at, _given(e), "") for e in given]
    st.dataframe(
        [
            {"When": when(at), "What": what, "Version": version}
            for at, what, version in sorted(lines, key=lambda line: line[0], reverse=True)
        ],
        hide_index=True,
        width="content",
        alt="What happened to the skill, newest first",
    )
    versions = list(dict.fromkeys(event.content_hash for event in events))
    if len(versions) < 2:
        st.caption("There is one version of its text, so nothing to compare.")
        return
    names = {each.content_hash: f"{each.content_hash[:12]}, {when(each.at)}" for each in events}
    with st.container(horizontal=True, width=640):
        old = st.selectbox("From", versions, len(versions) - 2, format_func=names.__getitem__)
        new = st.selectbox("To", versions, len(versions) - 1, format_func=names.__getitem__)
    _difference(ws.catalogs.version(old), ws.catalogs.version(new))


def _given(event: CategoryEvent) -> str:
    what = "the source's" if event.category is None else event.category
    return f"category: {one_line(what, 60)}, by {one_line(event.author, 60)}"


def _difference(old: Skill, new: Skill) -> None:
    lines = list(
        difflib.unified_diff(
            _lines(old), _lines(new), old.content_hash[:12], new.content_hash[:12], lineterm=""
        )
    )
    if not lines:
        st.caption("The two versions are the same.")
        return
    st.code("\n".join(lines[:DIFF_LINES]), language="diff", wrap_lines=True)
    if len(lines) > DIFF_LINES:
        st.caption(f"{count(len(lines) - DIFF_LINES, 'line')} of the difference not shown.")


def _lines(skill: Skill) -> list[str]:
    head = [f"name: {skill.name}", f"description: {skill.description}", ""]
    return [*head, *skill.body.splitlines()]
