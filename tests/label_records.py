"""Verdicts and settlements made up in a line, for tests of what they add up to."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

from skillrouter_core.records import Judgement, Settlement

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
"""A Monday."""
_numbers = itertools.count(1)


def said(
    annotator: str,
    grade: int | None,
    *,
    query: str = "merge my files",
    skill: str = "mine/pdf",
    text: str = "a",
    minutes: float = 0,
    seconds: float | None = None,
) -> Judgement:
    """A verdict `minutes` after noon; `text` stands for the content hash."""
    at = NOON + timedelta(minutes=minutes)
    return Judgement(next(_numbers), query, skill, text, grade, annotator, at, seconds)


def settled(
    grade: int | None,
    *,
    query: str = "merge my files",
    skill: str = "mine/pdf",
    text: str = "a",
    minutes: float = 60,
) -> Settlement:
    at = NOON + timedelta(minutes=minutes)
    return Settlement(next(_numbers), query, skill, text, grade, "", "judge", at)
