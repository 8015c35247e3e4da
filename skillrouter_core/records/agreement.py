"""What several people's verdicts add up to: consensus, agreement, conflicts, drift, progress.

Responsible for the records. Must not know how any of them is computed or shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from skillrouter_core.records.labels import Judgement, Settlement
from skillrouter_core.records.skills import Skill

GRADES = (0, 1, 2, 3)
USEFUL = 2
"""From this grade on a skill is worth loading for the query."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """The one grade of a query and a skill that training and exports read.

    `grade` None: nobody could tell, or so it was settled. `content_hash` is of the text that was
    judged. `judges` are the people whose verdicts on that text count, sorted. `settled`: a person
    settled the grade. `contested`: the verdicts differ by more than one grade or across `USEFUL`,
    and nobody settled it.
    """

    query_text: str
    skill_id: str
    content_hash: str
    grade: int | None
    judges: tuple[str, ...]
    settled: bool
    contested: bool


@dataclass(frozen=True, slots=True)
class Conflict:
    """A query and a skill that people graded differently on the same text.

    `verdicts` are each person's last word on the text `content_hash`, oldest first, "can't tell"
    among them; `older` those on earlier texts, which no longer count. `serious`: the grades
    differ by more than one or across `USEFUL`. `settlement` is the one that stands, if any.
    """

    query_text: str
    skill_id: str
    content_hash: str
    verdicts: tuple[Judgement, ...]
    older: tuple[Judgement, ...]
    serious: bool
    settlement: Settlement | None

    @property
    def spread(self) -> int:
        """By how many grades the verdicts differ at most (1 to 3)."""
        grades = [one.grade for one in self.verdicts if one.grade is not None]
        return max(grades) - min(grades)

    @property
    def newest(self) -> datetime:
        """When somebody last judged it."""
        return max(one.created_at for one in self.verdicts)


@dataclass(frozen=True, slots=True)
class JudgedText:
    """The text of a skill that people judged.

    `present`: the skill is still in its catalog; `changed`: it has another text by now.
    """

    skill: Skill
    present: bool
    changed: bool


@dataclass(frozen=True, slots=True)
class Alpha:
    """Krippendorff's alpha of some verdicts: 1 full agreement, 0 as by chance, below 0 worse.

    [`low`, `high`] is its 95% bootstrap interval. `value` is None where it is not defined, and
    `reason` says why. `pairs` counts the query-skill pairs with two grades or more, `grades` the
    grades in them.
    """

    value: float | None
    low: float | None
    high: float | None
    pairs: int
    grades: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TwoPeople:
    """How far two people agree on the pairs that both graded.

    `equal` is the share (0 to 1) with the same grade; `difference` the mean of `other`'s grade
    minus `one`'s, in grades: above 0, `other` is the milder.
    """

    one: str
    other: str
    alpha: Alpha
    equal: float
    difference: float


@dataclass(frozen=True, slots=True)
class AgreementReport:
    """How far everybody agrees.

    `people` are the twos who graded the same pairs, those with most in common first;
    `people_left_out` counts those that are not told. `meetings` has [4][4] counts: how often a
    grade (row) met another (column) in one pair, each two people counted once, so only the
    diagonal and above are filled. `unsure` counts the verdicts "can't tell", which alpha takes as
    missing.
    """

    alpha: Alpha
    people: tuple[TwoPeople, ...]
    people_left_out: int
    meetings: tuple[tuple[int, ...], ...]
    annotators: tuple[str, ...]
    verdicts: int
    unsure: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """One person judging the same text for the same query again, some time later."""

    before: Judgement
    after: Judgement

    @property
    def change(self) -> int | None:
        """By how many grades the second verdict is higher; None where either is "can't tell"."""
        if self.before.grade is None or self.after.grade is None:
            return None
        return self.after.grade - self.before.grade


@dataclass(frozen=True, slots=True)
class DriftPoint:
    """The repeats of one person in a stretch of time that begins at `start`."""

    start: datetime
    repeats: int
    equal: float
    change: float


@dataclass(frozen=True, slots=True)
class Drift:
    """How steady a person's verdicts are.

    `equal` is the share (0 to 1) of repeats with the same grade and `change` the mean signed
    change in grades, each with its 95% interval (low, high). Repeats with a "can't tell" are not
    among them and counted in `unsure`. `points` tell it over time.
    """

    annotator: str
    repeats: int
    unsure: int
    equal: float
    equal_interval: tuple[float, float]
    change: float
    change_interval: tuple[float, float]
    points: tuple[DriftPoint, ...]


@dataclass(frozen=True, slots=True)
class Pace:
    """How many verdicts, and how long those took whose time was measured (active seconds)."""

    verdicts: int = 0
    timed: int = 0
    seconds: float = 0.0

    @property
    def per_hour(self) -> float | None:
        """Verdicts an active hour; None before one was measured."""
        return self.timed * 3600 / self.seconds if self.seconds > 0 else None


@dataclass(frozen=True, slots=True)
class HourTally:
    """One hour of labelling by the clock; `annotators` is how many people said something."""

    start: datetime
    pace: Pace
    annotators: int


@dataclass(frozen=True, slots=True)
class PersonTally:
    """What one person has said so far; `balance` counts grades 0 to 3 and then "can't tell".

    `median_seconds` is of the verdicts whose time was measured, None without any.
    """

    annotator: str
    today: Pace
    all: Pace
    balance: tuple[int, int, int, int, int]
    taken_back: int
    median_seconds: float | None
    last_at: datetime


@dataclass(frozen=True, slots=True)
class SuiteTally:
    """How far a query set is labelled.

    `judged` queries have at least one verdict; `pairs` counts query-skill pairs with a verdict,
    `verdicts` what was said about them.
    """

    suite: str
    queries: int
    held_out: int
    judged: int
    pairs: int
    verdicts: int


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """How much of a cluster of the map people have judged.

    `cluster` is its number, `skills` its size. `judged` counts its skills with a verdict, `pairs`
    the query-skill pairs of these, `useful` those pairs whose consensus is `USEFUL` or better.
    """

    cluster: int
    name: str
    skills: int
    judged: int
    pairs: int
    useful: int


@dataclass(frozen=True, slots=True)
class LabelProgress:
    """How far the labelling has come.

    `hours` are the last hours by the clock, oldest first, those without a verdict among them.
    `balance` counts the consensus: pairs agreed on grades 0 to 3, then those nobody could tell.
    `contested` and `settled` count pairs.
    """

    today: Pace
    all: Pace
    hours: tuple[HourTally, ...]
    people: tuple[PersonTally, ...]
    suites: tuple[SuiteTally, ...]
    balance: tuple[int, int, int, int, int]
    pairs: int
    doubled: int
    contested: int
    settled: int
