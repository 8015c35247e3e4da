"""Suites of saved queries: run again, compared run by run, and asked before an index is kept.

Responsible for the runs and for what changed between two. Must not know how an index is built,
published or held back: `holding` asks `compare` and decides.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db import suites as stored
from skillrouter_core.errors import UsageError
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import SavedQuery
from skillrouter_core.records.suites import (
    Estimate,
    QueryChange,
    Standing,
    SuiteAnswer,
    SuiteDiff,
    SuiteRun,
)
from skillrouter_core.workspace.answering import Answering, answering
from skillrouter_core.workspace.asking import Answers, ask, keep, known, same_run

if TYPE_CHECKING:
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.models import Profile
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.loading import Models

BEFORE, AFTER = "before a change", "after a change"
"""Notes of the runs that a comparison made."""

TREND_RUNS = 30
"""Runs in a trend, the newest."""

STAGE = "asking saved queries"


@dataclass(frozen=True, slots=True)
class Point:
    """One run in a trend: how many of its queries are judged, and the share that is right."""

    run: SuiteRun
    judged: int
    hit: Estimate | None


@dataclass(frozen=True, slots=True)
class Breaks:
    """The queries of one suite that break from the run `before` to the run `after`."""

    suite: str
    before: int
    after: int
    changes: tuple[QueryChange, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every suite answered in two ways: a pair of runs (before, after) a suite, with its diff."""

    pairs: tuple[tuple[SuiteRun, SuiteRun], ...]
    diffs: tuple[SuiteDiff, ...]

    @property
    def broken(self) -> tuple[QueryChange, ...]:
        """The queries that were right and would not be any more."""
        return tuple(change for each in self.diffs for change in each.of(Standing.BROKEN))

    @property
    def queries(self) -> int:
        """How many saved queries were compared."""
        return sum(each.compared for each in self.diffs)


class Suites:
    """What can be done with suites and their runs; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace."""
        self._workspace = workspace

    def run(
        self, suite: str, listener: ProgressListener = silent, profile: str = "compact"
    ) -> SuiteRun:
        """Ask a suite's queries of the app as it is, keep the answers and return the run.

        Asked are the queries of which something is expected. Raises UsageError where there is
        none, IndexNotReadyError before the first index, the ModelError family, and what the
        listener raises; nothing is kept then.
        """
        from skillrouter_core.workspace.serving import of_index

        queries = self._expecting(suite).get(suite, ())
        if not queries:
            raise UsageError(
                f"no query of the suite {suite!r} says which skills should answer it; save one "
                "with its skills on the page Route, or add them on the page Suites"
            )
        index = self._workspace.routing.index(profile)
        pinned = self._workspace.indexing.held(profile) is not None
        way = answering(
            self._workspace, of_index(self._workspace, profile, index), index, live=not pinned
        )
        started = time.monotonic()
        meter = Meter(listener, STAGE, len(queries), unit="queries")
        answers = ask((query.text for query in queries), way, meter)
        return keep(self._workspace, way, suite, queries, answers, started)

    def runs(
        self, suite: str | None = None, profile: str | None = None, limit: int | None = None
    ) -> tuple[SuiteRun, ...]:
        """Return the runs, of one suite and one profile if named, newest first."""
        with self._workspace.database.read() as session:
            return stored.runs(session, suite, profile, limit)

    def profiles(self) -> tuple[str, ...]:
        """Return the profiles that runs were made with, by name."""
        with self._workspace.database.read() as session:
            return stored.profiles(session)

    def answers(self, run_id: int) -> tuple[SuiteAnswer, ...]:
        """Return a run's answers by text, as they were kept; NotFoundError without the run."""
        with self._workspace.database.read() as session:
            return stored.answers(session, run_id)

    def diff(self, before_id: int, after_id: int) -> SuiteDiff:
        """Return what changed between two runs, both judged by what is expected today.

        A query that is not saved any more is judged by what was expected of it in its newer run.
        Raises NotFoundError without one of the runs.
        """
        with self._workspace.database.read() as session:
            before, after = stored.run(session, before_id), stored.run(session, after_id)
            answers = [stored.answers(session, run.run_id) for run in (before, after)]
        queries = self._workspace.labels.queries(after.suite)
        return self._diff(answers[0], answers[1], queries)

    def alone(self, run_id: int) -> SuiteDiff:
        """Return one run as if held against itself: what is right, wrong and never retrieved."""
        return self.diff(run_id, run_id)

    def broken(self, pairs: Sequence[tuple[int, int]]) -> tuple[Breaks, ...]:
        """Return by suite the queries that break from the first to the second run of each pair.

        As `diff`, judged by what is expected today: a query whose expectation was changed since
        may be among them no more. Suites in which nothing breaks are left out.
        """
        found = []
        for before, after in pairs:
            changes = self.diff(before, after).of(Standing.BROKEN)
            if changes:
                with self._workspace.database.read() as session:
                    suite = stored.run(session, after).suite
                found.append(Breaks(suite, before, after, changes))
        return tuple(found)

    def trend(self, suite: str, profile: str, limit: int = TREND_RUNS) -> tuple[Point, ...]:
        """Return Hit@1 of the newest runs, oldest first, judged by what is expected today."""
        from skillrouter_core.suites import estimate

        with self._workspace.database.read() as session:
            runs = stored.runs(session, suite, profile, limit)[::-1]
            firsts = stored.firsts(session, [run.run_id for run in runs])
        today = {query.text: query.expected for query in self._workspace.labels.queries(suite)}
        points = []
        for run in runs:
            judged = [
                float(first in wanted)
                for text, then, first in firsts[run.run_id]
                if (wanted := today.get(text, then))
            ]
            points.append(Point(run, len(judged), estimate(judged)))
        return tuple(points)

    def answering(
        self,
        profile: Profile,
        index: SkillIndex,
        *,
        models: Models | None = None,
        held: bool = False,
    ) -> Answering:
        """Return the way in which an index answers with a profile's models, for `compare`.

        Its skills have the texts that the index was made of. Raises the ModelError family.
        """
        return answering(self._workspace, profile, index, models=models, held=held)

    def at_stake(self) -> bool:
        """Return whether any saved query says which skills should answer it."""
        return any(size.expected for size in self._workspace.labels.suite_sizes())

    def compare(
        self, before: Answering, after: Answering, listener: ProgressListener = silent
    ) -> Comparison:
        """Ask every suite's queries in two ways, keep both runs, and return what changed.

        Asked are the queries of which something is expected; answers that an earlier run got in
        the very same way are used again. The runs of `after` are marked as held where it says so
        and some query breaks. Raises what the models and the listener raise; nothing is kept
        then.
        """
        suites = self._expecting()
        texts = {query.text for queries in suites.values() for query in queries}
        started = time.monotonic()
        old, new = (known(self._workspace, way, texts) for way in (before, after))
        missing = [sorted(texts - found.keys()) for found in (old, new)]
        meter = Meter(listener, STAGE, sum(map(len, missing)), unit="queries")
        old |= ask(missing[0], before, meter)
        new |= ask(missing[1], after, meter)
        diffs = {
            suite: self._diff(_of(queries, old), _of(queries, new), queries)
            for suite, queries in suites.items()
        }
        broken = any(each.of(Standing.BROKEN) for each in diffs.values())
        after = replace(after, held=after.held and broken)
        pairs = [
            (
                self._kept(before, suite, queries, old, started, BEFORE),
                self._kept(after, suite, queries, new, started, AFTER),
            )
            for suite, queries in suites.items()
        ]
        return Comparison(tuple(pairs), tuple(diffs.values()))

    def _expecting(self, suite: str | None = None) -> dict[str, list[SavedQuery]]:
        """Return by suite the queries of which something is expected; suites without are out."""
        found: dict[str, list[SavedQuery]] = {}
        for query in self._workspace.labels.queries(suite):
            if query.expected:
                found.setdefault(query.suite, []).append(query)
        return found

    def _kept(
        self,
        way: Answering,
        suite: str,
        queries: Sequence[SavedQuery],
        answers: Answers,
        started: float,
        note: str,
    ) -> SuiteRun:
        earlier = same_run(self._workspace, way, suite, queries)
        return earlier or keep(self._workspace, way, suite, queries, answers, started, note)

    def _diff(
        self,
        before: Sequence[SuiteAnswer],
        after: Sequence[SuiteAnswer],
        queries: Sequence[SavedQuery],
    ) -> SuiteDiff:
        from skillrouter_core.suites import diff

        expected = {query.text: query.expected for query in queries}
        return diff(before, after, expected, self._near_copies)

    def _near_copies(self, pairs: Sequence[tuple[str, str]]) -> frozenset[tuple[str, str]]:
        """Return the pairs whose bodies are nearly the same, as answers are folded on Route."""
        from skillrouter_core.folding import fold

        skills = self._workspace.catalogs.skills_as_last_seen(
            sorted({skill_id for pair in pairs for skill_id in pair})
        )
        return frozenset(
            pair
            for pair in pairs
            if all(one in skills for one in pair) and len(fold([skills[one] for one in pair])) == 1
        )


def _of(queries: Sequence[SavedQuery], answers: Answers) -> list[SuiteAnswer]:
    return [answers[query.text] for query in queries]
