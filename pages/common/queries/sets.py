"""The sets of queries: how big each is, how it is split, how far it is judged.

Responsible for the table of sets and for removing one. Must not know how a set is labelled.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.access import errors_shown
from pages.common.dup_table import Column, focus_table
from pages.common.queries.rows import Line, judged_by_set
from pages.common.queries.state import SET, chosen_set, done, show_set
from pages.common.safe_text import escape
from pages.common.scores import count
from skillrouter_core.records import Split, SuiteSize

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

SETS_SHOWN = 30
COLUMNS = (
    Column("Set"),
    Column("Requests", "6.5rem", number=True),
    Column("To train", "6.5rem", number=True, help="May be learned from."),
    Column("Held out", "6.5rem", number=True, help="Only ever measured with."),
    Column("With expected skills", "10rem", number=True, help="Can be tested as a suite."),
    Column("Judged", "9rem", number=True, help="Somebody graded a skill for it."),
)


def summary(sizes: Sequence[SuiteSize], found: Sequence[Line]) -> None:
    """Draw the answer in one line; a request of several sets counts once."""
    texts = {line.query.text: line for line in found}
    held_out = sum(line.query.split is Split.HELD_OUT for line in texts.values())
    judged = sum(bool(line.pairs) for line in texts.values())
    st.markdown(
        f"**{count(len(texts), 'request')}** in {count(len(sizes), 'set')}: "
        f"{len(texts) - held_out:,} to train with, {held_out:,} held out for tests. "
        f"**{judged:,}** with a graded skill ({share(judged, len(texts))})."
    )


def set_table(ws: Workspace, sizes: Sequence[SuiteSize], found: Sequence[Line]) -> None:
    """Draw a line for each set; a click shows its queries alone, a second one all again."""
    judged = judged_by_set(found)
    names = [size.name for size in sizes][:SETS_SHOWN]
    chosen = chosen_set()
    focus_table(
        COLUMNS,
        [_row(size, judged) for size in sizes[:SETS_SHOWN]],
        names.index(chosen) if chosen in names else None,
        "sets",
        label="Sets of requests; choose one to see its requests alone",
        on_pick=lambda at: show_set(names[at]),
    )
    if len(sizes) > SETS_SHOWN:
        st.caption(f"The first {SETS_SHOWN} of {len(sizes):,} sets; the filter below has all.")
    by_name = {size.name: size.queries for size in sizes}
    if chosen in by_name:
        _actions(ws, chosen, by_name[chosen])


def _row(size: SuiteSize, judged: Mapping[str, int]) -> tuple[str, ...]:
    done_here = judged[size.name]
    return (
        size.name,
        f"{size.queries:,}",
        f"{size.train:,}",
        f"{size.held_out:,}",
        f"{size.expected:,}",
        f"{done_here:,} ({share(done_here, size.queries)})",
    )


def share(part: int, whole: int) -> str:
    """Return a share in per cent; a dash of nothing."""
    return f"{part / whole:.0%}" if whole else "–"


def _actions(ws: Workspace, name: str, queries: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            "label.py", label="Label this set", icon=":material/edit:", query_params={"set": name}
        )
        with st.popover("Remove this set", icon=":material/delete:"):
            st.markdown(
                f"**{escape(name)}** and its {count(queries, 'request')} leave the "
                "list. What people graded stays, and so does the side each request is on."
            )
            if st.button("Remove the set", key="remove set", type="primary"):
                with errors_shown():
                    removed = ws.labels.remove_suite(name)
                    st.session_state[SET] = None
                    done(f"Removed a set of {count(removed, 'request')}.")
                    st.rerun()
