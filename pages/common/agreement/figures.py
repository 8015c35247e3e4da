"""A table of figures in which a cell may carry a bar or an interval.

Responsible for the component. Texts go to it as data and become text nodes, so whatever a name
says stays text. Must not know what its rows are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_STATIC = Path(__file__).resolve().parents[2] / "static" / "agreement"
_component = st.components.v2.component(
    "figure_table",
    html='<div class="figures"></div>',
    css=(_STATIC / "figures.css").read_text(encoding="utf-8"),
    js=(_STATIC / "figures.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A column's head; `width` in CSS, empty to share what is left.

    Of a column of bars, `text` is the least width of the words beside them (so that the bars of
    all rows end alike) and `ticks` are places on the track, 0 to 1, that mean something.
    """

    name: str
    width: str = ""
    number: bool = False
    help: str = ""
    text: str = "0"
    ticks: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Bar:
    """A cell: words beside a track from 0 to 1 on which `start` to `end` is filled.

    `end` None fills nothing; `at` puts a mark.
    """

    text: str
    end: float | None
    start: float = 0.0
    at: float | None = None


def figure_table(
    columns: Sequence[Figure], rows: Sequence[Sequence[str | Bar]], key: str, *, label: str
) -> None:
    """Draw rows of figures; `label` names the table to those who hear it."""
    cells = [[one if isinstance(one, str) else asdict(one) for one in row] for row in rows]
    data = {"columns": [asdict(one) for one in columns], "rows": cells, "label": label}
    _component(key=key, data=data)
