"""The figures of an evaluation in parts: by number of right skills, by style, by cluster.

Responsible for cutting and for the table of parts. Must not know how a figure is computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate.state import BY
from pages.common.evaluate.words import HELP, P_VALUE, difference, interval, p_value
from pages.common.safe_text import one_line
from skillrouter_core.records.evaluations import EvaluatedTask, Evaluation
from skillrouter_core.workspace.evaluation_views import (
    Comparison,
    Part,
    compare_parts,
    part_of,
    parts,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SINGLE, STYLE, CLUSTER = KEYS = ("single or multi", "style", "cluster")
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


def cut(ws: Workspace, after: Evaluation, before: Evaluation | None) -> None:
    """Draw how an evaluation is cut, the figures of its parts, and how each of them changed."""
    by = st.segmented_control(
        "Cut by", KEYS, default=SINGLE, required=True, key=BY, bind="query-params"
    )
    clusters = ws.evaluation.clusters() if by == CLUSTER else {}
    if by == CLUSTER and not clusters:
        st.caption("There is no map to take clusters from. Draw it on the page Map.")
        st.page_link("map.py", label="Map", icon=":material/scatter_plot:")
        return
    token = ws.map.version() if by == CLUSTER else ""
    found = parted(after, by or SINGLE, token, clusters)[1:]
    if before is None:
        _figures_table(found[:PARTS])
    else:
        changes = _changed(before, after, by or SINGLE, token, clusters)
        _changes_table(found[:PARTS], changes)
    if len(found) > PARTS:
        st.caption(f"The {PARTS} largest of {len(found)} parts.")


def _figures_table(found: Sequence[Part]) -> None:
    columns = [Column("Part"), Column("Queries", "4.5rem", True)]
    columns += [Column(head, width, True, HELP.get(name, name)) for name, head, width in SHOWN]
    rows = [
        [*_named(part), *(f"{part.figures[name].mean:.3f}" for name, _, _ in SHOWN[1:])]
        for part in found
    ]
    focus_table(columns, rows, None, "parts", label="Figures by part")


def _changes_table(found: Sequence[Part], changes: Mapping[str, Comparison]) -> None:
    columns = [
        Column("Part"),
        Column("Queries", "4.5rem", True),
        Column("Before", "4rem", True, HELP["Hit@1"]),
        Column("Hit@1", "4rem", True, HELP["Hit@1"]),
        Column("Change [95%]", "12.5rem", True, "Of Hit@1, over the same queries"),
        Column("p", "3.7rem", True, P_VALUE),
    ]
    rows = []
    for part in found:
        change = changes[part.name].differences["Hit@1"]
        now = part.figures["Hit@1"].mean
        means = (f"{now - change.difference:.3f}", f"{now:.3f}")
        rows.append([*_named(part)[:2], *means, difference(change), p_value(change)])
    focus_table(columns, rows, None, "parts", label="Figures by part")


def _named(part: Part) -> tuple[str, str, str]:
    return one_line(part.name, 60), f"{part.tasks:,}", interval(part.figures["Hit@1"])


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
    return parts(made.tasks, _key(by, _clusters or {}))


@st.cache_data(max_entries=16, show_spinner=False, hash_funcs={Evaluation: lambda one: one.info})
def _changed(
    before: Evaluation, after: Evaluation, by: str, token: str, _clusters: dict[str, str]
) -> dict[str, Comparison]:
    del token
    return compare_parts(before, after, _key(by, _clusters))


def _key(by: str, clusters: Mapping[str, str]) -> Callable[[EvaluatedTask], str]:
    def cluster(task: EvaluatedTask) -> str:
        found = {clusters.get(digest, "not on the map") for digest in task.right_hashes}
        return found.pop() if len(found) == 1 else "several clusters"

    keys: dict[str, Callable[[EvaluatedTask], str]] = {
        SINGLE: lambda task: task.stratum,
        STYLE: lambda task: task.style or "no style given",
        CLUSTER: cluster,
    }
    return keys[by]
