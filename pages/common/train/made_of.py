"""What a run was made of: its labels, its negatives, its machine.

Responsible for drawing a run's record. Must not know how negatives are mined.
"""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.common.dup_table import Column, focus_table
from pages.common.safe_text import escape, one_line
from pages.common.scores import when
from skillrouter_core.records.training import MiningReport, TrainingRun

COUNTS = (Column("Labels used"), Column("", "6rem", True))
MINED = (Column("Negatives"), Column("", "6rem", True))


def made_of(run: TrainingRun) -> None:
    """Draw what a run used; before it has begun that is nothing."""
    if not run.counts:
        st.caption("Its labels have not been collected yet.")
        return
    left, right = st.columns(2, gap="large")
    with left:
        focus_table(COUNTS, _rows(run.counts), None, "counts", label="Labels used")
        st.caption(_origin(run))
        for note in run.notes:
            st.caption(escape(note))
    with right:
        for part, report in run.mining.items():
            st.markdown(f"**For the {part}** :small[:gray[{report.queries:,} queries]]")
            focus_table(MINED, _mined(report), None, f"mined {part}", label=f"Mined: {part}")
        if not run.mining:
            st.caption("Its negatives have not been mined yet.")


def _mined(report: MiningReport) -> list[tuple[str, str]]:
    rows = _rows(report.negatives)
    rows += [(f"taken out as right answers: {name}", n) for name, n in _rows(report.filtered)]
    rows += [(f"too few: {name}", n) for name, n in _rows(report.shortfalls)]
    rows += [(f"filled with: {name}", n) for name, n in _rows(report.filled)]
    rows += [(f"queries left out: {name}", n) for name, n in _rows(report.dropped)]
    return rows


def _rows(counts: Mapping[str, int]) -> list[tuple[str, str]]:
    return [(one_line(str(name), 80), f"{number:,}") for name, number in counts.items()]


def _origin(run: TrainingRun) -> str:
    words = [f"Seed {run.options.seed}", f"begun {when(run.created_at)}"]
    bases = [run.models[part.value] for part in run.options.parts if run.models.get(part.value)]
    if bases:
        words.append(f"trained from {' and '.join(map(_short, bases))}")
    if run.revision:
        words.append(f"code {run.revision[:12]}")
    machine = [str(run.machine[key]) for key in ("system", "cores") if run.machine.get(key)]
    if machine:
        words.append(f"{machine[0]}, {machine[-1]} cores")
    words.append(f"labels in {run.folder.name}/labels.jsonl")
    return escape(", ".join(words))


def _short(location: str) -> str:
    """Return a location without the folders above the model's own."""
    return "/".join(location.replace("\\", "/").rstrip("/").split("/")[-2:])
