"""A short table of which one row is in focus; a click or Enter asks for another.

Responsible for the component. Texts go to it as data and become text nodes, so whatever a
skill says stays text. Must not know what its rows are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_STATIC = Path(__file__).resolve().parents[1] / "static"
_component = st.components.v2.component(
    "focus_table",
    html='<div class="rows"></div>',
    css=(_STATIC / "rows.css").read_text(encoding="utf-8"),
    js=(_STATIC / "rows.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Column:
    """A column's head; `width` in CSS, empty to share what is left; `tail` keeps texts' ends."""

    name: str
    width: str = ""
    number: bool = False
    help: str = ""
    tail: bool = False


def focus_table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    focus: int | None,
    key: str,
    *,
    label: str,
    on_pick: Callable[[int], None] | None = None,
) -> None:
    """Draw rows with the one at `focus` marked.

    `on_pick` is called with the position of a row asked for, before the page runs again; without
    it the table is there to be read alone.
    """
    data = {
        "columns": [asdict(column) for column in columns],
        "rows": [list(row) for row in rows],
        "focus": focus,
        "label": label,
        "asks": on_pick is not None,
    }
    _component(key=key, data=data, on_picked_change=lambda: _picked(key, len(rows), on_pick))


def _picked(key: str, rows: int, on_pick: Callable[[int], None] | None) -> None:
    at = st.session_state[key].get("picked")
    if on_pick is not None and isinstance(at, int) and 0 <= at < rows:
        on_pick(at)
