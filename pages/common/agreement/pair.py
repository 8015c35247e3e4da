"""One conflict: who said what and when, and the query and the judged text side by side.

Responsible for drawing a conflict. Must not know how one is settled.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.agreement.words import grade_word, said
from pages.common.safe_text import escape, highlighted, one_line
from pages.common.scores import count, when
from pages.common.skill_text import draw_body, skill_link
from skillrouter_core.records import Passage, Settlement, Skill
from skillrouter_core.records.agreement import Conflict, JudgedText

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NAME_CHARS = 100
VERDICTS_SHOWN = 8


def pair_head(one: Conflict, text: JudgedText, *, listed: bool) -> None:
    """Draw who said what, and what is unusual; `listed`: it is among those filtered."""
    lines = [said(each) for each in one.verdicts[:VERDICTS_SHOWN]]
    more = len(one.verdicts) - VERDICTS_SHOWN
    if more > 0:
        lines.append(f":gray[and {count(more, 'verdict')} more]")
    notes = _notes(one, text)
    if not listed:
        notes.append(":gray[It is not among the conflicts listed.]")
    if one.settlement is not None:
        notes.insert(0, _settled(one.settlement))
    lines += [f":small[{note}]" for note in notes]
    st.markdown("  \n".join(lines))


def two_texts(ws: Workspace, one: Conflict, text: JudgedText) -> None:
    """Draw the query beside the judged text, the passages that speak for it first."""
    query, skill = st.columns([2, 3], gap="medium")
    with query, st.container(border=True):
        st.markdown(f":small[:gray[query]]  \n{escape(one.query_text)}")
    with skill, st.container(border=True):
        _skill(text.skill, ws.agreement.evidence(one.query_text, text.skill))
        if text.present:
            skill_link(one.skill_id, "Page")
        draw_body(text.skill.body)


def _skill(skill: Skill, evidence: tuple[Passage, ...]) -> None:
    name = escape(one_line(skill.name, NAME_CHARS)) or "unnamed"
    passages = "".join(f"\n- :small[:gray[{each.field}] {highlighted(each)}]" for each in evidence)
    st.markdown(
        f"**{name}** :small[:gray[{escape(skill.skill_id)}]]  \n"
        f"{escape(skill.description) or ':gray[no description]'}\n{passages}"
    )


def _settled(settlement: Settlement) -> str:
    note = f" “{escape(settlement.note)}”" if settlement.note else ""
    by = f"{escape(settlement.author)}, {when(settlement.created_at)}"
    return f":green[:material/check: Settled: **{grade_word(settlement.grade)}**] :gray[{by}]{note}"


def _notes(one: Conflict, text: JudgedText) -> list[str]:
    found = []
    if not text.present:
        found.append("This skill left its catalog; this is the text that was judged.")
    if text.changed:
        found.append("The skill has another text by now; this is the one that was judged.")
    if one.older:
        verdicts = count(len(one.older), "verdict")
        found.append(f"{verdicts} on an earlier text no longer count.")
    return [f":orange[:material/warning: {each}]" for each in found]
