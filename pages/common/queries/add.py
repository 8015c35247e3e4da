"""Bringing requests in: one typed, a file, a benchmark.

Responsible for choosing the way and for what all ways share: the set, the name of who adds. Must
not know how a file is read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.queries.benchmark import benchmark_form
from pages.common.queries.state import ADD
from pages.common.queries.typed import typed_form
from pages.common.queries.upload import upload_form

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

WAYS = {
    "type": "One request, as an agent would get it. The Route page can save one too.",
    "file": (
        "A CSV or JSON lines file: one request a row, with the skills that should answer it if "
        "you know them. A file of graded pairs (query, skill_id, grade) brings its grades along."
    ),
    "benchmark": (
        "The tasks of a benchmark in the Eval-Core layout (tasks.jsonl and relevance.json), with "
        "their right skills, held out from training."
    ),
}


def add_form(ws: Workspace) -> None:
    """Draw the ways to add requests; the chosen one is in the address."""
    way = st.segmented_control(
        "Way to add", list(WAYS), default="type", required=True, key=ADD, bind="query-params"
    )
    st.caption(WAYS[way or "type"])
    if way == "file":
        upload_form(ws)
    elif way == "benchmark":
        benchmark_form(ws)
    else:
        typed_form(ws)
