"""The view of the map page, held in the address.

Responsible for the names of its parameters and for what a click on the map or in a list
changes. The place and zoom are the component's own parameter, `view`. Must not know how
anything is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from pages.common.map_arrays import polygon_of, polygon_text
from pages.common.map_component import drawn_polygon, picked_row

COLOUR, FIND, BY, QUERY, LEVEL, SPACE, SORT, DOWN, PAGE = (
    "colour",
    "find",
    "by",
    "q",
    "level",
    "3d",
    "sort",
    "down",
    "page",
)
WITHIN, SKILL = "within", "skill"
"""Not widgets: the selection's polygon, and the id of the skill picked on the map."""

WIDGETS = (COLOUR, FIND, BY, QUERY, LEVEL, SPACE, SORT, DOWN, PAGE)
VIEW = (*WIDGETS, WITHIN, SKILL)
_FLIGHT = "flight over the map"
_PICKED = "row picked on the map"

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Flight:
    """A box of the map to look at next; `key` tells one flight from another."""

    key: str
    box: Box


def note_drawn() -> None:
    """Take the polygon that was drawn, or lifted, into the address; call it back from the map."""
    polygon = drawn_polygon()
    if polygon is not None:
        select(polygon_text(polygon))


def note_picked() -> None:
    """Remember the row that was clicked until `picked` names its skill; call it from the map."""
    st.session_state[_PICKED] = picked_row()


def select(polygon: str) -> None:
    """Make a polygon, as the address holds it, the selection; an empty one lifts it."""
    _write(WITHIN, polygon)
    first_page()


def selection() -> list[int]:
    """Return the selection's polygon, empty where there is none."""
    return polygon_of(_read(WITHIN))


def picked(ids: Sequence[str]) -> str:
    """Return the id of the skill picked on the map whose rows are `ids`; empty without one.

    A row that was clicked becomes its skill's id: rows change with the map, an address stays.
    """
    row = st.session_state.pop(_PICKED, None)
    if isinstance(row, int):
        _write(SKILL, ids[row] if 0 <= row < len(ids) else "")
    return _read(SKILL)


def unpick() -> None:
    """Forget the picked skill."""
    _write(SKILL, "")


def fly_to(box: Box) -> None:
    """Let the map show a box of its plane."""
    number = st.session_state.get(_FLIGHT, Flight("0", box)).key
    st.session_state[_FLIGHT] = Flight(str(int(number) + 1), box)


def flight() -> Flight | None:
    """Return the last flight asked for in this session."""
    return st.session_state.get(_FLIGHT)


def first_page() -> None:
    """Go to the first page of the table, as every change of what it holds does."""
    st.session_state[PAGE] = 1


def remember() -> None:
    """Leave what is no widget where `kept_view` finds it; call it at the end of a page."""
    for name in (WITHIN, SKILL):
        st.session_state[name] = st.query_params.get(name, "")


def forget() -> None:
    """Take it away again once `kept_view` has it.

    What stands there at the start of a run then comes from `kept_view`, after Back from another
    page. Back on this page empties the address alone, and that lifts the selection.
    """
    for name in (WITHIN, SKILL):
        st.session_state.pop(name, None)


def _write(name: str, value: str) -> None:
    st.session_state.pop(name, None)
    if value:
        st.query_params[name] = value
    elif name in st.query_params:
        del st.query_params[name]


def _read(name: str) -> str:
    value = st.query_params.get(name, "")
    if not value and st.session_state.get(name):
        value = st.query_params[name] = st.session_state[name]
    return value
