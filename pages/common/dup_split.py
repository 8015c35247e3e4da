"""A group too big to be judged as one: the thresholds at which it falls apart.

Responsible for the warning and the offers. Must not know how a group is split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_state import COSINE, JACCARD
from pages.common.scores import count
from skillrouter_core.records import Thresholds

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupDetail, GroupsView

SIZES_NAMED = 4


def split_offer(view: GroupsView, detail: GroupDetail) -> None:
    """Say that the group is too big, and offer higher thresholds with what each would leave."""
    if not detail.group.oversize:
        return
    from skillrouter_core.workspace.duplicate_lanes import split_steps

    steps = split_steps(view, detail.group.keeper)
    with st.container(border=True, gap=None):
        st.markdown(
            f":orange[:material/warning:] **{len(detail.members)} skills are too many to judge "
            f"as one** (over {view.grouping.oversize}). It splits at higher thresholds:"
        )
        for number, step in enumerate(steps):
            limits = _rounded(step.thresholds)
            st.button(
                f"Jaccard {limits.jaccard:.2f}, cosine {limits.cosine:.2f}: {_parts(step.sizes)}"
                f"{count(step.alone, 'skill')} alone",
                key=f"split {number}",
                type="tertiary",
                icon=":material/call_split:",
                on_click=_raise,
                args=(limits,),
            )


def _parts(sizes: tuple[int, ...]) -> str:
    if not sizes:
        return ""
    named = ", ".join(str(size) for size in sizes[:SIZES_NAMED])
    more = ", …" if len(sizes) > SIZES_NAMED else ""
    return f"{count(len(sizes), 'group')} of {named}{more} skills, "


def _rounded(thresholds: Thresholds) -> Thresholds:
    """Return thresholds that the sliders can show."""
    return Thresholds(round(thresholds.jaccard, 2), round(thresholds.cosine, 2))


def _raise(thresholds: Thresholds) -> None:
    st.session_state[JACCARD] = thresholds.jaccard
    st.session_state[COSINE] = thresholds.cosine
