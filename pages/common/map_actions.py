"""What is done with the skills chosen on the map: a category for them, or a place in the queue.

Responsible for the buttons and for what each does. Must not know how the skills were chosen,
nor how a category or the queue is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.map_done import Done, act
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from pages.common.verdicts import annotator, annotator_input

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

CATEGORY, NEW = "category for the selection", "new category for the selection"


def selection_actions(ws: Workspace, ids: Sequence[str]) -> None:
    """Draw what can be done with live skills: give them a category, let them wait for labels."""
    if not ids:
        return
    waiting = ws.labels.queued_ids()
    inside = [one for one in ids if one in waiting]
    with st.container(horizontal=True, vertical_alignment="center"):
        _category(ws, ids)
        if len(inside) < len(ids):
            st.button(
                f"Label later ({len(ids) - len(inside):,})",
                key="label later",
                icon=":material/playlist_add:",
                on_click=act,
                args=(_queue, ws, ids),
                help="Puts those that do not wait yet into the queue for labelling.",
            )
        if inside:
            st.button(
                f"Take back ({len(inside):,})",
                key="take back",
                icon=":material/playlist_remove:",
                on_click=act,
                args=(_unqueue, ws, inside),
                help="Takes those that wait out of the queue, whoever put them there.",
            )
        st.caption(waiting_words(waiting), width="content")


def waiting_words(waiting: Collection[str]) -> str:
    """Return how many skills of the whole catalog wait for labels; nothing where none does."""
    verb = "waits" if len(waiting) == 1 else "wait"
    return f"{count(len(waiting), 'skill')} {verb} for labels in all." if waiting else ""


def _category(ws: Workspace, ids: Sequence[str]) -> None:
    with st.popover("Assign a category", icon=":material/label:"):
        options = ws.catalogs.categories()
        if st.session_state.get(CATEGORY) not in options:
            st.session_state.pop(CATEGORY, None)
        st.selectbox(
            "An existing one",
            options,
            index=None,
            placeholder="Choose a category",
            key=CATEGORY,
            persist_state="session",
            help="It goes before what the source says and outlives every re-sync.",
        )
        st.text_input(
            "Or a new one", key=NEW, persist_state="session", help="Goes before the choice above."
        )
        annotator_input()
        assigned = ws.catalogs.assigned_categories()
        given = [one for one in ids if one in assigned]
        st.button(
            f"Assign to {count(len(ids), 'skill')}",
            key="assign category",
            type="primary",
            on_click=act,
            args=(_assign, ws, ids),
        )
        st.button(
            f"Back to the source's ({len(given):,})",
            key="clear category",
            on_click=act,
            args=(_clear, ws, given),
            disabled=not given,
            help="For those of the selection that somebody gave a category.",
        )


def _assign(ws: Workspace, ids: Sequence[str]) -> Done:
    category = st.session_state.get(NEW) or st.session_state.get(CATEGORY) or ""
    changed = ws.catalogs.assign_category(ids, category, annotator())
    words = f"Category **{escape(one_line(category, 60))}** given to {count(changed, 'skill')}."
    st.session_state[NEW] = ""
    st.session_state[CATEGORY] = one_line(category)
    return _categories_done(ws, changed, words)


def _clear(ws: Workspace, ids: Sequence[str]) -> Done:
    changed = ws.catalogs.clear_category(ids, annotator())
    return _categories_done(
        ws, changed, f"{count(changed, 'skill')} back to the source's category."
    )


def _categories_done(ws: Workspace, changed: int, words: str) -> Done:
    name = annotator()
    change = ws.catalogs.last_category_change(name) if changed else None
    if change is None:
        return Done("Nothing changed: they had it already.")

    def undo() -> str:
        undone = ws.catalogs.undo_category_change(change, name)
        return f"Taken back: {count(undone, 'skill')} with the category of before."

    return Done(words, undo)


def _queue(ws: Workspace, ids: Sequence[str]) -> Done:
    waited, name = ws.labels.queued_ids(), annotator()
    added = [one for one in ids if one not in waited]
    number = ws.labels.enqueue(added, name)

    def undo() -> str:
        return f"Taken back: {count(ws.labels.dequeue(added, name), 'skill')} out of the queue."

    return Done(f"{count(number, 'skill')} put into the queue for labelling.", undo)


def _unqueue(ws: Workspace, ids: Sequence[str]) -> Done:
    number = ws.labels.dequeue(ids, annotator())
    return Done(f"{count(number, 'skill')} taken out of the queue for labelling.")
