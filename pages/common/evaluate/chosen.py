"""Which evaluation is open, and which one it is held against.

Responsible for the list of what was kept and for both choices in the address. Must not know
what is drawn of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate.delete import confirm_delete
from pages.common.evaluate.state import AGAINST, RUN, open_run, put, read
from pages.common.safe_text import one_line
from pages.common.scores import when
from skillrouter_core.records.evaluations import Evaluation, EvaluationInfo

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

NOTHING = "nothing"
SHOWN = 12
"""Rows of the list; older evaluations are reached by the choice beside it."""
COLUMNS = (
    Column("When", "9.6rem"),
    Column("Queries", "11rem"),
    Column("Pool", "5rem", True, "Skills searched"),
    Column("Asked", "4rem", True, "Queries asked"),
    Column("Hit@1", "4.6rem", True, "Share of queries whose first answer is right"),
    Column("How"),
    Column("Note"),
)


def kept_table(ws: Workspace, kept: Sequence[EvaluationInfo]) -> None:
    """Draw the newest evaluations; a row asked for is opened."""
    ids = [info.evaluation_id for info in kept]
    now = opened(kept)
    shown = kept[:SHOWN]
    focus_table(
        COLUMNS,
        [_row(info) for info in shown],
        ids.index(now) if now in ids[:SHOWN] else None,
        "kept evaluations",
        label="Evaluations, newest first",
        on_pick=lambda at: open_run(shown[at].evaluation_id),
    )
    words = {info.evaluation_id: described(info) for info in kept} | {NOTHING: NOTHING}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _choice("Evaluation", RUN, ids, now, words)
        fellows = [NOTHING, *_fellows(kept, now)]
        _choice("Held against", AGAINST, fellows, _against(kept, now) or NOTHING, words)
        if st.button("Delete", icon=":material/delete:", key="delete evaluation"):
            confirm_delete(ws, now, words[now])


def _choice(
    label: str, name: str, options: Sequence[str], now: str, words: Mapping[str, str]
) -> None:
    """Draw a choice among ids by what they stand for; the address holds the id."""
    key = f"choice of {name}"
    st.session_state[key] = now

    def choose() -> None:
        (open_run if name == RUN else _hold_against)(st.session_state[key])

    st.selectbox(
        label, options, key=key, format_func=lambda one: words[one], on_change=choose, width=420
    )


def _hold_against(evaluation_id: str) -> None:
    put(AGAINST, "" if evaluation_id == NOTHING else evaluation_id)


def chosen(ws: Workspace, kept: Sequence[EvaluationInfo]) -> tuple[Evaluation, Evaluation | None]:
    """Return the open evaluation and the one it is held against, if any."""
    now = opened(kept)
    other = _against(kept, now)
    folder = str(ws.evaluation.kept_folder)
    return _loaded(ws, folder, now), _loaded(ws, folder, other) if other else None


def described(info: EvaluationInfo) -> str:
    """Return an evaluation in a few words."""
    return f"{when(info.created_at)} · {info.benchmark} · {how(info)} · {info.hit:.3f}"


def how(info: EvaluationInfo) -> str:
    """Return how queries were routed, in a few words."""
    words = [
        info.profile.rstrip("/").rsplit("/", 1)[-1],
        info.stage1,
        *(["reranked"] if info.rerank else []),
        *([] if info.body else ["no bodies"]),
    ]
    return ", ".join(words)


def _row(info: EvaluationInfo) -> tuple[str, ...]:
    name = info.benchmark if info.benchmark == "labels" else f"{info.benchmark}, {info.tier}"
    return (
        when(info.created_at),
        one_line(name, 40),
        f"{info.pool:,}",
        f"{info.tasks:,}",
        f"{info.hit:.3f}",
        how(info),
        one_line(info.note, 80),
    )


def opened(kept: Sequence[EvaluationInfo]) -> str:
    """Return the evaluation in the address, the newest by default; empty where there is none."""
    ids = [info.evaluation_id for info in kept]
    asked = read(RUN)
    return asked if asked in ids else next(iter(ids), "")


def _against(kept: Sequence[EvaluationInfo], now: str) -> str:
    """Return the evaluation in the address that the open one compares with; empty for none."""
    asked = read(AGAINST)
    return asked if asked in _fellows(kept, now) else ""


def _fellows(kept: Sequence[EvaluationInfo], now: str) -> list[str]:
    own = next(info for info in kept if info.evaluation_id == now)
    return [
        info.evaluation_id
        for info in kept
        if info.fingerprint == own.fingerprint and info.evaluation_id != now
    ]


@st.cache_resource(max_entries=8, show_spinner=False)
def _loaded(_ws: Workspace, folder: str, evaluation_id: str) -> Evaluation:
    """Return one evaluation; they never change, so its name and folder are all that counts."""
    del folder
    return _ws.evaluation.load(evaluation_id)
