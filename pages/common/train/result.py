"""What a model does better or worse than the one before it, its card, and how to take it along.

Responsible for drawing what the registry keeps of a model. Must not know how it is measured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.job_progress import running_job, start_job
from pages.common.safe_text import escape, one_line
from pages.common.skill_text import draw_body
from pages.common.train.in_use import SHIPPED
from pages.common.train.words import called, verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.registry import ModelInfo

MEASURE = "measure"
"""The kind of job that asks held-out queries with and without a model."""
COLUMNS = (
    Column("Figure"),
    Column("Before [95%]", "24%", True),
    Column("After [95%]", "24%", True),
    Column("Change [95%]", "24%", True),
)


def result_view(ws: Workspace, model: ModelInfo) -> None:
    """Draw the figures before and after, or the way to them."""
    if model.name == SHIPPED:
        st.caption(
            "The models that come with the program: what every trained one is measured against."
        )
        return
    rows = model.metrics.get("rows") or []
    if rows:
        st.markdown(_asked(model))
        focus_table(
            COLUMNS,
            [tuple(one_line(str(row[key])) for key in _KEYS) for row in rows],
            None,
            "result",
            label="Figures before and after",
        )
        _evaluations(model)
    _measure(ws, model.name, again=bool(rows))
    st.caption("To take it along as folders that plain transformers loads:")
    st.code(f"skillrouter models export {model.name} FOLDER", language=None)


_KEYS = ("name", "before", "after", "change")


def _asked(model: ModelInfo) -> str:
    metrics = model.metrics
    return (
        f"**{escape(verdict(metrics))}** :small[:gray[against {called(metrics.get('before', ''))}, "
        f"on {metrics.get('tasks', 0):,} queries of {escape(str(metrics.get('benchmark', '')))}, "
        f"over {metrics.get('pool', 0):,} skills; 95% bootstrap intervals]]"
    )


def _evaluations(model: ModelInfo) -> None:
    """Draw the way to the evaluations that the figures are of: every query, what changed."""
    ids = {"run": model.metrics.get("after_id"), "against": model.metrics.get("before_id")}
    if all(ids.values()):
        st.page_link(
            "evaluate.py",
            label="Every query, fixed and spoiled",
            query_params={name: str(one) for name, one in ids.items()},
            icon=":material/compare_arrows:",
        )


def _measure(ws: Workspace, name: str, *, again: bool) -> None:
    busy = running_job(ws) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Measure again" if again else "Measure",
            key="measure",
            type="secondary" if again else "primary",
            icon=":material/straighten:",
            shortcut="Alt+M",
            disabled=busy,
            help="One job at a time." if busy else None,
        )
        if not again:
            st.caption(
                "Asks the held-out queries with the models in use and with this one. The "
                "demo's and a benchmark's queries are asked on the page Evaluate.",
                width="stretch",
            )
    if pressed and start_job(ws, MEASURE, name=name, source="labels"):
        st.rerun()


def card(ws: Workspace, name: str) -> None:
    """Draw a model's card."""
    draw_body(ws.registry.card(name))
