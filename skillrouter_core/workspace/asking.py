"""The saved queries put to a router, and answers taken from earlier runs where they still hold.

Responsible for what is asked and for what is kept of it. Must not know what becomes of two runs.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from db import suites as stored
from skillrouter_core.progress import Meter
from skillrouter_core.records import Route, SavedQuery
from skillrouter_core.records.suites import SuiteAnswer, SuiteRun
from skillrouter_core.suites import CANDIDATES
from skillrouter_core.workspace.answering import Answering

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

RUNS_SEARCHED = 50
"""Of one profile's runs so many, the newest, are searched for answers that still hold."""

KEPT_RUNS = 100
"""Runs of one suite and profile that are kept: three times what a trend shows. A run of 365 queries
takes 0.7 MB; where older ones are removed, the note of the run that made room says so."""

Answers = Mapping[str, SuiteAnswer]
"""Answers by the text of the query; what was expected in them is of whoever asked first."""


def ask(texts: Iterable[str], way: Answering, meter: Meter) -> dict[str, SuiteAnswer]:
    """Route each text once and return the answers; may raise what the listener raises."""
    found = {}
    for text in dict.fromkeys(texts):
        found[text] = _kept(way.route(text))
        meter.advance()
    return found


def _kept(route: Route) -> SuiteAnswer:
    return SuiteAnswer(
        query_text=route.query,
        expected=(),
        stage1_ranking=route.stage1_ranking[:CANDIDATES],
        ranking=route.ranking[:CANDIDATES],
        confidence=route.confidence,
        none_fits=route.none_fits,
        milliseconds=route.timings.total,
    )


def known(ws: Workspace, way: Answering, texts: Iterable[str]) -> dict[str, SuiteAnswer]:
    """Return the answers that earlier runs got in the very same way, by text."""
    wanted = frozenset(texts)
    found: dict[str, SuiteAnswer] = {}
    with ws.database.read() as session:
        for run in stored.runs(session, profile=way.profile, limit=RUNS_SEARCHED):
            if (run.models, dict(run.options)) != (way.models, dict(way.options)):
                continue
            for answer in stored.answers(session, run.run_id):
                if answer.query_text in wanted:
                    found.setdefault(answer.query_text, answer)
            if len(found) == len(wanted):
                break
    return found


def same_run(
    ws: Workspace, way: Answering, suite: str, queries: Sequence[SavedQuery]
) -> SuiteRun | None:
    """Return the newest run of a suite made in the very same way with these very queries."""
    wanted = {query.text: query.expected for query in queries}
    with ws.database.read() as session:
        for run in stored.runs(session, suite, way.profile, RUNS_SEARCHED):
            if (run.models, dict(run.options)) == (way.models, dict(way.options)):
                answers = stored.answers(session, run.run_id)
                if {answer.query_text: answer.expected for answer in answers} == wanted:
                    return run
    return None


def keep(
    ws: Workspace,
    way: Answering,
    suite: str,
    queries: Sequence[SavedQuery],
    answers: Answers,
    started: float,
    note: str = "",
) -> SuiteRun:
    """Keep one run of a suite, every query with what is expected of it now; return the run.

    `started` is when the asking began, on the clock of `time.monotonic`. Beyond KEPT_RUNS the
    oldest are removed, but those that an index waiting for a person is judged by.
    """
    run = stored.NewRun(
        suite=suite,
        profile=way.profile,
        index_version=way.index_version,
        models=way.models,
        options=way.options,
        held=way.held,
        note=note,
        seconds=time.monotonic() - started,
    )
    rows = [_expecting(answers[query.text], query.expected) for query in queries]
    held = ws.indexing.held(way.profile)
    spared = {one for pair in held.runs for one in pair} if held is not None else set()
    with ws.database.write() as session:
        removed = stored.prune(session, suite, way.profile, KEPT_RUNS - 1, spared)
        if removed:
            made_room = f"oldest runs removed: {removed}, as {KEPT_RUNS} are kept"
            run = replace(run, note=", ".join(filter(None, (note, made_room))))
        return stored.add(session, run, rows)


def _expecting(answer: SuiteAnswer, expected: tuple[str, ...]) -> SuiteAnswer:
    return replace(answer, expected=expected)
