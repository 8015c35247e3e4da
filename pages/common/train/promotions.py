"""Who let which model answer, and when.

Responsible for the list. Must not know what promoting does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import one_line
from pages.common.scores import when
from pages.common.train.in_use import SHIPPED
from pages.common.train.state import open_run

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SHOWN = 50
COLUMNS = (
    Column("When", "9.6rem"),
    Column("Profile", "10rem"),
    Column("Answers since"),
    Column("Before"),
    Column("By", "12rem"),
)


def promotions(ws: Workspace) -> None:
    """Draw the history, newest first; a row asked for opens its model."""
    history = ws.registry.history()[::-1]
    if not history:
        st.info(
            "Nothing was promoted yet: the shipped models answer. Train, measure the run, and "
            "promote it from the list of runs.",
            icon=":material/lightbulb:",
        )
        return
    rows = [
        (
            when(one.at),
            one.profile,
            one.model or SHIPPED,
            one.previous or SHIPPED,
            one_line(one.author, 40),
        )
        for one in history[:SHOWN]
    ]
    focus_table(
        COLUMNS,
        rows,
        None,
        "promotions",
        label="Promotions, newest first; a row asked for opens its model",
        on_pick=lambda at: open_run(history[at].model or SHIPPED),
    )
    if len(history) > SHOWN:
        st.caption(f"The newest {SHOWN} of {len(history):,}.")
