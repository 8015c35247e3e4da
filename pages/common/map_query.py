"""A query on the map: where it lies, which skills answer it, and why one stole it from another.

Responsible for asking the router and for the list beside the drawing. Must not know how a
route is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from pages.common.answers import answer
from pages.common.map_ready import PROFILE
from pages.common.map_state import QUERY
from pages.common.route_answer import verdict
from pages.common.safe_text import breakable, escape, one_line
from pages.common.scores import moved
from pages.common.warmup import Warmup
from skillrouter_core.records import Route, RouteOptions
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

HITS = 20
NAME_CHARS = 48
_HEAD = ("| Final | Stage 1 | | Skill |", "|--:|--:|:--|:--|")


@dataclass(frozen=True, slots=True)
class Hit:
    """A skill that answers: its row (-1: not on the map), final place and stage 1's."""

    row: int
    skill_id: str
    name: str
    rank: int
    stage1: int
    expected: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """A routed query with its place on the map; `waiting` is the loading it did not wait for."""

    route: Route
    place: tuple[float, float] | None
    hits: tuple[Hit, ...]
    waiting: Warmup | None = None


def query_box() -> None:
    """Draw the box for a query."""
    st.text_input(
        "Query on the map",
        key=QUERY,
        bind="query-params",
        placeholder="What should the agent do?",
        help="Draws the query, lines to the first 20 skills, their final and stage-1 places.",
    )


def asked(ws: Workspace, made: CatalogMap) -> Asked | None:
    """Return the routed query of the box, None while it is empty; raises what routing raises."""
    text = (st.session_state.get(QUERY) or "").strip()
    if not text:
        return None
    found = answer(ws, text, RouteOptions(top=HITS, candidates=HITS, profile=PROFILE))
    hits = _hits(ws, found.route)
    rows = [hit.row for hit in hits if hit.row >= 0]
    if ws.routing.ready(PROFILE):
        place: tuple[float, float] | None = ws.map.place(text, PROFILE)
    else:
        # Without the encoder the query's own place is not known; its answers' middle is.
        place = tuple(np.median(made.xy[rows], axis=0).tolist()) if rows else None
    return Asked(found.route, place, hits, found.waiting)


def overlay(query: Asked | None) -> dict[str, Any] | None:
    """Return a query as `static/map/map.js` reads it."""
    if query is None or query.place is None:
        return None
    drawn = [hit for hit in query.hits if hit.row >= 0]
    hits = [[hit.row, hit.rank, hit.stage1, int(hit.expected)] for hit in drawn]
    return {"x": query.place[0], "y": query.place[1], "hits": hits}


def query_answer(query: Asked) -> None:
    """Draw the answer in a sentence, and the two orders beside each other."""
    verdict(query.route)
    _expected(query)
    lines = [*_HEAD, *(_line(hit) for hit in query.hits)]
    with st.expander(f"The first {len(query.hits)} in their final order", expanded=False):
        st.markdown("\n".join(lines))
        missing = sum(hit.row < 0 for hit in query.hits)
        if missing:
            st.caption(f"{missing} of them are not on the map yet; update it.")


def _hits(ws: Workspace, route: Route) -> tuple[Hit, ...]:
    skills = [each.skill for each in route.candidates]
    names = {skill.skill_id: skill.name for skill in skills}
    names |= {twin.skill_id: twin.name for each in route.candidates for twin in each.folded}
    first = {skill_id: place for place, skill_id in enumerate(route.stage1_ranking, start=1)}
    ids = route.ranking[:HITS]
    expected = _expected_ids(ws, route.query)
    rows = ws.map.rows(ids, PROFILE).tolist()
    return tuple(
        Hit(row, one, names.get(one, one), rank, first[one], one in expected)
        for rank, (one, row) in enumerate(zip(ids, rows, strict=True), start=1)
    )


def _expected_ids(ws: Workspace, text: str) -> set[str]:
    saved = [query for query in ws.labels.queries() if query.text == text]
    return {one for query in saved for one in query.expected}


def _expected(query: Asked) -> None:
    """Say where the skill stands that the saved query expects."""
    for hit in query.hits:
        if not hit.expected:
            continue
        thief = "" if hit.rank == 1 else f" behind **{_short(query.hits[0].name)}**"
        st.markdown(
            f":green[:material/flag:] Expected: **{_short(hit.name)}**, place {hit.rank}{thief}; "
            f"stage 1 had it in place {hit.stage1}."
        )


def _line(hit: Hit) -> str:
    name = f"**{_short(hit.name)}**" if hit.rank == 1 else _short(hit.name)
    flag = " :green[:material/flag:]" if hit.expected else ""
    return f"|{hit.rank}|{hit.stage1}|{moved(hit.stage1 - hit.rank)}|{name}{flag}|"


def _short(name: str) -> str:
    return escape(breakable(one_line(name, NAME_CHARS)))
