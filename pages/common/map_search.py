"""Finding skills on the map, by words or by meaning, without hiding the others.

Responsible for the two widgets and the rows they find. Must not know how they are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from pages.common.answers import warm
from pages.common.map_ready import PROFILE
from pages.common.map_state import BY, FIND, first_page
from pages.common.scores import count
from pages.common.warmup import Warmup

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

WORDS, MEANING = "words", "meaning"
MEANT = 100
"""So many skills are found by meaning: there is no bound below which a meaning does not match."""


@dataclass(frozen=True, slots=True)
class Found:
    """The rows a search found, best first, and the loading it waits for, if any."""

    text: str
    rows: NDArray[np.int64]
    waiting: Warmup | None = None


def search_box() -> None:
    """Draw the box and the switch between words and meaning."""
    st.text_input(
        "Find on the map",
        key=FIND,
        bind="query-params",
        type="search",
        live="300ms",
        placeholder="a word, or what you need",
        on_change=first_page,
        help=f"Words occur in name, description or id. By meaning, the {MEANT} nearest are found.",
    )
    st.segmented_control(
        "By",
        (WORDS, MEANING),
        default=WORDS,
        required=True,
        key=BY,
        bind="query-params",
        on_change=first_page,
    )


def found(ws: Workspace) -> Found | None:
    """Return what the box asks for, None while it is empty; raises what the search raises."""
    text = (st.session_state.get(FIND) or "").strip()
    if not text:
        return None
    if st.session_state.get(BY) != MEANING:
        return Found(text, ws.map.matching(text, PROFILE).rows)
    if not ws.routing.ready(PROFILE):
        loading = warm(ws, PROFILE)
        if not loading.ready:
            return Found(text, np.zeros(0, dtype=np.int64), loading)
    return Found(text, ws.map.meaning(text, MEANT, PROFILE).rows)


def found_words(search: Found) -> str:
    """Return in words what a search found."""
    if search.waiting:
        return "the model that reads meanings is loading"
    if st.session_state.get(BY) == MEANING:
        return f"{count(len(search.rows), 'skill')} nearest by meaning"
    return f"{count(len(search.rows), 'skill')} with these words"
