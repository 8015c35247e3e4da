"""One open group: who is in it, how alike, why this keeper, and what a merge would change.

Responsible for drawing a group and for the member in focus. Must not know how verdicts are
saved (`dup_decide`) or differences drawn (`dup_diff`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_words import layer_words, likeness, said
from pages.common.safe_text import escape, one_line
from pages.common.skill_text import skill_link
from skillrouter_core.records import DuplicatePair, Layer, Thresholds

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupDetail, Member

NAME_CHARS = 80
DECISIONS_SHOWN = 3
_LOOSE = (
    ":orange[:material/warning: All are copies of the keeper, but not all of one another: "
    "read before you merge all.]"
)


def group_head(detail: GroupDetail, thresholds: Thresholds, place: str) -> None:
    """Draw the group's name, size, layers, weakest edge and why this keeper is suggested.

    `place` says where it stands in the queue, in words of our own.
    """
    keeper = detail.members[0].skill
    copies = len(detail.members) - 1
    badges = " ".join(f":blue-badge[{word}]" for word in _layers(detail, thresholds))
    name = escape(one_line(keeper.name, NAME_CHARS)) or "unnamed"
    words = "1 copy" if copies == 1 else f"{copies} copies"
    weakest = detail.group.weakest
    reasons = "; ".join(escape(reason) for reason in detail.group.reasons)
    lines = [
        f"**{name}** and {words} {badges} :small[:gray[{place}]]",
        f":small[Keeper: {escape(keeper.skill_id)}{f': {reasons}' if reasons else ''}.]",
    ]
    if copies > 1:
        ends = f"{escape(weakest.a)} and {escape(weakest.b)}"
        lines.append(f":small[Weakest edge: {likeness(weakest)}, between {ends}.]")
    if not weakest.is_duplicate(thresholds):
        lines.append(f":small[{_LOOSE}]")
    lines += [f":small[:orange[{escape(note)}]]" for note in detail.notes]
    st.markdown("  \n".join(lines), width="stretch")


def focus_head(
    member: Member, pair: DuplicatePair | None, thresholds: Thresholds, queries: str
) -> None:
    """Draw, for a row, the member in focus against the keeper; `queries` is a sentence more."""
    skill = member.skill
    about = "This is the keeper." if pair is None else _against(pair, thresholds)
    warnings = [f":orange[:material/warning: {warning}]" for warning in _warnings(member)]
    below = "".join(f"  \n:small[{line}]" for line in (*_decisions(member), *warnings))
    st.markdown(
        f"**{escape(one_line(skill.name, NAME_CHARS)) or 'unnamed'}** "
        f":small[:gray[{escape(skill.skill_id)}]]  \n:small[{about} :gray[{queries}]]{below}",
        width="stretch",
    )
    skill_link(skill.skill_id, "Page")


def _against(pair: DuplicatePair, thresholds: Thresholds) -> str:
    found = layer_words(pair.layers(thresholds))
    by = f"found by {' and '.join(found)}" if found else "below both thresholds"
    return f"Against the keeper: {likeness(pair)}; {by}."


def _layers(detail: GroupDetail, thresholds: Thresholds) -> list[str]:
    keeper = detail.group.keeper
    found = {
        layer
        for pair in detail.pairs
        if keeper in {pair.a, pair.b}
        for layer in pair.layers(thresholds)
    }
    return layer_words([layer for layer in Layer if layer in found])


def _warnings(member: Member) -> list[str]:
    found = []
    if not member.present:
        found.append("This skill left the catalog after the scan; this is its last text.")
    if member.rescan:
        found.append("Its text changed after the scan: the values are of the older text.")
    standing = member.standing
    if standing is None:
        return found
    if standing.text_changed:
        found.append("Its text changed after the decision: decide again.")
    elif standing.blocked:
        found.append(f"The decision is not followed: {escape(standing.blocked)}.")
    if standing.contested:
        found.append("People disagree about it; the newest word counts.")
    if standing.inherited:
        found.append("Decided under an earlier id with the same text.")
    return found


def _decisions(member: Member) -> list[str]:
    """Return the newest decisions about a member that stand, each on a line."""
    history = member.standing.history if member.standing else ()
    standing = [one for one in history if one.undone_at is None]
    return [said(one) for one in standing[:DECISIONS_SHOWN]]
