"""Hit@1 of a suite over its runs, as a picture and as a list.

Responsible for drawing both. Must not know how a figure is computed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.scores import count, when
from pages.common.suites.state import AGAINST, RUN, put
from pages.common.suites.words import estimate, index_words
from skillrouter_core.records.suites import SuiteRun

if TYPE_CHECKING:
    from skillrouter_core.workspace.suites import Point

COLUMNS = (
    Column("Run", "3.5rem", True),
    Column("When", "9.6rem"),
    Column("Hit@1 [95%]", "12rem", True, "Share of queries whose first answer is expected"),
    Column("Queries", "4.5rem", True, "Queries of which something is expected"),
    Column("Seconds", "5rem", True),
    Column("Index", "4rem", True, "Number of the index that answered"),
    Column("Why"),
)


def trend(points: Sequence[Point], chosen: SuiteRun) -> None:
    """Draw Hit@1 over the runs with intervals, and the runs as a list; a row opens its run."""
    st.markdown(f"**Hit@1 over {count(len(points), 'run')}**, judged by what is expected today")
    judged = [point for point in points if point.hit is not None]
    if len(judged) > 1:
        st.vega_lite_chart([_mark(point) for point in judged], _SPEC, height=260)
    newest = list(points)[::-1]
    ids = [point.run.run_id for point in newest]
    focus_table(
        COLUMNS,
        [_row(point) for point in newest],
        ids.index(chosen.run_id) if chosen.run_id in ids else None,
        "runs",
        label="Runs of the suite, newest first; a row asked for opens its run",
        on_pick=lambda at: _open(ids[at]),
    )


def _open(run_id: int) -> None:
    put(RUN, str(run_id))
    put(AGAINST, "")


def _row(point: Point) -> tuple[str, ...]:
    run = point.run
    why = f"{run.note or 'asked for'}{', before its index was published' if run.held else ''}"
    return (
        str(run.run_id),
        when(run.created_at),
        estimate(point.hit),
        f"{point.judged:,}",
        f"{run.seconds:,.1f}",
        index_words(run),
        why,
    )


def _mark(point: Point) -> dict[str, Any]:
    hit = point.hit
    return {
        "run": point.run.run_id,
        "when": when(point.run.created_at),
        "hit": None if hit is None else hit.value,
        "low": None if hit is None else hit.low,
        "high": None if hit is None else hit.high,
        "queries": point.judged,
        "index": "held back" if point.run.held else "published",
    }


_X = {"field": "run", "type": "ordinal", "title": "Run", "axis": {"labelAngle": 0}}
_Y = {"type": "quantitative", "scale": {"zero": False}, "title": "Hit@1"}
_SPEC = {
    "description": "Hit@1 of each run with its 95% interval",
    "encoding": {"x": _X},
    "layer": [
        {
            "mark": {"type": "rule", "color": "#8a94a0", "strokeWidth": 2},
            "encoding": {"y": {**_Y, "field": "low"}, "y2": {"field": "high"}},
        },
        {"mark": {"type": "line"}, "encoding": {"y": {**_Y, "field": "hit"}}},
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {
                "y": {**_Y, "field": "hit"},
                "shape": {"field": "index", "type": "nominal", "legend": None},
                "tooltip": [
                    {"field": name, "format": ".3f"}
                    if name in ("hit", "low", "high")
                    else {"field": name}
                    for name in ("run", "when", "hit", "low", "high", "queries", "index")
                ],
            },
        },
    ],
}
