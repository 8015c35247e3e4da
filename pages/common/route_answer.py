"""One route as an answer: the verdict, the first stage's order and the final one.

Responsible for drawing a `Route` and nothing else. Must not know how it was made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.candidate_card import candidate_card
from pages.common.safe_text import breakable, escape, one_line
from pages.common.scores import moved, score, times
from pages.common.verdicts import own_judgements
from skillrouter_core.records import Candidate, Route

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

CARDS_AT_FIRST = 10
NAME_CHARS = 60
THRESHOLD = "threshold"
_TABLE_HEAD = ("| # | Skill | Score | BM25 | Cosine | Final |", "|--:|:--|--:|--:|--:|:--|")


def chosen_threshold(route: Route) -> float | None:
    """Draw the slider for the confidence below which "none fits" is said.

    Returns its value, None while it stands at the calibrated one or the route has no confidence.
    """
    if route.confidence is None:
        return None
    calibrated = round(route.threshold, 2)
    chosen = st.slider(
        "None fits below",
        0.0,
        1.0,
        calibrated,
        0.01,
        key=THRESHOLD,
        bind="query-params",
        width=200,
        help="Confidence below which the answer is that no skill fits; nothing is recomputed.",
    )
    return None if chosen == calibrated else chosen


def judged(route: Route, threshold: float | None) -> Route:
    """Return the route judged by another threshold, None by its own."""
    return route if threshold is None else route.with_threshold(threshold)


def verdict(route: Route) -> None:
    """Draw the answer in one sentence, how sure it is, and where the time went."""
    sure = "" if route.confidence is None else f" Confidence {route.confidence:.2f}"
    sure += "" if route.confidence is None else f", threshold {route.threshold:.2f}."
    if not route.candidates:
        sentence = "**None fits.** No skill shares a word or a meaning with the request."
    elif route.none_fits:
        sentence = f"**None fits.** The best, {_best(route)}, is too unsure."
    else:
        sentence = f"**{_best(route)}** would be loaded."
    st.markdown(f"{sentence}{sure} :gray[{times(route.timings)}]")
    for note in route.notes:
        st.markdown(f":orange[:material/info:] {escape(note)}")


def two_stages(ws: Workspace, route: Route) -> None:
    """Draw the first stage's order beside the final one."""
    left, right = st.columns([7, 9], gap="medium")
    with left:
        st.subheader("Stage 1: the candidates", anchor=False)
        first_stage(route)
    with right:
        title = "Stage 2: the final order" if route.options.rerank else "Final order: stage 1's"
        st.subheader(title, anchor=False)
        final_order(ws, route)


def first_stage(route: Route) -> None:
    """Draw the candidates as stage 1 put them, one line each."""
    shown = {each.skill.skill_id: each for each in route.candidates}
    twins = {twin.skill_id: each for each in route.candidates for twin in each.folded}
    names = {twin.skill_id: twin.name for each in route.candidates for twin in each.folded}
    lines = list(_TABLE_HEAD)
    for place, skill_id in enumerate(route.stage1_ranking[: route.options.candidates], start=1):
        if skill_id in shown:
            lines.append(_line(shown[skill_id]))
        elif skill_id in twins:
            lines.append(_folded_line(place, names[skill_id], twins[skill_id].rank))
    st.markdown("\n".join(lines))


def final_order(
    ws: Workspace,
    route: Route,
    *,
    prefix: str = "",
    marks: Mapping[str, str] | None = None,
) -> None:
    """Draw the candidates as cards in final order, the first ones at once.

    `marks` are pieces of Markdown of our own by skill id; `prefix` tells two lists apart.
    """
    saved = own_judgements(ws, route.query)
    shown = _shown(route.candidates, f"{prefix}all")
    for candidate in shown:
        mark = (marks or {}).get(candidate.skill.skill_id, "")
        candidate_card(ws, route.query, candidate, saved, prefix=prefix, mark=mark)
    hidden = len(route.candidates) - CARDS_AT_FIRST
    if hidden > 0:
        st.toggle(f"Show {hidden} more", key=f"{prefix}all", bind="query-params")


def _shown(candidates: Sequence[Candidate], key: str) -> Sequence[Candidate]:
    everything = st.session_state.get(key) or st.query_params.get(key) == "true"
    return candidates if everything else candidates[:CARDS_AT_FIRST]


def _best(route: Route) -> str:
    return escape(one_line(route.candidates[0].skill.name, 80))


def _line(candidate: Candidate) -> str:
    movement = "" if candidate.stage2_score is None else moved(candidate.moved)
    return _row(
        str(candidate.stage1_rank),
        _short(candidate.skill.name),
        score(candidate.stage1_score),
        score(candidate.bm25),
        score(candidate.dense),
        f"{candidate.rank}\u00a0{movement}",
    )


def _folded_line(place: int, name: str, under: int) -> str:
    return _row(str(place), f":gray[{_short(name)}]", "", "", "", f":gray[folded into {under}]")


def _short(name: str) -> str:
    return escape(breakable(one_line(name, NAME_CHARS)))


def _row(*cells: str) -> str:
    return "|".join(["", *(f":small[{cell}]" if cell else "" for cell in cells), ""])
