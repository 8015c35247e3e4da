"""Counting what was said: by hour, person, query set and cluster."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from skillrouter_core.labelling.consensus import consensus
from skillrouter_core.labelling.tallies import (
    balance,
    by_hour,
    by_person,
    by_suite,
    coverage,
    day_start,
    pace,
)
from skillrouter_core.records import SavedQuery, Split
from skillrouter_core.records.agreement import Pace
from skillrouter_core.records.maps import CatalogMap, Cluster, Level
from tests.label_records import NOON, said

NOW = NOON + timedelta(minutes=20)


def test_pace_is_over_measured_seconds_alone() -> None:
    found = pace([said("ada", 1, seconds=6), said("ada", 2, seconds=12), said("ada", 3)])
    assert found == Pace(3, 2, 18)
    assert found.per_hour == 400
    assert pace([said("ada", 1)]).per_hour is None


def test_hours_are_told_by_the_clock_empty_ones_too() -> None:
    minutes = (-181, -179, -60, -1, 0, 19, 25)  # the last one by a clock that is ahead
    verdicts = [said("ada", 1, minutes=each, seconds=9) for each in minutes]
    found = by_hour([*verdicts, said("bob", 2, minutes=5)], NOW, 4)
    assert [one.start.hour for one in found] == [9, 10, 11, 12]
    assert [one.pace.verdicts for one in found] == [1, 0, 2, 4]
    assert [one.pace.seconds for one in found] == [9, 0, 18, 27]
    assert [one.annotators for one in found] == [1, 0, 1, 2]


@pytest.mark.parametrize(("offset", "hour"), [(0, 12), (5.5, 17)])
def test_hours_and_days_begin_where_the_zone_says(offset: float, hour: int) -> None:
    now = NOW.astimezone(timezone(timedelta(hours=offset)))
    (found,) = by_hour([said("ada", 1, minutes=-20)], now, 1)
    assert (found.start.hour, found.start.minute, found.pace.verdicts) == (hour, 0, offset != 0)
    assert day_start(now).utcoffset() == timedelta(hours=offset)
    assert day_start(now).hour == 0


def test_balance_has_a_place_for_nobody_could_tell() -> None:
    assert balance([0, 3, 3, None, 1]) == (1, 1, 0, 2, 1)


def test_people_by_name_with_their_day_and_all_they_said() -> None:
    early = said("ada", 0, minutes=-13 * 60, seconds=4)
    late = said("ada", 1, minutes=-1, seconds=8)
    repeat = said("ada", 2, minutes=1, seconds=9)
    other = said("bob", None)
    found = by_person([early, repeat, other], [early, late, repeat, other], {"ada": 2}, NOW)
    ada, bob = found
    assert (ada.annotator, bob.annotator) == ("ada", "bob")
    assert (ada.today, ada.all) == (Pace(2, 2, 17), Pace(3, 3, 21))
    assert (ada.balance, bob.balance) == ((1, 0, 1, 0, 0), (0, 0, 0, 0, 1))
    assert (ada.taken_back, bob.taken_back) == (2, 0)
    assert (ada.median_seconds, bob.median_seconds) == (8, None)
    assert ada.last_at == NOON + timedelta(minutes=1)


def query(text: str, suite: str, split: Split = Split.TRAIN) -> SavedQuery:
    return SavedQuery(1, text, suite, (), "ada", NOON, "", split)


def test_query_sets_with_what_is_judged_of_them() -> None:
    queries = [
        query("one", "a"),
        query("two", "a", Split.HELD_OUT),
        query("one", "b"),
        query("three", "b"),
        query("four", "c"),
    ]
    verdicts = [
        said("ada", 1, query="one"),
        said("bob", 1, query="one"),
        said("ada", 2, query="one", skill="mine/other"),
        said("ada", 2, query="two"),
        said("ada", 2, query="saved nowhere"),
    ]
    found = by_suite(queries, verdicts)
    assert [
        (one.suite, one.queries, one.held_out, one.judged, one.pairs, one.verdicts) for one in found
    ] == [("a", 2, 1, 2, 3, 4), ("b", 2, 0, 1, 2, 3), ("c", 1, 0, 0, 0, 0)]


def cluster(number: int, name: str, size: int) -> Cluster:
    return Cluster(Level.COARSE, number, name, (), size, (0, 0), (0, 0, 0, 0), number)


def catalog_map(numbers: list[int], clusters: tuple[Cluster, ...]) -> CatalogMap:
    ids = tuple(f"mine/{at}" for at in range(len(numbers)))
    array = np.array(numbers, dtype=np.int16)
    xy = np.zeros((len(numbers), 2), dtype=np.float32)
    return CatalogMap(ids, ids, xy, None, array, array, clusters, None, 0, "v", 0, "")


def test_clusters_with_what_is_judged_of_them() -> None:
    made = catalog_map(
        [0, 0, 0, 1, 1, -1], (cluster(0, "files", 3), cluster(1, "pods", 2), cluster(2, "mail", 0))
    )
    agreed = consensus(
        [
            said("ada", 3, skill="mine/0"),
            said("bob", 2, skill="mine/0"),
            said("ada", 0, skill="mine/0", query="other"),
            said("ada", 1, skill="mine/2"),
            said("ada", 2, skill="mine/5"),
            said("ada", 2, skill="gone/away"),
        ],
        [],
    )
    rows, outside = coverage(made, Level.COARSE, agreed)
    assert [(one.name, one.skills, one.judged, one.pairs, one.useful) for one in rows] == [
        ("files", 3, 2, 3, 1),
        ("pods", 2, 0, 0, 0),
        ("mail", 0, 0, 0, 0),
    ]
    assert outside is not None
    assert (outside.skills, outside.judged, outside.useful) == (1, 1, 1)


def test_no_row_for_skills_outside_where_there_are_none() -> None:
    rows, outside = coverage(catalog_map([0], (cluster(0, "files", 1),)), Level.COARSE, [])
    assert outside is None
    assert rows[0].judged == 0
    assert day_start(datetime(2026, 3, 2, tzinfo=UTC)) == datetime(2026, 3, 2, tzinfo=UTC)
