"""Routes made for a session, remembered while they are true.

Responsible for asking the workspace once per query, setting and state of the index, and
for answering by BM25 alone while models load. Must not know how an answer is drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.warmup import Warmup, warmup
from skillrouter_core.records import Route, RouteOptions, Stage1

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

_REMEMBERED = "routes"
MAX_REMEMBERED = 24
"""Routes kept per session; the oldest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A route, and the loading of models it did not wait for (None: it is the full answer)."""

    route: Route
    waiting: Warmup | None = None


def needs_models(options: RouteOptions) -> bool:
    """Whether a setting cannot be answered by BM25 alone."""
    return options.rerank or options.stage1 is not Stage1.BM25


def answer(ws: Workspace, query: str, options: RouteOptions) -> Answer:
    """Route a query; raises what routing raises.

    While the profile's models load, the answer is BM25's and says what it waits for.
    """
    if not needs_models(options) or ws.routing.ready(options.profile):
        return Answer(_remembered(ws, query, options))
    loading = warm(ws, options.profile)
    if loading.ready:
        return Answer(_remembered(ws, query, options))
    plain = replace(options, stage1=Stage1.BM25, rerank=False)
    return Answer(_remembered(ws, query, plain), loading)


def warm(ws: Workspace, profile: str) -> Warmup:
    """Return the attempt to load a profile's models; the page begins it once it is drawn."""
    return warmup(str(ws.home), profile, lambda: ws.routing.warm(profile))


def _remembered(ws: Workspace, query: str, options: RouteOptions) -> Route:
    routes: dict[tuple[str, RouteOptions, str], Route]
    routes = st.session_state.setdefault(_REMEMBERED, {})
    held = ws.indexing.held(options.profile)
    version = ws.routing.version(options.profile)
    state = f"{version} {ws.catalogs.fingerprint()} {held is not None}"
    key = (query, options, state)
    if key not in routes:
        with st.spinner("Routing…", show_time=True):
            routes[key] = ws.routing.route(query, options)
        while len(routes) > MAX_REMEMBERED:
            del routes[next(iter(routes))]
    return routes[key]
