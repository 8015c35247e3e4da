"""One candidate of a route with the evidence for it.

Responsible for one card: name, place, source, description, passages, near-copies, and what
can be done with it. Must not know how candidates were ordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import escape, highlighted, one_line
from pages.common.scores import layers, moved
from pages.common.skill_text import skill_dialog, skill_link
from pages.common.verdicts import thumbs
from skillrouter_core.records import Candidate, Judgement, Passage, Skill

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NAME_CHARS = 120
DESCRIPTION_CHARS = 320
FOLDED_SHOWN = 5


def candidate_card(
    ws: Workspace,
    query: str,
    candidate: Candidate,
    saved: Mapping[str, Judgement],
    *,
    prefix: str = "",
    mark: str = "",
) -> None:
    """Draw one candidate; `mark` is Markdown of our own shown beside its name."""
    skill = candidate.skill
    with st.container(border=True, gap="xxsmall"):
        st.markdown(_head(candidate, mark) + _evidence(candidate) + _folded(candidate))
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            if st.button(
                "Read",
                key=f"{prefix}read {skill.skill_id}",
                type="tertiary",
                icon=":material/article:",
                help="Show the whole skill over this page.",
            ):
                skill_dialog(skill)
            skill_link(skill.skill_id, "Page")
            if not prefix:
                thumbs(ws, query, skill.skill_id, saved)


def _head(candidate: Candidate, mark: str) -> str:
    skill = candidate.skill
    movement = ""
    if candidate.stage2_score is not None:
        movement = moved(candidate.moved)
        if candidate.moved:
            movement += f" :small[:gray[from place {candidate.stage1_rank}]]"
    name = escape(one_line(skill.name, NAME_CHARS))
    description = escape(one_line(skill.description, DESCRIPTION_CHARS))
    return (
        f"**{candidate.rank}. {name}** &nbsp;{movement} {mark}  \n"
        f":small[:gray[{escape(skill.skill_id)} · {layers(candidate)}]]  \n"
        f"{description or ':gray[no description]'}"
    )


def _evidence(candidate: Candidate) -> str:
    lines = [f"\n- {_passage(candidate.skill, passage)}" for passage in candidate.evidence]
    return "\n" + "".join(lines) if lines else ""


def _passage(skill: Skill, passage: Passage) -> str:
    """Return a passage on one line, an ellipsis where its field goes on."""
    whole = {"name": skill.name, "description": skill.description}.get(passage.field, skill.body)
    before = "…" if passage.start > 0 else ""
    after = "…" if passage.start + len(passage.text) < len(whole.rstrip()) else ""
    return f":small[:gray[{passage.field}] {before}{highlighted(passage)}{after}]"


def _folded(candidate: Candidate) -> str:
    if not candidate.folded:
        return ""
    names = ", ".join(escape(skill.skill_id) for skill in candidate.folded[:FOLDED_SHOWN])
    more = len(candidate.folded) - FOLDED_SHOWN
    rest = f" and {more} more" if more > 0 else ""
    copies = "1 near-copy" if len(candidate.folded) == 1 else f"{len(candidate.folded)} near-copies"
    return f"\n\n:small[:gray[{copies} folded here: {names}{rest}]]"
