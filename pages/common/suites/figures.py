"""The answer of the suites page in a sentence and its figures.

Responsible for the words above the list. Must not know how a figure is computed.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.common.suites.lines import Line, counts
from pages.common.suites.words import ALONE, COLOURS, difference, estimate, queries
from skillrouter_core.records.suites import Standing, SuiteDiff


def verdict(found: SuiteDiff, shown: Sequence[Line], *, alone: bool) -> None:
    """Draw how many queries get their answer, what changed, and how sure both are."""
    after = found.after
    broken = len(found.of(Standing.BROKEN)) if not alone else 0
    mark = ":green[:material/check_circle:]" if after.right == after.judged else ""
    mark = ":red[:material/error:]" if broken else mark or ":orange[:material/info:]"
    st.markdown(
        f"{mark} **{after.right:,} of {queries(after.judged)}** "
        f"get an expected answer first. {_standings(shown)}"
    )
    parts = [f"Hit@1 {estimate(after.hit)}", f"R@20 {estimate(after.recall)}"]
    if not alone:
        parts[0] += f", change {difference(found.hit)}"
        parts[1] += f", change {difference(found.recall)}"
        parts.append(f"{found.compared:,} in both runs")
    st.caption(f"{' · '.join(parts)}. In brackets: 95% of bootstrap samples of the queries.")


def _standings(shown: Sequence[Line]) -> str:
    found = counts(shown)
    if set(found) <= {ALONE[Standing.STILL_RIGHT], Standing.STILL_RIGHT.value}:
        return ""  # said already
    words = []
    for word, number in found.items():
        colour = COLOURS.get(word)
        text = f"{number:,} {word}"
        words.append(f":{colour}[**{text}**]" if colour else text)
    return " · ".join(words)
