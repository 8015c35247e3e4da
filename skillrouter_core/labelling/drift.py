"""Whether a person still judges as before: the same text for the same query, asked again later.

Responsible for finding repeats in what was said and for summing them up. Must not know why a
pair came back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, tzinfo

from skillrouter_core.metrics import bootstrap_interval
from skillrouter_core.records import Judgement
from skillrouter_core.records.agreement import Drift, DriftPoint, Repeat

APART = timedelta(minutes=3)
"""A second verdict sooner than this corrects the first; later, it is a judgement of its own."""

DAYS = 14
"""Repeats spread over more days than this are told by the week."""


def repeats(history: Iterable[Judgement]) -> tuple[Repeat, ...]:
    """Return who judged what again, oldest first; `history` has no verdict that was taken back.

    Each verdict is held against the last one of the same person, query and text before it; a
    verdict within `APART` of the one before replaces that one.
    """
    last: dict[tuple[str, str, str, str], tuple[Judgement, Judgement | None]] = {}
    found: dict[tuple[str, str, str, str], list[Repeat]] = defaultdict(list)
    for one in sorted(history, key=lambda each: (each.created_at, each.judgement_id)):
        key = (one.annotator, one.query_text, one.skill_id, one.content_hash)
        newest, before = last.get(key, (None, None))
        if newest is not None and one.created_at - newest.created_at < APART:
            if before is not None:
                found[key][-1] = Repeat(before, one)
            last[key] = (one, before)
            continue
        if newest is not None:
            found[key].append(Repeat(newest, one))
        last[key] = (one, newest)
    every = [repeat for group in found.values() for repeat in group]
    return tuple(sorted(every, key=lambda each: (each.after.created_at, each.after.judgement_id)))


def drift(history: Iterable[Judgement], zone: tzinfo | None = None) -> tuple[Drift, ...]:
    """Return each person's steadiness, by name; people without a repeat are left out.

    `zone` says where days begin; None is local time.
    """
    people: dict[str, list[Repeat]] = defaultdict(list)
    for repeat in repeats(history):
        people[repeat.after.annotator].append(repeat)
    found = (_drift(name, people[name], zone) for name in sorted(people))
    return tuple(one for one in found if one is not None)


def _drift(annotator: str, found: Sequence[Repeat], zone: tzinfo | None) -> Drift | None:
    graded = [(one, one.change) for one in found if one.change is not None]
    changes = [change for _, change in graded if change is not None]
    if not changes:
        return None
    same = [float(change == 0) for change in changes]
    return Drift(
        annotator=annotator,
        repeats=len(changes),
        unsure=len(found) - len(changes),
        equal=_mean(same),
        equal_interval=bootstrap_interval(same),
        change=_mean(changes),
        change_interval=bootstrap_interval(changes),
        points=_points([one for one, _ in graded], changes, zone),
    )


def _points(
    found: Sequence[Repeat], changes: Sequence[int], zone: tzinfo | None
) -> tuple[DriftPoint, ...]:
    """Return repeats by the day, or by the week (from Monday) where they span many days."""
    days = [_day(one.after.created_at, zone) for one in found]
    if max(days) - min(days) > timedelta(days=DAYS):
        days = [day - timedelta(days=day.weekday()) for day in days]
    stretches: dict[datetime, list[int]] = defaultdict(list)
    for day, change in zip(days, changes, strict=True):
        stretches[day].append(change)
    return tuple(
        DriftPoint(day, len(values), _mean([value == 0 for value in values]), _mean(values))
        for day, values in sorted(stretches.items())
    )


def _day(moment: datetime, zone: tzinfo | None) -> datetime:
    return moment.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
