"""Words for how alike two skills are, and for what was decided about one.

Responsible for wording alone. Pure; must not know streamlit.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from pages.common.safe_text import escape
from pages.common.scores import score, when
from skillrouter_core.records import MOSTLY_BOILERPLATE, Decision, DuplicatePair, Layer, Verdict

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupDetail

LAYER_WORDS = {Layer.NAME: "same name", Layer.TEXT: "text", Layer.EMBEDDING: "embedding"}
_NOTICED = 0.01
"""A difference of raw and counted Jaccard below this is not worth a word."""


def layer_words(layers: Iterable[Layer]) -> list[str]:
    """Return the layers as people call them."""
    return [LAYER_WORDS[layer] for layer in layers]


def likeness(pair: DuplicatePair) -> str:
    """Return all values of a pair on one line, and what was discounted; Markdown of our own."""
    parts = [f"Jaccard {score(pair.jaccard)}"]
    if abs(pair.raw_jaccard - pair.jaccard) >= _NOTICED:
        parts[0] += f" (raw {score(pair.raw_jaccard)})"
    parts.append(f"cosine {score(pair.cosine)}")
    parts.append("same name" if pair.same_name else "other name")
    parts += discounts(pair)
    return " · ".join(parts)


def discounts(pair: DuplicatePair) -> list[str]:
    """Return what was left out of a pair's likeness, in words; empty where nothing was."""
    found = []
    if pair.shared_boilerplate > 0:
        share = f"{pair.shared_boilerplate:.0%} of what they share is boilerplate"
        decisive = pair.shared_boilerplate >= MOSTLY_BOILERPLATE and not pair.same_name
        found.append(f"{share}, so the cosine does not count" if decisive else share)
    if pair.set_apart:
        found.append("one says that it is not for what the other does")
    return found


def pair_of(detail: GroupDetail, skill_id: str) -> DuplicatePair | None:
    """Return a member's pair with its group's keeper; None for the keeper itself."""
    ends = {skill_id, detail.group.keeper}
    return next((pair for pair in detail.pairs if {pair.a, pair.b} == ends), None)


def said(decision: Decision) -> str:
    """Return Markdown for one decision: what, by whom, when, and the note."""
    other = f" {escape(decision.other_id)}" if decision.other_id else ""
    words = {Verdict.MERGE: "merge into", Verdict.DISTINCT: "distinct from"}
    verdict = words.get(decision.verdict, decision.verdict.value)
    note = f" “{escape(decision.note)}”" if decision.note else ""
    by = f"{escape(decision.author)}, {when(decision.created_at)}"
    return f"**{verdict}**{other} :small[:gray[{by}]]{note}"
