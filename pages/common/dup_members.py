"""The members of an open group in a table, every value against the keeper.

Responsible for the table. Must not know what is decided by key, or how texts differ.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from pages.common.dup_state import open_group
from pages.common.dup_table import Column, focus_table
from pages.common.dup_words import pair_of
from pages.common.safe_text import one_line
from pages.common.scores import score
from skillrouter_core.records import DuplicatePair

if TYPE_CHECKING:
    from skillrouter_core.workspace.duplicate_views import GroupDetail, Member

MEMBERS_SHOWN = 12
NAME_CHARS = 80


COLUMNS = (
    Column("Skill", "23%"),
    Column("Id", tail=True),
    Column(
        "Jaccard",
        "4.9rem",
        True,
        "Word trigrams of the bodies in common, boilerplate and negations left out; 0 to 1",
    ),
    Column("Raw", "3.2rem", True, "The same with boilerplate counted; 0 to 1"),
    Column("Cosine", "4.6rem", True, "Likeness of the embeddings; 0 to 1"),
    Column("Name", "3.7rem", help="Whether the names are the same once case and marks are folded"),
    Column("Chars", "3.9rem", True, "Characters of the body"),
    Column("Queries", "4.9rem", True, "Saved queries that this skill answers first today"),
)


def member_table(detail: GroupDetail, focus: str) -> None:
    """Draw the members with all values against the keeper; a row asked for comes into focus."""
    ids = [member.skill.skill_id for member in detail.members]
    at = ids.index(focus)
    first = at // MEMBERS_SHOWN * MEMBERS_SHOWN
    shown = detail.members[first : first + MEMBERS_SHOWN]
    keeper = detail.group.keeper
    rows = [_row(member, keeper, pair_of(detail, member.skill.skill_id)) for member in shown]
    longest = max(len(row[-1]) for row in rows)
    columns = (*COLUMNS, Column("Decision", "5.4rem" if longest < 10 else "8.4rem"))
    label = "Members with every layer's value against the keeper and what is decided"
    focus_table(
        columns,
        rows,
        at - first,
        "members",
        label=label,
        on_pick=lambda row: open_group(keeper, ids[first + row]),
    )
    if len(ids) > MEMBERS_SHOWN:
        st.caption(
            f"Members {first + 1} to {first + len(shown)} of {len(ids)}; N and P go through all."
        )


def _row(member: Member, keeper: str, pair: DuplicatePair | None) -> tuple[str, ...]:
    skill = member.skill
    values = ("–", "–", "–", "–")
    if pair is not None:
        name = "same" if pair.same_name else "other"
        values = (score(pair.jaccard), score(pair.raw_jaccard), score(pair.cosine), name)
    return (
        one_line(skill.name, NAME_CHARS) or "unnamed",
        skill.skill_id,
        *values,
        f"{len(skill.body):,}",
        f"{sum(answer.answers for answer in member.answers):,}",
        "keeper" if skill.skill_id == keeper else _decided(member),
    )


def _decided(member: Member) -> str:
    standing = member.standing
    if standing is None or standing.decision is None:
        return "–"
    verdict = standing.decision.verdict.value
    if standing.blocked:
        return f"{verdict}, blocked"
    return f"{verdict}, contested" if standing.contested else verdict
