"""What each kind of job does: one function a kind, over the use cases of the workspace.

Responsible for reading a job's parameters and for the words it ends with. Must not know in
which process it runs, nor who watches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skillrouter_core.errors import UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import RouteOptions, Split, Stage1, SyncReport
from skillrouter_core.records.exchange import ExportOptions, LabelFormat
from skillrouter_core.records.maps import Level
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.indexing import IndexReport

JobFunction = Callable[[Workspace, Mapping[str, str], ProgressListener], str]
"""Does the work of one kind of job and returns the message it ends with."""


def _import(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    source = _needed(params, "source")
    report = ws.catalogs.sync(source, params.get("name") or None, listener)
    return _counts(report) + _held(_build(ws, params, listener))


def _resync(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    report = ws.catalogs.resync(_needed(params, "name"), listener)
    return _counts(report) + _held(_build(ws, params, listener))


def _index(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    report = _build(ws, params, listener)
    return f"{report.skills} skills indexed, {report.embedded} texts embedded{_held(report)}"


def _duplicates(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    profile = params.get("profile") or RouteOptions().profile
    found = ws.duplicates.scan(listener, profile)
    message = f"{len(found.ids):,} skills compared, {len(found.pairs):,} pairs kept"
    if not ws.routing.version(profile):
        return message
    answered = ws.duplicates.answer_queries(listener, profile)
    return f"{message}, {answered:,} saved queries answered anew"


def _map(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    made = ws.map.build(
        listener,
        params.get("profile") or RouteOptions().profile,
        recompute=params.get("recompute") == "yes",
        dimensions=3 if params.get("dimensions") == "3" else 2,
    )
    crowds = ", ".join(f"{len(made.at(level))} {level} clusters" for level in Level)
    return f"{len(made):,} skills on the map, {crowds}. {made.note}".strip()


def _evaluate(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    options = RouteOptions(
        stage1=Stage1(params.get("stage1") or RouteOptions().stage1),
        rerank=params.get("rerank") != "no",
        body=params.get("body") != "no",
        candidates=int(params.get("candidates") or RouteOptions().candidates),
        profile=params.get("profile") or RouteOptions().profile,
    )
    made = ws.evaluation.keep_source(
        _needed(params, "source"),
        params.get("tier", ""),
        options=options,
        note=params.get("note", ""),
        listener=listener,
    )
    return f"{made.info.tasks:,} queries asked, Hit@1 {made.info.hit:.3f}"


def _suite(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    suite = _needed(params, "suite")
    run = ws.suites.run(suite, listener, params.get("profile") or RouteOptions().profile)
    found = ws.suites.alone(run.run_id).after
    return f"{found.right:,} of {found.judged:,} queries of the suite {suite} are answered right"


def _candidates(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    profile = params.get("profile") or RouteOptions().profile
    made = ws.queue.prepare(listener, params.get("suite") or None, profile)
    counts = f"{made.routed:,} queries routed, {made.ready:,} of {made.queries:,} ready"
    return ". ".join([counts, *made.notes])


def _benchmark(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    split = Split(params["split"]) if params.get("split") else None
    options = ExportOptions(LabelFormat.EVAL_CORE, split, params.get("suite") or None)
    place, made = ws.exchange.export_benchmark(options, listener)
    counts = f"{made.queries:,} tasks with {made.labels:,} graded skills written to {place}"
    return ". ".join([counts, *(note.rstrip(".") for note in made.notes)])


def _train(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    from skillrouter_core.workspace.training_runs import options_from

    options = options_from(params["options"]) if params.get("options") else None
    run = ws.training.train(_needed(params, "name"), options, listener)
    losses = ", ".join(
        f"{part}: loss {report.first_loss:.3f} to {report.last_loss:.3f} in {report.steps} steps"
        for part, report in run.reports.items()
    )
    return f"{run.name} is trained; {losses}"


def _measure_training(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    from skillrouter_core.workspace.training_runs import options_from

    minutes = ws.training.measure(options_from(_needed(params, "options")), listener)
    return f"such a run takes about {minutes:.0f} min on this machine"


def _promote(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    name = params.get("model") or _needed(params, "name")
    profile = params.get("profile") or RouteOptions().profile
    return ws.registry.promote(name, _needed(params, "author"), listener, profile).summary


def _rollback(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    profile = params.get("profile") or RouteOptions().profile
    return ws.registry.rollback(_needed(params, "author"), listener, profile).summary


def _measure(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    name = params.get("model") or _needed(params, "name")
    source, tier = params.get("source") or "labels", params.get("tier", "")
    made = ws.registry.measure(name, listener, source=source, tier=tier)
    hit = made["rows"][0]
    asked = f"{made['tasks']:,} queries asked, {hit['name']} {hit['before']} to {hit['after']}"
    return f"{asked}, a change of {hit['change']}"


def _build(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> IndexReport:
    profile = params.get("profile")
    return ws.indexing.build(listener, profile) if profile else ws.indexing.build(listener)


def _held(report: IndexReport) -> str:
    """Return what to add to a message where the index was made but not published."""
    if report.held is None:
        return ""
    return f"; held: {report.held.summary}, the old index goes on answering (see the page Suites)"


def _needed(params: Mapping[str, str], key: str) -> str:
    if not params.get(key):
        raise UsageError(f"the job got no {key!r} (its parameters: {dict(params)}); name one")
    return params[key]


def _counts(report: SyncReport) -> str:
    return (
        f"{report.catalog}: {report.added} added, {report.changed} changed, "
        f"{report.removed} removed, {report.unchanged} unchanged, {len(report.issues)} issues"
    )


KINDS: dict[str, JobFunction] = {
    "import": _import,
    "resync": _resync,
    "index": _index,
    "duplicates": _duplicates,
    "map": _map,
    "candidates": _candidates,
    "suite": _suite,
    "train": _train,
    "measure-training": _measure_training,
    "promote": _promote,
    "rollback": _rollback,
    "measure": _measure,
    "evaluate": _evaluate,
    "benchmark": _benchmark,
}
"""What a job of each kind does."""


def function_of(kind: str) -> JobFunction:
    """Return what a kind of job does; raise `UsageError` for one that is not known."""
    try:
        return KINDS[kind]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise UsageError(f"no job is called {kind!r}; choose one of: {known}") from None
