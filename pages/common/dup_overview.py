"""The catalog's redundancy in figures: by layer, by sources, by size.

Responsible for drawing the counts. Must not know how anything is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_filters import SIZES
from pages.common.dup_state import SIZE, SOURCE, TAB, first_page
from pages.common.dup_table import Column, focus_table
from pages.common.dup_thresholds import tokens
from pages.common.dup_words import layer_words
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from skillrouter_core.records import Layer

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupsView

NUMBER = Column("Pairs", "4.5rem", True)
GROUPS = Column("Groups", "4.5rem", True)


def overview(view: GroupsView) -> None:
    """Draw the figures at the present thresholds."""
    layers, sizes, sources = st.columns([4, 3, 5], gap="large")
    with layers:
        _by_layer(view)
    with sizes:
        _by_size(view)
    with sources:
        _by_source(view)
    _about(view)


def _by_layer(view: GroupsView) -> None:
    counts = view.counts
    st.markdown(f"**Pairs by layer** :small[:gray[{count(counts.pairs, 'pair')} of near-copies]]")
    rows = [(_found_by(layers), f"{number:,}") for layers, number in counts.layers.items()]
    columns = (Column("Found by"), NUMBER)
    focus_table(columns, rows, None, "by layer", label="Pairs by the layers that find them")


def _found_by(layers: tuple[Layer, ...]) -> str:
    if layers == (Layer.NAME,):
        return "same name only: no near-copies"
    return " + ".join(layer_words(layers)) + (" only" if len(layers) == 1 else "")


def _by_size(view: GroupsView) -> None:
    st.markdown(f"**Groups by size** :small[:gray[{count(view.counts.groups, 'group')}]]")
    found = []
    for name, (low, high) in SIZES.items():
        sizes = [(size, groups) for size, groups in view.counts.sizes if low <= size <= high]
        if sizes:
            skills = sum(size * groups for size, groups in sizes)
            found.append((name, f"{sum(groups for _, groups in sizes):,}", f"{skills:,}"))
    columns = (Column("Skills in a group"), GROUPS, Column("Skills", "4.5rem", True))
    label = "Groups by size; a row asked for filters the queue"
    focus_table(
        columns, found, None, "by size", label=label, on_pick=lambda at: _queue(SIZE, found[at][0])
    )
    biggest = view.counts.sizes[0][0] if view.counts.sizes else 0
    st.caption(f"The biggest has {count(biggest, 'skill')}.")


def _by_source(view: GroupsView) -> None:
    counts = view.counts
    shown = f"the {len(counts.sources)} of {counts.source_pairs:,} with most"
    more = shown if len(counts.sources) < counts.source_pairs else "all"
    st.markdown(f"**Near-copies by pair of sources** :small[:gray[{more}]]")
    rows = [
        (
            one_line(each.one, 80),
            "within itself" if each.one == each.other else one_line(each.other, 80),
            f"{each.pairs:,}",
        )
        for each in counts.sources
    ]
    columns = (Column("Source"), Column("And"), NUMBER)
    label = "Near-copies by pair of sources; a row asked for filters the queue by the first"
    focus_table(
        columns,
        rows,
        None,
        "by source",
        label=label,
        on_pick=lambda at: _queue(SOURCE, counts.sources[at].one),
    )


def _queue(key: str, value: str) -> None:
    """Go to the queue, filtered."""
    st.session_state[key] = st.query_params[key] = value
    st.session_state[TAB] = "groups"
    first_page()


def _about(view: GroupsView) -> None:
    counts, scan = view.counts, view.scan
    seconds = sum(scan.seconds.values())
    lines = [
        f"Redundant: {count(counts.redundant, 'skill')} ({counts.redundant_share:.1%}) with "
        f"{counts.redundant_chars:,} of {counts.chars:,} characters of body, about "
        f"{tokens(counts.redundant_tokens)} tokens at four characters a token.",
        f"The scan took {seconds:,.1f} s and holds {count(len(scan.pairs), 'pair')} with Jaccard "
        f"above {scan.floors.jaccard:.2f}, cosine above {scan.floors.cosine:.2f} or the same name.",
    ]
    if counts.strays:
        lines.insert(
            1,
            f"In no group though near-copies of some member: {count(counts.strays, 'skill')}. "
            "Groups do not chain: every member is a near-copy of its keeper.",
        )
    if counts.oversize:
        big = count(counts.oversize, "group")
        lines.insert(1, f"{big} over {view.grouping.oversize} skills: raise a threshold for them.")
    st.caption("  \n".join(lines))
    if scan.notes:
        with st.expander(f"{count(len(scan.notes), 'note')} of the scan"):
            st.markdown("".join(f"\n- {escape(note)}" for note in scan.notes))
