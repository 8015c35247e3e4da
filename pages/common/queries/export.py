"""Queries and labels in files: what leaves, in which format.

Responsible for the downloads and for saying what is in each; a benchmark, which holds every
skill, is written by a job. Must not know any format.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.job_progress import running_job, start_job
from pages.common.queries.state import chosen_set
from pages.common.safe_text import escape
from skillrouter_core.records import Split
from skillrouter_core.records.exchange import ExportOptions, LabelFormat

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SUITE, SIDE, EVERY = "exported set", "exported side", "every verdict"
BOTH = "both sides"


@dataclass(frozen=True, slots=True)
class Offer:
    """One download: what the button says, what the file is called, what is in it."""

    format: LabelFormat
    label: str
    file: str
    mime: str
    meaning: str


OFFERS = (
    Offer(
        LabelFormat.JSONL,
        "JSON lines",
        "labels.jsonl",
        "application/jsonl",
        "grades with their texts' hashes; comes back without loss",
    ),
    Offer(LabelFormat.CSV, "CSV", "labels.csv", "text/csv", "the same for a spreadsheet"),
    Offer(
        LabelFormat.QRELS,
        "TREC qrels",
        "labels.qrels.zip",
        "application/zip",
        "grades and, beside them, the requests' texts",
    ),
    Offer(
        LabelFormat.TRIPLETS,
        "Triplets",
        "labels.triplets.jsonl",
        "application/jsonl",
        "anchor, positive, negative for sentence-transformers; train side unless you choose",
    ),
    Offer(
        LabelFormat.LISTWISE,
        "Lists",
        "labels.listwise.jsonl",
        "application/jsonl",
        "query, documents, labels for a listwise reranker; train side unless you choose",
    ),
    Offer(
        LabelFormat.QUERIES,
        "Requests",
        "queries.csv",
        "text/csv",
        "the saved requests with what they expect; can be uploaded again",
    ),
)
ONE_GRADE = (LabelFormat.QRELS, LabelFormat.TRIPLETS, LabelFormat.LISTWISE)


def exports(ws: Workspace, sets: Sequence[str]) -> None:
    """Draw the choice of what leaves, and a download for each format."""
    suite, side, every = _choices(sets)
    graded = bool(ws.agreement.consensus())
    if not graded:
        st.caption("Nobody has graded anything yet, so there are only requests to write.")
    for offer in OFFERS:
        options = ExportOptions(
            offer.format, side, suite, every=every and offer.format not in ONE_GRADE
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.download_button(
                offer.label,
                lambda options=options: ws.exchange.download(options)[1],
                file_name=offer.file,
                mime=offer.mime,
                key=f"download {offer.format}",
                icon=":material/download:",
                on_click="ignore",
                disabled=not graded and offer.format is not LabelFormat.QUERIES,
                width=160,
            )
            st.markdown(f":small[:gray[{escape(offer.file)}: {offer.meaning}]]")
    _benchmark(ws, suite, side)


def _choices(sets: Sequence[str]) -> tuple[str | None, Split | None, bool]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        proposed = chosen_set()
        suite = st.selectbox(
            "Set",
            sets,
            index=list(sets).index(proposed) if proposed in sets else None,
            key=f"{SUITE} {proposed}",
            placeholder="all, unsaved requests too",
            width=260,
        )
        side = st.selectbox("Side", [BOTH, *(side.value for side in Split)], key=SIDE, width=160)
        every = st.toggle(
            "Every verdict",
            key=EVERY,
            help="JSON lines and CSV: each person's verdicts with name, moment, seconds and note, "
            "instead of the one grade people agree on. Those taken back stay behind.",
        )
    return suite, None if side == BOTH else Split(side), every


def _benchmark(ws: Workspace, suite: str | None, side: Split | None) -> None:
    busy = running_job(ws) is not None
    with st.container(horizontal=True, vertical_alignment="center"):
        pressed = st.button(
            "Benchmark",
            key="write benchmark",
            icon=":material/folder_zip:",
            disabled=busy,
            help="One job at a time." if busy else None,
            width=160,
        )
        st.markdown(
            ":small[:gray[a folder in the Eval-Core layout, with every skill as its pool; held-out "
            "requests unless you choose. Evaluate takes it.]]"
        )
    if pressed and start_job(ws, "benchmark", suite=suite or "", split=side.value if side else ""):
        st.rerun()
