"""Fields that every way to add requests has.

Responsible for the set and the side. Must not know what is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.queries.state import chosen_set

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

FIRST_SET = "default"


def set_field(ws: Workspace, key: str, proposed: str = "") -> str:
    """Draw the choice of a set, a new one by typing its name; return the name.

    Proposed is the set of the file, else the one that the list shows.
    """
    names = list(ws.labels.suites())
    first = proposed or chosen_set() or (names[0] if names else FIRST_SET)
    options = names if first in names else [first, *names]
    chosen = st.selectbox(
        "Into the set",
        options,
        index=options.index(first),
        accept_new_options=True,
        key=key,
        width=260,
        help="Type a new name to begin a set.",
    )
    return (chosen or "").strip()


def held_out_field(key: str) -> bool:
    """Draw the switch that declares requests held out; return whether it is on."""
    return st.toggle(
        "Hold out from training",
        key=key,
        help="Otherwise each request's text decides: one in five is held out. A held-out request "
        "never goes back to training.",
    )
