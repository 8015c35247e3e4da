"""The switches of a route, kept in the address.

Responsible for the widgets of one setting and for the `RouteOptions` they stand for.
A second setting has the same widgets under a prefix. Must not know how a route is made.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from skillrouter_core.records import RouteOptions, Stage1

DEFAULTS = RouteOptions()
MAX_CANDIDATES = 100
"""More candidates than this and stage 2 takes seconds on a CPU."""


def control_keys(prefix: str = "") -> tuple[str, ...]:
    """Return the names of one setting's parameters in the address."""
    return tuple(f"{prefix}{name}" for name in ("stage1", "k", "profile", "rerank", "body"))


def route_controls(profiles: Sequence[str], prefix: str = "", title: str = "") -> RouteOptions:
    """Draw the switches of one setting, for a row, and return what they say.

    `prefix` sets the parameters of a second setting apart in the address, `title` its look.
    """
    stage1 = st.segmented_control(
        f"{title}Stage 1",
        [kind.value for kind in Stage1],
        default=DEFAULTS.stage1.value,
        required=True,
        key=f"{prefix}stage1",
        bind="query-params",
        help="How the candidates are found: by words (BM25), by meaning (dense), or both.",
    )
    candidates = st.number_input(
        "Candidates",
        1,
        MAX_CANDIDATES,
        DEFAULTS.candidates,
        key=f"{prefix}k",
        bind="query-params",
        width=120,
    )
    profile = st.selectbox(
        "Profile", list(profiles), key=f"{prefix}profile", bind="query-params", width=170
    )
    with st.container(width="content", gap="xxsmall"):
        rerank = st.toggle("Rerank", DEFAULTS.rerank, key=f"{prefix}rerank", bind="query-params")
        body = st.toggle("Read bodies", DEFAULTS.body, key=f"{prefix}body", bind="query-params")
    return RouteOptions(
        stage1=Stage1(stage1 or DEFAULTS.stage1),
        rerank=rerank,
        body=body,
        top=candidates,
        candidates=candidates,
        profile=profile or DEFAULTS.profile,
    )


def described(options: RouteOptions) -> str:
    """Return a setting in a few words: "Hybrid, reranked, 20 candidates"."""
    words = [
        options.stage1.value,
        "reranked" if options.rerank else "not reranked",
        *([] if options.body else ["names and descriptions alone"]),
        f"{options.candidates} candidates",
        options.profile,
    ]
    return ", ".join(words)
