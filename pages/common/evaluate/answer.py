"""One query of an evaluation: what was asked, what was right, what came and why.

Responsible for drawing the route that was kept. Must not know which query is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.evaluate.state import TASK, read
from pages.common.safe_text import escape, one_line
from pages.common.scores import score
from skillrouter_core.records.evaluations import EvaluatedTask, Ranked

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

LINKS = 4
"""Skills of a query with a link to their page: the right ones, then the first answer."""
CANDIDATES = (
    Column("#", "3rem", True, "Place after stage 2"),
    Column("Stage 1", "5rem", True, "Place after stage 1"),
    Column("Skill", "14rem"),
    Column("Description"),
    Column("BM25", "4.4rem", True),
    Column("Cosine", "4.8rem", True),
    Column("Text", "4rem", True, "The reranker's own score of the text"),
    Column("Stage 2", "5rem", True, "What decides the order"),
    Column("", "6rem"),
)


def query_detail(ws: Workspace, tasks: Sequence[EvaluatedTask]) -> None:
    """Draw the route of the query in the address, if it is among these."""
    asked = read(TASK)
    task = next((task for task in tasks if task.task_id == asked), None)
    if task is None:
        if tasks:
            st.caption("Click a query, or go to it with the arrow keys and press Enter.")
        return
    with st.container(border=True):
        _head(ws, task)
        rows = [_candidate(entry, task) for entry in task.candidates]
        right = [at for at, entry in enumerate(task.candidates) if entry.skill_id in task.right]
        focus = right[0] if right else None
        focus_table(CANDIDATES, rows, focus, "route", label="Candidates in final order")


def _head(ws: Workspace, task: EvaluatedTask) -> None:
    st.markdown(escape(task.query))
    names = ", ".join(
        f"{escape(name)} :small[:gray[{escape(one)}]]"
        for name, one in zip(task.right_names, task.right, strict=True)
    )
    sure = "" if task.confidence is None else f" · confidence {task.confidence:.2f}"
    st.markdown(f"Right: {names}  \n:small[{_fate(task)}{sure} · {task.milliseconds:.0f} ms]")
    with st.container(horizontal=True):
        st.page_link(
            "route.py",
            label="Route it now",
            query_params={"q": task.query},
            icon=":material/route:",
        )
        for one in _live(ws, task):
            st.page_link(
                "skill.py",
                label=escape(one_line(one, 60)),
                query_params={"id": one},
                icon=":material/article:",
            )


def _live(ws: Workspace, task: EvaluatedTask) -> list[str]:
    """Return the right skills and the first answer as the catalogs know them, if they do.

    A benchmark may call its skills otherwise: what is right is found by its text.
    """
    ids = _by_hash(ws, str(ws.home), ws.catalogs.fingerprint())
    right = [ids[digest] for digest in task.right_hashes if digest in ids][: LINKS - 1]
    first = ws.catalogs.skills_by_id(task.final[:1])
    return list(dict.fromkeys((*right, *first)))


@st.cache_data(show_spinner=False, max_entries=2)
def _by_hash(_ws: Workspace, home: str, fingerprint: str) -> dict[str, str]:
    """Return the live skills' ids by the hash of their text; read once a change of a catalog."""
    del home, fingerprint
    return {digest: skill_id for skill_id, digest in _ws.catalogs.hashes().items()}


def _fate(task: EvaluatedTask) -> str:
    if task.hit:
        return "right"
    if task.copy_of:
        cosine = score(task.copy_cosine)
        return (
            f"a near-copy of the right skill came first (Jaccard {score(task.copy_jaccard)}, "
            f"cosine {cosine})"
        )
    if not task.retrieved:
        return "stage 1 did not retrieve it among its 20 candidates"
    place = next(at for at, one in enumerate(task.final, 1) if one in task.right)
    stage1 = next(at for at, one in enumerate(task.stage1, 1) if one in task.right)
    return f"the right skill came at place {place}, stage 1 had it at {stage1}"


def _candidate(entry: Ranked, task: EvaluatedTask) -> tuple[str, ...]:
    mark = "right" if entry.skill_id in task.right else ""
    if not mark and set(entry.folded) & set(task.right):
        mark = "right, folded"
    return (
        f"{entry.place}",
        f"{entry.stage1_rank}",
        one_line(entry.name, 60),
        one_line(entry.description, 160),
        score(entry.bm25),
        score(entry.dense),
        score(entry.text_score),
        score(entry.stage2_score),
        mark,
    )
