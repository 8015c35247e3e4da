"""Whose runs are shown: those of one profile.

Responsible for the choice, and for drawing none where there is nothing to choose. Must not know
what a run holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.suites.state import PROFILE, forget_runs
from skillrouter_core.records import RouteOptions

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


def profile_choice(ws: Workspace) -> str:
    """Draw a choice among the profiles that have runs and the usual one; return what it says."""
    usual = RouteOptions().profile
    found = tuple(dict.fromkeys((usual, *ws.suites.profiles())))
    if len(found) == 1:
        return usual
    chosen = st.selectbox(
        "Profile",
        found,
        key=PROFILE,
        bind="query-params",
        on_change=forget_runs,
        width=220,
        help="The models that answered; a suite's runs compare within one profile.",
    )
    return chosen or usual
