"""The figures of an evaluation in parts: by number of right skills, by style, by cluster.

Responsible for cutting and for the table of parts. Must not know how a figure is computed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import one_line
from skillrouter_core.records.evaluations import EvaluatedTask, Evaluation
from skillrouter_core.workspace.evaluation_views import Figure, Part, part_of, parts

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

BY = "by"
SINGLE, STYLE, CLUSTER = KEYS = ("single or multi", "style", "cluster")
HELP = {
    "Hit@1": "Share of queries whose first answer is right.",
    "Hit@1, copies allowed": "The same, a near-copy of the right skill counted as right: body "
    "Jaccard above 0.6 or cosine above 0.92.",
    "Stage-1 Hit@1": "What stage 1 alone would have answered right.",
    "Recall@20": "Share of the right skills among the 20 candidates: what stage 2 can find.",
}
SHOWN = (
    ("Hit@1", "Hit@1 [95%]", "11rem"),
    ("Hit@1, copies allowed", "Copies", "4.6rem"),
    ("MRR@10", "MRR@10", "5rem"),
    ("Recall@20", "R@20", "4.4rem"),
    ("FullCoverage@10", "Full@10", "5rem"),
)
"""Figures of a part: name, head of the column, its width."""
PARTS = 15
"""Parts shown of a cut; the smallest are left out, and a line says so."""


def cut(ws: Workspace, after: Evaluation) -> None:
    """Draw how an evaluation is cut, and the figures of its parts."""
    by = st.segmented_control(
        "Cut by", KEYS, default=SINGLE, required=True, key=BY, bind="query-params"
    )
    clusters = ws.evaluation.clusters() if by == CLUSTER else {}
    if by == CLUSTER and not clusters:
        st.caption("There is no map to take clusters from. Draw it on the page Map.")
        return
    token = ws.map.version() if by == CLUSTER else ""
    found = parted(after, by or SINGLE, token, clusters)[1:]
    columns = [Column("Part"), Column("Queries", "4.5rem", True)]
    columns += [Column(head, width, True, HELP.get(name, name)) for name, head, width in SHOWN]
    rows = [
        [
            one_line(part.name, 60),
            f"{part.tasks:,}",
            interval(part.figures["Hit@1"]),
            *(f"{part.figures[name].mean:.3f}" for name, _, _ in SHOWN[1:]),
        ]
        for part in found[:PARTS]
    ]
    focus_table(columns, rows, None, "parts", label="Figures by part")
    if len(found) > PARTS:
        st.caption(f"The {PARTS} largest of {len(found)} parts.")


def interval(figure: Figure) -> str:
    """Return a mean with its interval."""
    return f"{figure.mean:.3f} [{figure.low:.3f}, {figure.high:.3f}]"


@st.cache_data(max_entries=64, show_spinner=False, hash_funcs={Evaluation: lambda one: one.info})
def parted(
    made: Evaluation, by: str, token: str = "", _clusters: dict[str, str] | None = None
) -> tuple[Part, ...]:
    """Return all queries as a part, then the parts of a cut; 10,000 resamples a figure take long.

    `token` stands for the map that clusters come from.
    """
    del token
    if not by:
        return (part_of("all", made.tasks),)
    names = _clusters or {}

    def cluster(task: EvaluatedTask) -> str:
        found = {names.get(digest, "not on the map") for digest in task.right_hashes}
        return found.pop() if len(found) == 1 else "several clusters"

    key = {
        SINGLE: lambda task: task.stratum,
        STYLE: lambda task: task.style or "no style given",
        CLUSTER: cluster,
    }[by]
    return parts(made.tasks, key)
