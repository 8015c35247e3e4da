"""The folders of training runs: what each was asked, where it stands, what it did.

Responsible for `run.json`, for the lock that says that a run is at work, and for the form of
options in JSON. Must not know how anything is trained.

    models/<name>/run.json       options, state, counts, reports, revision, machine, times
    models/<name>/labels.jsonl   the exact labels used; pairs, lists and texts beside it
    models/<name>/held-out.jsonl what the numbers around the networks are fitted on
    models/<name>/former.json    those numbers as they were around the models it trains from
    models/<name>/curve.jsonl    every step's loss
    models/<name>/encoder/       the models: together a profile once the state is "done"
    models/<name>/reranker/
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from skillrouter_core.errors import NotFoundError, TrainingError, UsageError, WorkspaceError
from skillrouter_core.records.training import (
    Method,
    MiningOptions,
    MiningReport,
    Objective,
    RunState,
    TrainConfig,
    TrainingRun,
    TrainKind,
    TrainOptions,
    TrainReport,
)
from skillrouter_core.registry import Damaged, checked_name

RUN = "run.json"


class RunFolders:
    """The runs below one folder."""

    def __init__(self, models: Path) -> None:
        """Bind to the workspace's folder `models`."""
        self._models = models

    def folder(self, name: str) -> Path:
        """Return a run's folder; raise UsageError for a name that no model may have."""
        return self._models / checked_name(name)

    def names(self) -> tuple[str, ...]:
        """Return the names of all runs, sorted."""
        found = (path.parent.name for path in self._models.glob(f"*/{RUN}"))
        return tuple(sorted(name for name in found if not name.startswith(".")))

    def free_name(self, kind: TrainKind, now: datetime) -> str:
        """Return a name for a new run that no folder has yet."""
        stem = f"{kind}-{now:%Y%m%d-%H%M}"
        names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
        return next(name for name in names if not (self._models / name).exists())

    def create(self, name: str, options: TrainOptions) -> TrainingRun:
        """Make a run's folder; raise UsageError where there is something already."""
        folder = self.folder(name)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            raise UsageError(f"{name!r} exists already; choose another name") from None
        run = TrainingRun(
            name=name,
            folder=folder,
            state=RunState.PREPARED,
            message="",
            options=options,
            models={},
            counts={},
            mining={},
            reports={},
            revision="",
            machine={},
            created_at=datetime.now(UTC),
            started_at=None,
            finished_at=None,
            seconds=0.0,
        )
        self.write(run)
        return run

    def exists(self, name: str) -> bool:
        """Return whether there is a run of that name."""
        return (self.folder(name) / RUN).is_file()

    def read(self, name: str) -> TrainingRun:
        """Return a run; one that says it is running, but holds no lock, was interrupted.

        Raises NotFoundError without one, TrainingError where its file is damaged.
        """
        run = self.load(name)
        if run.state is RunState.RUNNING and not self.at_work(name):
            message = "its process ended without a word; resume it"
            return replace(run, state=RunState.INTERRUPTED, message=message)
        return run

    def readable(self) -> tuple[list[TrainingRun], tuple[Damaged, ...]]:
        """Return the runs that can be read, and those that cannot, by name."""
        runs, damaged = [], []
        for name in self.names():
            try:
                runs.append(self.read(name))
            except NotFoundError:
                continue  # deleted meanwhile
            except (TrainingError, UsageError) as error:
                damaged.append(Damaged(name, str(error)))
        return runs, tuple(damaged)

    def load(self, name: str) -> TrainingRun:
        """Return a run as its file has it; raises as `read` does."""
        path = self.folder(name) / RUN
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return _run(path.parent, values)
        except FileNotFoundError:
            raise NotFoundError(f"no training run is called {name!r}; see `runs`") from None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise TrainingError(
                f"{path}: damaged ({type(error).__name__}: {error}); restore the file, or delete "
                f"the folder {path.parent.name} if nothing uses its models"
            ) from error

    def write(self, run: TrainingRun) -> None:
        """Replace a run's file in one step."""
        from skillrouter_core.mining.files import write_whole

        write_whole(run.folder / RUN, json.dumps(run_values(run), indent=2) + "\n")

    @contextmanager
    def working(self, name: str) -> Iterator[None]:
        """Hold a run's lock while the block runs; raise WorkspaceError where another does."""
        lock = self._lock(name)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise WorkspaceError(
                f"another process is at work on the run {name!r}; wait for it, or stop it first"
            ) from None
        try:
            yield
        finally:
            lock.release()

    def at_work(self, name: str) -> bool:
        """Return whether a living process holds a run."""
        try:
            with self._lock(name).acquire(timeout=0):
                return False
        except Timeout:
            return True

    def _lock(self, name: str) -> FileLock:
        # beside the folder, so that it can be held while the folder goes
        return FileLock(self._models / f".{self.folder(name).name}.lock")


def options_text(options: TrainOptions) -> str:
    """Return options as one line of JSON, as a job's parameters carry them."""
    return json.dumps(asdict(options))


def options_from(text: str) -> TrainOptions:
    """Return what `options_text` wrote; raise UsageError for anything else."""
    try:
        return _options(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"these are no training options: {text[:200]} ({error})") from error


def _options(values: Mapping[str, Any]) -> TrainOptions:
    return TrainOptions(
        **{
            **values,
            "kind": TrainKind(values["kind"]),
            "encoder": _config(values.get("encoder")),
            "reranker": _config(values.get("reranker")),
            "mining": MiningOptions(**values.get("mining", {})),
            "objective": Objective(values.get("objective", Objective.LISTWISE)),
        }
    )


def _config(values: Mapping[str, Any] | None) -> TrainConfig | None:
    if values is None:
        return None
    return TrainConfig(**{**values, "method": Method(values.get("method", Method.FULL))})


def run_values(run: TrainingRun) -> dict[str, Any]:
    """Return what `run.json` holds of a run."""
    reports = {
        part: {"steps": one.steps, "first_loss": one.first_loss, "last_loss": one.last_loss}
        for part, one in run.reports.items()
    }
    moments = {
        key: moment.isoformat() if moment else None
        for key, moment in (
            ("created_at", run.created_at),
            ("started_at", run.started_at),
            ("finished_at", run.finished_at),
        )
    }
    return {
        "name": run.name,
        "kind": run.options.kind.value,
        "base": run.options.profile,
        "seed": run.options.seed,
        "state": run.state.value,
        "message": run.message,
        "options": asdict(run.options),
        "models": dict(run.models),
        "counts": dict(run.counts),
        "mining": {part: asdict(one) for part, one in run.mining.items()},
        "reports": reports,
        "revision": run.revision,
        "machine": dict(run.machine),
        **moments,
        "seconds": run.seconds,
        "notes": list(run.notes),
    }


def _run(folder: Path, values: Mapping[str, Any]) -> TrainingRun:
    return TrainingRun(
        name=folder.name,
        folder=folder,
        state=RunState(values["state"]),
        message=values["message"],
        options=_options(values["options"]),
        models=values["models"],
        counts=values["counts"],
        mining={part: MiningReport(**one) for part, one in values["mining"].items()},
        reports={
            part: TrainReport(**one, folder=folder / part)
            for part, one in values["reports"].items()
        },
        revision=values["revision"],
        machine=values["machine"],
        created_at=datetime.fromisoformat(values["created_at"]),
        started_at=_moment(values["started_at"]),
        finished_at=_moment(values["finished_at"]),
        seconds=values["seconds"],
        notes=tuple(values.get("notes", ())),
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
