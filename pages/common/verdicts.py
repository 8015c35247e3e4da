"""Thumbs that become judgements, with undo.

Responsible for one candidate's thumbs and what they say is saved. Must not know where a
candidate stands or why.
"""

from __future__ import annotations

import getpass
import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.safe_text import escape
from skillrouter_core.errors import SkillRouterError
from skillrouter_core.records import Judgement

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

THUMB_GRADES = (0, 3)
"""Grades by thumb: down is wrong, up is right."""

GRADE_WORDS = {3: "right", 2: "useful", 1: "related", 0: "wrong", None: "can't tell"}
ANNOTATOR = "annotator"


def annotator() -> str:
    """Return the name that judgements are saved under.

    That is the user's where Streamlit's login is set up, else the one given here, else that of
    the account the server runs under.
    """
    return logged_in() or st.session_state.get(ANNOTATOR, "").strip() or _login()


def logged_in() -> str | None:
    """Return whom Streamlit's login knows, None where none is set up or nobody is logged in."""
    if not getattr(st.user, "is_logged_in", False):
        return None
    names = (st.user.get(key) for key in ("email", "name", "sub"))
    return next((name.strip() for name in names if isinstance(name, str) and name.strip()), None)


def annotator_input() -> None:
    """Draw the field for the name, or whose login decides it."""
    name = logged_in()
    if name is not None:
        st.caption(f"Logged in as {escape(name)}; judgements carry this name.")
        return
    st.text_input(
        "Your name",
        value=_login(),
        key=ANNOTATOR,
        persist_state="session",
        help="Judgements and saved queries carry it.",
    )


def own_judgements(ws: Workspace, query: str) -> dict[str, Judgement]:
    """Return this person's verdicts on a query by skill id."""
    name = annotator()
    return {each.skill_id: each for each in ws.labels.judgements(query) if each.annotator == name}


def thumbs(ws: Workspace, query: str, skill_id: str, saved: Mapping[str, Judgement]) -> None:
    """Draw the thumbs of one candidate; a click saves, a second click or Undo takes it back."""
    judgement = saved.get(skill_id)
    key = _key(query, skill_id)
    shown = THUMB_GRADES.index(judgement.grade) if _is_thumb(judgement) else None
    if st.session_state.get(key, shown) != shown:
        st.session_state[key] = shown
    st.feedback("thumbs", key=key, default=shown, on_change=_save, args=(ws, query, skill_id, key))
    if judgement is None:
        return
    st.markdown(f":small[:gray[saved: {GRADE_WORDS[judgement.grade]}]]", width="content")
    st.button(
        "Undo",
        key=f"undo {key}",
        type="tertiary",
        on_click=_undo,
        args=(ws, judgement.judgement_id, key),
        help="Take this verdict back.",
    )


def _is_thumb(judgement: Judgement | None) -> bool:
    return judgement is not None and judgement.grade in THUMB_GRADES


def _save(ws: Workspace, query: str, skill_id: str, key: str) -> None:
    thumb = st.session_state[key]
    try:
        if thumb is not None:
            ws.labels.judge(query, skill_id, THUMB_GRADES[thumb], annotator())
            return
        saved = own_judgements(ws, query).get(skill_id)
        if saved is not None:
            ws.labels.undo(saved.judgement_id)
    except SkillRouterError as error:
        st.toast(f"Not saved: {escape(str(error))}")


def _undo(ws: Workspace, judgement_id: int, key: str) -> None:
    try:
        ws.labels.undo(judgement_id)
    except SkillRouterError as error:
        st.toast(f"Not undone: {escape(str(error))}")
        return
    st.session_state[key] = None


def _key(query: str, skill_id: str) -> str:
    digest = hashlib.sha256(f"{query}\x1f{skill_id}".encode("utf-8", "surrogatepass"))
    return f"thumbs {digest.hexdigest()[:16]}"


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # An account without a name (some containers): judgements still need one.
        return "me"
