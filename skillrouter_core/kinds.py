"""What each kind of job does: one function a kind, over the use cases of the workspace.

Responsible for reading a job's parameters and for the words it ends with. Must not know in
which process it runs, nor who watches.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from skillrouter_core.errors import UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import RouteOptions, SyncReport
from skillrouter_core.records.maps import Level
from skillrouter_core.workspace import Workspace

JobFunction = Callable[[Workspace, Mapping[str, str], ProgressListener], str]
"""Does the work of one kind of job and returns the message it ends with."""


def _import(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    source = _needed(params, "source")
    report = ws.catalogs.sync(source, params.get("name") or None, listener)
    _build(ws, params, listener)
    return _counts(report)


def _resync(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    report = ws.catalogs.resync(_needed(params, "name"), listener)
    _build(ws, params, listener)
    return _counts(report)


def _index(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    return _build(ws, params, listener)


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


def _build(ws: Workspace, params: Mapping[str, str], listener: ProgressListener) -> str:
    profile = params.get("profile")
    report = ws.indexing.build(listener, profile) if profile else ws.indexing.build(listener)
    return f"{report.skills} skills indexed, {report.embedded} texts embedded"


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
}
"""What a job of each kind does."""


def function_of(kind: str) -> JobFunction:
    """Return what a kind of job does; raise `UsageError` for one that is not known."""
    try:
        return KINDS[kind]
    except KeyError:
        known = ", ".join(sorted(KINDS))
        raise UsageError(f"no job is called {kind!r}; choose one of: {known}") from None
