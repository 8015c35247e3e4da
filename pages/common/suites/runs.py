"""Which run is open and which it is held against.

Responsible for both choices. Must not know what is drawn of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.suites.state import AGAINST, RUN, put, read
from pages.common.suites.words import run_words
from skillrouter_core.records.suites import SuiteRun

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NOTHING = "nothing"
SHOWN = 100
"""Runs that can be chosen, the newest."""


def open_pair(ws: Workspace, runs: Sequence[SuiteRun]) -> tuple[SuiteRun, SuiteRun | None]:
    """Return the run in the address and the one it is compared with, newest ones by default.

    By default the open run is the newest of an index that was published.
    """
    by_id = {str(run.run_id): run for run in runs}
    version = ws.routing.version(runs[0].profile)
    published = [run for run in runs if not run.held or run.index_version == version]
    chosen = by_id.get(read(RUN)) or (published or runs)[0]
    asked = read(AGAINST)
    older = [run for run in (published or runs) if run.run_id < chosen.run_id]
    default = older[0] if older and asked != NOTHING else None
    other = by_id.get(asked, default)
    return chosen, None if other == chosen else other


def run_choices(
    runs: Sequence[SuiteRun], chosen: SuiteRun, other: SuiteRun | None, place: Any
) -> None:
    """Draw both choices into a container; the address holds the numbers."""
    words = {str(run.run_id): run_words(run) for run in runs} | {NOTHING: NOTHING}
    fellows = [one for one in words if one != str(chosen.run_id)]
    now = NOTHING if other is None else str(other.run_id)
    with place:
        _choice("Run", RUN, [one for one in words if one != NOTHING], str(chosen.run_id), words)
        _choice("Compared with", AGAINST, fellows, now, words)


def _choice(
    label: str, name: str, options: Sequence[str], now: str, words: Mapping[str, str]
) -> None:
    key = f"choice of {name}"
    st.session_state[key] = now
    st.selectbox(
        label,
        options,
        key=key,
        format_func=lambda one: words.get(one, one),
        on_change=lambda: put(name, st.session_state[key]),
        width=330,
    )
