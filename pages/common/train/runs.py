"""All runs and models of the workspace, newest first.

Responsible for the list and for which row is open. Must not know what is drawn of the open one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import escape
from pages.common.scores import when
from pages.common.train.in_use import SHIPPED
from pages.common.train.state import open_run
from pages.common.train.words import (
    ALL_WEIGHTS,
    STATES,
    duration,
    how,
    losses,
    result,
    used,
)
from skillrouter_core.records.training import TrainingRun, TrainOptions

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.registry import ModelInfo

SHOWN = 15
"""Rows of the list; older ones are reached by the choice below it."""
COLUMNS = (
    Column("Name", "12.4rem"),
    Column("Begun", "9.7rem"),
    Column("State", "6.4rem"),
    Column("Trained", "7.4rem"),
    Column("On"),
    Column("Loss", "13.6rem", help="Mean over the first and last tenth of steps; encoder first"),
    Column("Hit@1", "7.6rem", help="On the same queries, before and after"),
    Column("Took", "4.8rem", True),
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A run, the model that came of it, or a model that was not trained here."""

    name: str
    run: TrainingRun | None
    model: ModelInfo | None


def entries(ws: Workspace) -> tuple[Entry, ...]:
    """Return runs, newest first, then models without one; the shipped pair is the last."""
    models = {one.name: one for one in ws.registry.models()}
    found = [Entry(run.name, run, models.pop(run.name, None)) for run in ws.training.runs()]
    shipped = models.pop(SHIPPED)
    found += [Entry(name, None, model) for name, model in models.items()]
    return (*found, Entry(SHIPPED, None, shipped))


def damaged(ws: Workspace) -> None:
    """Name the runs and models that the list leaves out, and what to do about them."""
    found = {one.name: one for one in (*ws.registry.damaged(), *ws.training.damaged())}
    for one in found.values():
        st.warning(f"**{escape(one.name)}** is not in the list: {escape(one.message)}")


def run_list(found: Sequence[Entry], opened: str) -> None:
    """Draw the list; a row asked for is opened."""
    names = [one.name for one in found]
    shown = found if len(found) <= SHOWN else (*found[: SHOWN - 1], found[-1])
    listed = [one.name for one in shown]
    focus_table(
        COLUMNS,
        [_row(one) for one in shown],
        listed.index(opened) if opened in listed else None,
        "runs",
        label="Runs and models, newest first",
        on_pick=lambda at: open_run(listed[at]),
    )
    if len(found) > SHOWN:
        key = "any run"
        st.session_state[key] = opened if opened in names else names[0]
        st.selectbox(
            f"The newest of {len(found):,}; open any",
            names,
            key=key,
            on_change=lambda: open_run(st.session_state[key]),
            width=420,
        )


def _row(one: Entry) -> tuple[str, ...]:
    state = "in use" if one.model is not None and one.model.answers_for else ""
    hit = "" if one.model is None else result(one.model.metrics)
    if one.run is None:
        came = "shipped" if one.name == SHIPPED else "elsewhere"
        made = "–" if one.model is None else when(one.model.created_at)
        return (one.name, "–" if made == "never" else made, state or "ready", came, "", "", hit, "")
    return (
        one.name,
        when(one.run.created_at),
        state or STATES[one.run.state],
        _trained(one.run.options),
        used(one.run.counts),
        losses(one.run),
        hit,
        duration(one.run.seconds) if one.run.seconds else "",
    )


def _trained(options: TrainOptions) -> str:
    method = how(options)
    return options.kind.value if method == ALL_WEIGHTS else f"{options.kind.value}, {method}"
