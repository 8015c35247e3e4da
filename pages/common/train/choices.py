"""What a run is asked to do: networks, method, and the queries written for it.

Responsible for the widgets, kept in the address, and for the options they stand for. Must not
know what a run makes of them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.train import state
from skillrouter_core.records.training import (
    Method,
    Objective,
    TrainConfig,
    TrainKind,
    TrainOptions,
)

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NETWORKS = {
    "both": TrainKind.BOTH,
    "encoder": TrainKind.ENCODER,
    "reranker": TrainKind.RERANKER,
}
METHODS = {"all weights": Method.FULL, "LoRA": Method.LORA}
OBJECTIVES = {"whole lists": Objective.LISTWISE, "single pairs": Objective.POINTWISE}
DEFAULTS = TrainOptions(TrainKind.BOTH)
MOST_GENERATED = 100_000


def choices(ws: Workspace) -> TrainOptions:
    """Draw the choices and return what they say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        kind = NETWORKS[
            _one_of(
                "Train",
                tuple(NETWORKS),
                state.NETWORKS,
                "The encoder finds candidates, the reranker orders them. Both: the reranker "
                "learns from what the trained encoder finds.",
            )
        ]
        method = METHODS[
            _one_of(
                "Method",
                tuple(METHODS),
                state.METHOD,
                "LoRA trains small matrices beside the weights and needs less memory.",
            )
        ]
        objective = Objective.LISTWISE
        if kind is not TrainKind.ENCODER:
            objective = OBJECTIVES[
                _one_of(
                    "The reranker learns from",
                    tuple(OBJECTIVES),
                    state.OBJECTIVE,
                    "Single pairs are the paper's ablation: they usually do worse.",
                )
            ]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        options = _generated(replace(DEFAULTS, kind=kind, objective=objective))
    with st.container(horizontal=True):
        return _switches(options, method, ws)


def _generated(options: TrainOptions) -> TrainOptions:
    generated = st.number_input(
        "Skills that get a written query",
        0,
        MOST_GENERATED,
        DEFAULTS.generated,
        step=50,
        key=state.GENERATED,
        bind="query-params",
        width=210,
        help="So that skills nobody asked for yet are seen too. 0 for none.",
    )
    if not generated:
        return replace(options, generated=0)
    generator = st.text_input(
        "Written by",
        key=state.GENERATOR,
        bind="query-params",
        placeholder="pieces of the description",
        width=260,
        help="Or a local instruct model: its folder or hub id.",
    )
    name = (generator or "").strip() or DEFAULTS.generator
    return replace(options, generated=int(generated), generator=name)


def _switches(options: TrainOptions, method: Method, ws: Workspace) -> TrainOptions:
    saving = st.toggle(
        "Use less memory",
        key=state.SAVING,
        bind="query-params",
        help="Gradient checkpointing: what a layer computed is computed again on the way back. "
        "Takes about a third longer.",
    )
    shared = st.toggle(
        "Share skills with held-out queries",
        key=state.SHARED,
        bind="query-params",
        help="Train on queries that ask for the same skills as held-out ones; the queries stay "
        "apart. Figures then say less about skills nobody trained on. Never for a benchmark's.",
    )
    options = replace(options, shared_answers=bool(shared))
    if method is Method.FULL and not saving:
        return options
    encoder, reranker = (
        _changed(ws, options, part, method, saving=bool(saving))
        for part in (TrainKind.ENCODER, TrainKind.RERANKER)
    )
    return replace(options, encoder=encoder, reranker=reranker)


def _changed(
    ws: Workspace, options: TrainOptions, part: TrainKind, method: Method, *, saving: bool
) -> TrainConfig:
    """Return the recipe of a network with another method."""
    recipe = ws.training.recipe(options.profile, part)
    return replace(
        recipe, method=method, gradient_checkpointing=saving or recipe.gradient_checkpointing
    )


def _one_of(label: str, options: tuple[str, ...], key: str, explained: str) -> str:
    chosen = st.segmented_control(
        label,
        options,
        default=options[0],
        required=True,
        key=key,
        bind="query-params",
        help=explained,
    )
    return str(chosen or options[0])
