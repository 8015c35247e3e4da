"""The keys of an open group: verdicts, undo, moves, and the note.

Responsible for drawing them; each shows its key. Must not know what a verdict does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common import dup_state
from pages.common.dup_decide import ABOUT_TWO, Place, decide, merge_all, undo
from pages.common.dup_moves import stepped
from pages.common.safe_text import escape
from pages.common.verdicts import annotator, annotator_input
from skillrouter_core.records import Verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SHORTCUTS = {
    Verdict.MERGE: ("Merge", "M", "This copy goes; the keeper stands for it."),
    Verdict.KEEP: (
        "Keep",
        "K",
        "This skill stays and becomes the keeper; keep both if both should stay.",
    ),
    Verdict.DISTINCT: ("Distinct", "D", "Not a copy: this and the keeper never share a group."),
    Verdict.RETIRE: ("Retire", "X", "This skill goes, and nothing stands for it."),
    Verdict.SKIP: ("Skip group", "S", "Later: the group leaves the line of undecided ones."),
}


def decision_buttons(ws: Workspace, place: Place) -> None:
    """Draw the verdicts, merge all, undo and the moves, each with its key."""
    about_keeper = place.focus == place.keeper
    with st.container(horizontal=True, gap="small"):
        for verdict, (label, key, meaning) in SHORTCUTS.items():
            st.button(
                label,
                key=f"decide {verdict.value}",
                type="primary" if verdict is Verdict.MERGE else "secondary",
                shortcut=key,
                help=meaning,
                disabled=about_keeper and verdict in ABOUT_TWO,
                on_click=decide,
                args=(ws, place, verdict),
            )
        others = [each for each in place.open_members if each != place.keeper]
        st.button(
            f"Merge all {len(others)}" if len(others) > 1 else "Merge all",
            key="merge all",
            shortcut="Shift+M",
            help="Every undecided member of this group goes into the keeper.",
            disabled=not others,
            on_click=merge_all,
            args=(ws, place, others),
        )
        st.button(
            "Undo", key="undo", shortcut="U", on_click=undo, args=(ws,), help="Your last one."
        )


def member_moves(group: str, members: Sequence[str], focus: str) -> None:
    """Draw, for a row, the steps from member to member of what is open."""
    with st.container(horizontal=True, gap="xsmall", width="content"):
        for key, step, meaning in (("P", -1, "Member before"), ("N", 1, "Next member")):
            target = (group, stepped(members, focus, step))
            _move(key, step, meaning, target, len(members) < 2)


def group_moves(place: Place) -> None:
    """Draw, for a row, the steps from group to group of the queue."""
    with st.container(horizontal=True, gap="xsmall", width="content"):
        for key, step, meaning in (("Shift+P", -1, "Group before"), ("Shift+N", 1, "Next group")):
            target = stepped(place.line, place.keeper, step)
            _move(key, step, meaning, (target, ""), not place.line)


def note_field() -> None:
    """Draw the note, kept in the address while it is typed, and whose decisions these are."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Note",
            key=dup_state.NOTE,
            bind="query-params",
            live="300ms",
            max_chars=2000,
            placeholder="Note for the next decision (optional); Tab leaves the field for the keys",
            label_visibility="collapsed",
        )
        with st.popover(f"as {escape(annotator())}", icon=":material/person:"):
            annotator_input()


def _move(key: str, step: int, meaning: str, target: tuple[str, str], disabled: bool) -> None:
    many = "Shift" in key
    back = ":material/keyboard_double_arrow_left:" if many else ":material/chevron_left:"
    on = ":material/keyboard_double_arrow_right:" if many else ":material/chevron_right:"
    st.button(
        " ",
        key=f"go {key}",
        type="tertiary",
        icon=back if step < 0 else on,
        shortcut=key,
        help=meaning,
        disabled=disabled,
        on_click=dup_state.open_group,
        args=target,
    )
