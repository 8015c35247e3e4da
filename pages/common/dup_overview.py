"""The catalog's redundancy in figures: by layer, by sources, by size.

Responsible for drawing the counts. Must not know how anything is counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_thresholds import tokens
from pages.common.dup_words import layer_words
from pages.common.safe_text import escape, one_line
from pages.common.scores import count
from skillrouter_core.records import Layer

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupsView


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
    rows = [
        {
            "Found by": " + ".join(layer_words(layers)) + (" only" if len(layers) == 1 else ""),
            "Pairs": number,
            "Near-copies": "no, only namesakes" if layers == (Layer.NAME,) else "yes",
        }
        for layers, number in counts.layers.items()
    ]
    _table(rows, "Pairs by the layers that find them")


def _by_size(view: GroupsView) -> None:
    st.markdown(f"**Groups by size** :small[:gray[{count(view.counts.groups, 'group')}]]")
    rows = [{"Skills": size, "Groups": groups} for size, groups in reversed(view.counts.sizes)]
    _table(rows, "Number of groups of each size")


def _by_source(view: GroupsView) -> None:
    counts = view.counts
    shown = f"the {len(counts.sources)} of {counts.source_pairs:,} with most"
    more = shown if len(counts.sources) < counts.source_pairs else "all"
    st.markdown(f"**Near-copies by pair of sources** :small[:gray[{more}]]")
    rows = [
        {
            "Source": one_line(each.one, 80),
            "And": "within itself" if each.one == each.other else one_line(each.other, 80),
            "Pairs": each.pairs,
        }
        for each in counts.sources
    ]
    _table(rows, "Near-copies by pair of sources")


def _about(view: GroupsView) -> None:
    counts, scan = view.counts, view.scan
    seconds = sum(scan.seconds.values())
    lines = [
        f"Redundant: {count(counts.redundant, 'skill')} ({counts.redundant_share:.1%}) with "
        f"{counts.redundant_chars:,} of {counts.chars:,} characters of body, about "
        f"{tokens(counts.redundant_tokens)} tokens at four characters a token.",
        f"{count(counts.strays, 'skill')} stand alone though they are near-copies of some "
        "member of a group: groups do not chain, every member is a near-copy of its keeper.",
        f"The scan took {seconds:,.1f} s and holds {count(len(scan.pairs), 'pair')} with Jaccard "
        f"above {scan.floors.jaccard:.2f}, cosine above {scan.floors.cosine:.2f} or the same name.",
    ]
    if counts.oversize:
        big = count(counts.oversize, "group")
        lines.insert(1, f"{big} over {view.grouping.oversize} skills: raise a threshold for them.")
    st.caption("  \n".join(lines))
    if scan.notes:
        with st.expander(f"{count(len(scan.notes), 'note')} of the scan"):
            st.markdown("".join(f"\n- {escape(note)}" for note in scan.notes))


def _table(rows: list[dict[str, object]], alt: str) -> None:
    numbers = {
        name: st.column_config.NumberColumn(format="localized", width=80)
        for name in ("Pairs", "Groups", "Skills")
    }
    height = "content" if len(rows) <= 12 else 330
    st.dataframe(
        rows, hide_index=True, height=height, row_height=28, column_config=numbers, alt=alt
    )
