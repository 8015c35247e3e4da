"""Two skills side by side, the words that differ marked.

Responsible for the component that draws a comparison. Texts go to it as data and become
text nodes, so whatever a skill says stays text. Must not know how texts are compared.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.safe_text import escape
from skillrouter_core.records import Skill, Span

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_lanes import DiffLine, TextDiff

_STATIC = Path(__file__).resolve().parents[1] / "static"
_component = st.components.v2.component(
    "skill_differences",
    html='<div class="diff"></div>',
    css=(_STATIC / "diff.css").read_text(encoding="utf-8"),
    js=(_STATIC / "diff.js").read_text(encoding="utf-8"),
)


def differences(left: Skill, right: Skill) -> None:
    """Draw two skills with the words of each that the other does not have marked."""
    found = _compared(left.content_hash, right.content_hash, left, right)
    same = [part for part, diff in found.items() if diff.identical]
    if len(same) == len(found):
        st.caption("Both say exactly the same: name, description and body.")
    elif same:
        st.caption(f"The same in both: {' and '.join(same)}.")
    for part, diff in found.items():
        if diff.cut:
            st.caption(f":orange[{part}: {escape(diff.cut)}]")
    sections = [
        {"title": part, "lines": _rows(diff.lines)}
        for part, diff in found.items()
        if part == "body" or not diff.identical
    ]
    _component(
        key="differences",
        data={"left": left.skill_id, "right": right.skill_id, "sections": sections},
    )


@st.cache_data(show_spinner=False, max_entries=64)
def _compared(left: str, right: str, _left: Skill, _right: Skill) -> dict[str, TextDiff]:
    """Compare two texts, known by their hashes, once."""
    from skillrouter_core.workspace.duplicate_lanes import differences

    del left, right
    return differences(_left, _right)


def _rows(lines: Sequence[DiffLine]) -> list[dict[str, Any]]:
    """Return rows for the component; lines that only one side has share rows with the other's."""
    rows: list[dict[str, Any]] = []
    for alone, run in itertools.groupby(lines, lambda line: line.kind.value.endswith("only")):
        if not alone:
            rows += map(_row, run)
            continue
        mixed = list(run)
        left = [_pieces(line.left, line.left_spans) for line in mixed if line.left_number]
        right = [_pieces(line.right, line.right_spans) for line in mixed if line.right_number]
        rows += (
            {"same": False, "left": one, "right": other}
            for one, other in itertools.zip_longest(left, right)
        )
    return rows


def _row(line: DiffLine) -> dict[str, Any]:
    """Return a line that both sides have."""
    return {
        "same": line.kind.value == "same",
        "left": _pieces(line.left, line.left_spans),
        "right": _pieces(line.right, line.right_spans),
    }


def _pieces(text: str, spans: Sequence[Span]) -> list[tuple[str, bool]]:
    """Return a line cut where a mark begins or ends, each piece with whether it is marked."""
    pieces, at = [], 0
    for span in spans:
        pieces += [(text[at : span.start], False), (text[span.start : span.end], True)]
        at = span.end
    pieces.append((text[at:], False))
    return [piece for piece in pieces if piece[0]]
