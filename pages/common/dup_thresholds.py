"""The two thresholds and what they find, answered while they move.

Responsible for the sliders and for the sentence and the progress bar under them. Must not
know how groups are made.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_state import COSINE, JACCARD, first_page
from pages.common.scores import count
from skillrouter_core.records import Thresholds

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupsView

DEFAULTS = Thresholds()


def threshold_sliders(floors: Thresholds) -> Thresholds:
    """Draw both sliders and return what they say; they go no lower than the scan does."""
    jaccard = st.slider(
        "Text: Jaccard above",
        round(floors.jaccard, 2),
        1.0,
        DEFAULTS.jaccard,
        0.01,
        key=JACCARD,
        bind="query-params",
        on_change=first_page,
        help="Share of word trigrams that two bodies have in common, 0 to 1. At 1.00 the text "
        "layer finds nothing. Moving it compares nothing anew.",
    )
    cosine = st.slider(
        "Embedding: cosine above",
        round(floors.cosine, 2),
        1.0,
        DEFAULTS.cosine,
        0.01,
        key=COSINE,
        bind="query-params",
        on_change=first_page,
        help="Likeness of the two embeddings, 0 to 1. At 1.00 the embedding layer finds nothing. "
        "Moving it embeds nothing anew.",
    )
    return Thresholds(jaccard, cosine)


def answer(view: GroupsView) -> None:
    """Draw the page's answer: how many skills are copies, and how far people are."""
    counts = view.counts
    if not counts.groups:
        st.markdown(
            f"**No skill of {counts.skills:,} is a copy of another** at these thresholds. "
            "Lower them, or look at *Same name* and *Discounted*."
        )
        return
    share = f"{counts.redundant_share:.1%}"
    st.markdown(
        f"**{counts.redundant:,} of {count(counts.skills, 'skill')} ({share}) are copies of "
        f"another one**, in {count(counts.groups, 'group')}: "
        f"about {tokens(counts.redundant_tokens)} tokens that could go."
    )
    _progress(view)


def tokens(number: int) -> str:
    """Return a number of tokens as people say it: 950, 12,000, 1.9 million."""
    if number >= 1_000_000:
        return f"{number / 1_000_000:.1f} million"
    return f"{round(number, -3):,}" if number >= 10_000 else f"{number:,}"


def _progress(view: GroupsView) -> None:
    found = Counter(status.value for status in view.statuses)
    total = len(view.statuses)
    done = found["decided"]
    skipped = f", {found['skipped']:,} skipped" if found["skipped"] else ""
    apart = len(view.settled.apart)
    told = f" · {count(apart, 'pair')} told apart" if apart else ""
    text = (
        f"{done:,} of {count(total, 'group')} decided{skipped}, {found['undecided']:,} to go{told}"
    )
    st.progress(done / total, text=text)
