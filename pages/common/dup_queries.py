"""What the saved queries say of a member: which it answers, and what a merge would change.

Responsible for that line and its details. Must not know how a query was routed: answers are
stored with the scan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_scan import PROFILE
from pages.common.safe_text import escape, one_line
from skillrouter_core.records import QueryEffect

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import Member

QUERY_CHARS = 90
FEW = 3
"""So many changed answers are shown unfolded."""


def query_line(ws: Workspace, member: Member, effects: Sequence[QueryEffect]) -> str:
    """Return in a sentence how the saved queries stand to this member; Markdown of our own."""
    if not ws.labels.queries():
        return "No query is saved yet; saved ones (page Route) show what a merge would change."
    waiting = ws.duplicates.unanswered(PROFILE)
    if waiting:
        return f"{_queries(waiting)} saved after the scan: scan again to count them in."
    if not member.answers and not effects:
        return "It answers no saved query; merging it changes no answer."
    return ""


def query_details(member: Member, effects: Sequence[QueryEffect]) -> None:
    """Draw which saved queries this member answers today and what a merge would change."""
    if not member.answers and not effects:
        return
    lost = sum(effect.lost for effect in effects)
    answered = sum(answer.answers for answer in member.answers)
    title = f"Answers {_queries(answered)} today; merging it changes {len(effects)}"
    title += f", {lost} for the worse" if lost else ""
    unfolded = lost > 0 or 0 < len(effects) <= FEW
    with st.expander(title, expanded=unfolded, icon=":material/alt_route:"):
        st.markdown("\n".join(_lines(member, effects)))


def _lines(member: Member, effects: Sequence[QueryEffect]) -> list[str]:
    """Return a line of Markdown for each query: its answer today, and after a merge."""
    told: dict[str, list[str]] = {}
    for answer in member.answers:
        place = "not among the answers" if answer.place is None else f"place {answer.place}"
        expected = ", expected" if answer.expected else ""
        told.setdefault(answer.query.text, []).append(f"{place} today{expected}")
    for effect in effects:
        after = escape(effect.after) or "no skill"
        mark = ", :red[no expected answer any more]" if effect.lost else ""
        words = f"after the merge answered by {after}{mark}"
        told.setdefault(effect.query.text, []).append(words)
    return [f"- :small[{_quoted(text)}: {'; '.join(parts)}]" for text, parts in told.items()]


def _quoted(text: str) -> str:
    return f"“{escape(one_line(text, QUERY_CHARS))}”"


def _queries(number: int) -> str:
    return "1 saved query" if number == 1 else f"{number:,} saved queries"
