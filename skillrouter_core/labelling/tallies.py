"""How far the labelling has come: by the hour, by person, by query set, by cluster.

Responsible for counting what was said. Must not know where it is kept or how it is drawn; the
present moment and the time zone are handed in.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from statistics import median

from skillrouter_core.records import Judgement, SavedQuery, Split
from skillrouter_core.records.agreement import (
    USEFUL,
    Agreed,
    CoverageRow,
    HourTally,
    Pace,
    PersonTally,
    SuiteTally,
)
from skillrouter_core.records.maps import CatalogMap, Level

HOURS = 12
"""How many hours by the clock are told, the present one among them."""

Balance = tuple[int, int, int, int, int]


def pace(verdicts: Iterable[Judgement]) -> Pace:
    """Return how many verdicts there are and the active seconds of those that were measured."""
    every = list(verdicts)
    seconds = [one.seconds for one in every if one.seconds is not None]
    return Pace(len(every), len(seconds), sum(seconds))


def since(verdicts: Iterable[Judgement], start: datetime) -> list[Judgement]:
    """Return those said at `start` or later."""
    return [one for one in verdicts if one.created_at >= start]


def day_start(now: datetime) -> datetime:
    """Return the midnight before `now`, in its own time zone."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def by_hour(
    verdicts: Iterable[Judgement], now: datetime, hours: int = HOURS
) -> tuple[HourTally, ...]:
    """Return the last `hours` hours by the clock of `now`'s time zone, oldest first."""
    present = now.replace(minute=0, second=0, microsecond=0)
    starts = [present - timedelta(hours=back) for back in reversed(range(hours))]
    said: dict[datetime, list[Judgement]] = {start: [] for start in starts}
    for one in since(verdicts, starts[0]):
        # Hours are counted back from the present one: a change of the clocks repeats none.
        back = -((one.created_at - present) // timedelta(hours=1))
        said[present - timedelta(hours=max(back, 0))].append(one)
    return tuple(
        HourTally(start, pace(each), len({one.annotator for one in each}))
        for start, each in sorted(said.items())
    )


def balance(grades: Iterable[int | None]) -> Balance:
    """Return how often each grade 0 to 3 was given, and last how often nobody could tell."""
    counts = Counter(grades)
    return (counts[0], counts[1], counts[2], counts[3], counts[None])


def by_person(
    counted: Iterable[Judgement],
    every: Iterable[Judgement],
    taken_back: Mapping[str, int],
    now: datetime,
) -> tuple[PersonTally, ...]:
    """Return what each person said, by name.

    `counted` are the verdicts that count, which make the balance; `every` those not taken back,
    repeats and corrections among them, which make the pace.
    """
    graded, said = _by_annotator(counted), _by_annotator(every)
    midnight = day_start(now)
    return tuple(
        _person(name, graded.get(name, []), said[name], taken_back.get(name, 0), midnight)
        for name in sorted(said)
    )


def by_suite(queries: Iterable[SavedQuery], counted: Iterable[Judgement]) -> tuple[SuiteTally, ...]:
    """Return how far each query set is labelled, by name; a text may be in several."""
    pairs: dict[str, Counter[str]] = defaultdict(Counter)
    for one in counted:
        pairs[one.query_text][one.skill_id] += 1
    suites: dict[str, list[SavedQuery]] = defaultdict(list)
    for query in queries:
        suites[query.suite].append(query)
    return tuple(_suite(name, suites[name], pairs) for name in sorted(suites))


def coverage(
    made: CatalogMap, level: Level, agreed: Iterable[Agreed]
) -> tuple[tuple[CoverageRow, ...], CoverageRow | None]:
    """Return how much of each cluster is judged, largest first, and of all skills in none.

    The second is None where every skill on the map is in a cluster. Pairs of skills that are not
    on the map are left out.
    """
    numbers = made.numbers(level)
    cluster_of = {skill_id: int(number) for skill_id, number in zip(made.ids, numbers, strict=True)}
    found: dict[int, list[Agreed]] = defaultdict(list)
    for one in agreed:
        number = cluster_of.get(one.skill_id)
        if number is not None and one.judges:
            found[number].append(one)
    rows = tuple(_covered(one.number, one.size, one.name, found) for one in made.at(level))
    outside = sum(number < 0 for number in cluster_of.values())
    return rows, _covered(-1, outside, "in no cluster", found) if outside else None


def _covered(
    number: int, size: int, name: str, found: Mapping[int, Sequence[Agreed]]
) -> CoverageRow:
    pairs = found.get(number, ())
    useful = sum(one.grade is not None and one.grade >= USEFUL for one in pairs)
    judged = len({one.skill_id for one in pairs})
    return CoverageRow(number, name, size, judged, len(pairs), useful)


def _by_annotator(verdicts: Iterable[Judgement]) -> dict[str, list[Judgement]]:
    found: dict[str, list[Judgement]] = defaultdict(list)
    for one in verdicts:
        found[one.annotator].append(one)
    return found


def _person(
    name: str,
    counted: Sequence[Judgement],
    said: Sequence[Judgement],
    taken_back: int,
    midnight: datetime,
) -> PersonTally:
    seconds = [one.seconds for one in said if one.seconds is not None]
    return PersonTally(
        annotator=name,
        today=pace(since(said, midnight)),
        all=pace(said),
        balance=balance(one.grade for one in counted),
        taken_back=taken_back,
        median_seconds=median(seconds) if seconds else None,
        last_at=max(one.created_at for one in said),
    )


def _suite(
    name: str, queries: Sequence[SavedQuery], pairs: Mapping[str, Counter[str]]
) -> SuiteTally:
    found = [pairs[query.text] for query in queries if query.text in pairs]
    return SuiteTally(
        suite=name,
        queries=len(queries),
        held_out=sum(query.split is Split.HELD_OUT for query in queries),
        judged=len(found),
        pairs=sum(len(each) for each in found),
        verdicts=sum(each.total() for each in found),
    )
