"""Which conflicts are listed, and in which order.

Responsible for the filters and for what passes them. Must not know how a conflict is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.agreement.state import STATE, WHO, first_page
from skillrouter_core.records.agreement import Conflict

OPEN, MILD, SETTLED, ALL = STATES = ("to settle", "mild", "settled", "all")
STATE_HELP = (
    "To settle: grades that differ by more than one, or of which one says useful and another does "
    "not. Mild: the rest, where the lower of two neighbours counts unless somebody settles."
)


def conflict_filters(conflicts: Sequence[Conflict]) -> None:
    """Draw the filters."""
    names = sorted({one.annotator for each in conflicts for one in each.verdicts})
    with st.container(horizontal=True, gap="small"):
        st.selectbox(
            "State",
            STATES,
            key=STATE,
            bind="query-params",
            help=STATE_HELP,
            on_change=first_page,
        )
        if st.session_state.get(WHO) not in {None, *names}:
            st.session_state[WHO] = None
        st.selectbox(
            "Person",
            names,
            index=None,
            placeholder="everybody",
            key=WHO,
            bind="query-params",
            on_change=first_page,
        )


def filtered(conflicts: Sequence[Conflict]) -> list[Conflict]:
    """Return the conflicts that pass the filters, the worst first."""
    state = st.session_state.get(STATE) or OPEN
    who = st.session_state.get(WHO)
    found = of_state(conflicts, state)
    return [one for one in found if not who or any(who == each.annotator for each in one.verdicts)]


def of_state(conflicts: Sequence[Conflict], state: str) -> list[Conflict]:
    """Return the conflicts in one of `STATES`."""
    return [one for one in conflicts if state == ALL or _state(one) == state]


def _state(one: Conflict) -> str:
    if one.settlement is not None:
        return SETTLED
    return OPEN if one.serious else MILD
