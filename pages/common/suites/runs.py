"""Which run is open and which it is held against; the trend and the list of runs.

Responsible for both choices and for the picture of Hit@1 over runs. Must not know the queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.scores import count, when
from pages.common.suites.state import AGAINST, RUN, put, read
from pages.common.suites.words import estimate, index_words, run_words
from skillrouter_core.records.suites import SuiteRun

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.suites import Point

SHOWN = 100
"""Runs that can be chosen, the newest."""

NOTHING = ""
COLUMNS = (
    Column("Run", "3.5rem", True),
    Column("When", "9.6rem"),
    Column("Hit@1 [95%]", "12rem", True, "Share of queries whose first answer is expected"),
    Column("Queries", "4.5rem", True, "Queries of which something is expected"),
    Column("Seconds", "5rem", True),
    Column("Index", "4rem", True, "Number of the index that answered"),
    Column("Why"),
)


def open_pair(ws: Workspace, runs: Sequence[SuiteRun]) -> tuple[SuiteRun, SuiteRun | None]:
    """Return the run in the address and the one it is held against, newest ones by default.

    By default the open run is the newest of an index that was published.
    """
    by_id = {str(run.run_id): run for run in runs}
    version = ws.routing.version(runs[0].profile)
    published = [run for run in runs if not run.held or run.index_version == version]
    chosen = by_id.get(read(RUN)) or (published or runs)[0]
    older = [run for run in (published or runs) if run.run_id < chosen.run_id]
    asked = read(AGAINST)
    other = by_id.get(asked) or (older[0] if older else None)
    return chosen, None if other == chosen else other


def run_choices(
    runs: Sequence[SuiteRun], chosen: SuiteRun, other: SuiteRun | None, place: Any
) -> None:
    """Draw both choices into a container; the address holds the numbers."""
    words = {str(run.run_id): run_words(run) for run in runs}
    fellows = [one for one in words if one != str(chosen.run_id)]
    with place:
        _choice("Run", RUN, list(words), str(chosen.run_id), words)
        if fellows:
            now = fellows[0] if other is None else str(other.run_id)
            _choice("Held against", AGAINST, fellows, now, words)


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
    put(AGAINST, NOTHING)


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
_Y = {"type": "quantitative", "scale": {"domain": [0, 1]}, "title": "Hit@1"}
_SPEC = {
    "description": "Hit@1 of each run with its 95% interval",
    "encoding": {"x": _X},
    "layer": [
        {
            "mark": {"type": "rule"},
            "encoding": {"y": {**_Y, "field": "low"}, "y2": {"field": "high"}},
        },
        {"mark": {"type": "line"}, "encoding": {"y": {**_Y, "field": "hit"}}},
        {
            "mark": {"type": "point", "filled": True, "size": 70},
            "encoding": {
                "y": {**_Y, "field": "hit"},
                "shape": {"field": "index", "type": "nominal", "title": "Index"},
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
