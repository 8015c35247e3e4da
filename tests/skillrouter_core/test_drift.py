"""Repeats found in what was said, and how steady they make a person: worked by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from skillrouter_core.labelling.drift import drift, repeats
from tests.label_records import said

DAY = 24 * 60


def changes(*verdicts: tuple) -> list[tuple[int | None, int | None]]:
    history = [said("ada", grade, minutes=minutes) for grade, minutes in verdicts]
    return [(one.before.grade, one.after.grade) for one in repeats(history)]


@pytest.mark.parametrize(
    ("verdicts", "found"),
    [
        ([(1, 0)], []),
        ([(1, 0), (2, 2)], []),  # a correction
        ([(1, 0), (2, 30)], [(1, 2)]),
        ([(1, 0), (2, 2), (3, 30)], [(2, 3)]),  # the correction is what counts
        ([(1, 0), (2, 30), (3, 31)], [(1, 3)]),  # and so is that of the second verdict
        ([(1, 0), (2, 30), (3, 31), (0, 90)], [(1, 3), (3, 0)]),
        ([(None, 0), (2, 30)], [(None, 2)]),
    ],
)
def test_repeats_are_verdicts_apart_in_time(verdicts: list, found: list) -> None:
    assert changes(*verdicts) == found


def test_repeats_are_of_one_person_query_and_text() -> None:
    first = said("ada", 1)
    others = [
        said("bob", 2, minutes=30),
        said("ada", 2, minutes=30, text="b"),
        said("ada", 2, minutes=30, query="other"),
        said("ada", 2, minutes=30, skill="mine/other"),
    ]
    assert repeats([first, *others]) == ()


def test_drift_in_numbers() -> None:
    grades = [(3, 3), (2, 3), (1, 1), (0, 2), (1, None)]
    history = []
    for at, (before, after) in enumerate(grades):
        history.append(said("ada", before, skill=f"mine/{at}", minutes=at))
        history.append(said("ada", after, skill=f"mine/{at}", minutes=DAY + at))
    history.append(said("bob", 3))
    (found,) = drift(history, UTC)
    assert (found.annotator, found.repeats, found.unsure) == ("ada", 4, 1)
    assert found.equal == pytest.approx(0.5)
    assert found.change == pytest.approx(0.75)
    low, high = found.change_interval
    assert 0 <= low < 0.75 < high <= 2
    assert found.equal_interval == (0, 1)
    (point,) = found.points
    assert point.start == datetime(2026, 3, 3, tzinfo=UTC)
    assert (point.repeats, point.equal, point.change) == (4, 0.5, 0.75)


def test_many_days_are_told_by_the_week() -> None:
    days = (1, 3, 8, 20)
    history = [said("ada", 1, skill=f"mine/{day}") for day in days]
    history += [said("ada", 2, skill=f"mine/{day}", minutes=day * DAY) for day in days]
    (found,) = drift(history, UTC)
    starts = [(point.start.date().isoformat(), point.repeats) for point in found.points]
    assert starts == [("2026-03-02", 2), ("2026-03-09", 1), ("2026-03-16", 1)]


def test_people_who_repeated_nothing_gradable_are_left_out() -> None:
    assert drift([said("ada", None), said("ada", 1, minutes=60), said("bob", 1)]) == ()
