"""A skill's own text on the page: rendered without anything that loads, or raw.

Responsible for drawing bodies and for the dialog that shows a whole skill. Must not know
who asks for it.
"""

from __future__ import annotations

import streamlit as st

from pages.common.safe_body import body_blocks
from pages.common.safe_text import escape
from skillrouter_core.records import Skill

SHOWN_CHARS = 40_000
"""Characters of a body drawn at once; a browser stalls on half a megabyte of Markdown."""


def draw_body(body: str, *, raw: bool = False) -> None:
    """Draw a body; says so where it is empty or longer than `SHOWN_CHARS`."""
    if not body.strip():
        st.caption("The body is empty.")
        return
    shown = body[:SHOWN_CHARS]
    if raw:
        st.code(shown, language=None, wrap_lines=True)
    else:
        for block in body_blocks(shown):
            if block.is_code:
                st.code(block.text, language=None)
            else:
                st.markdown(block.text, anchors=False)
    if len(body) > SHOWN_CHARS:
        st.caption(f"The first {SHOWN_CHARS:,} of {len(body):,} characters.")


@st.dialog("Skill", width="large")
def skill_dialog(skill: Skill) -> None:
    """Show a whole skill over the page."""
    st.markdown(f"**{escape(skill.name)}** :small[:gray[{escape(skill.skill_id)}]]")
    st.markdown(escape(skill.description) or ":gray[no description]")
    skill_link(skill.skill_id)
    st.divider()
    draw_body(skill.body)


def skill_link(skill_id: str, label: str = "Open its page") -> None:
    """Draw a link to a skill's own page; `label` is shown as it is."""
    st.page_link(
        "skill.py",
        label=escape(label),
        query_params={"id": skill_id},
        icon=":material/open_in_full:",
    )
