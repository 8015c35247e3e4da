"""Training as a use case: plan it, run it, stop it, go on with it, look at it.

Responsible for a run's states and for doing its steps in order. Must not know how a step is
done, nor what becomes of a finished run: `runs()` and its folder tell whoever registers it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skillrouter_core.errors import Cancelled, SkillRouterError, UsageError
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records.training import (
    CurvePoint,
    RunState,
    TrainConfig,
    TrainingPlan,
    TrainingRun,
    TrainKind,
    TrainOptions,
)
from skillrouter_core.registry import Damaged
from skillrouter_core.workspace.training_runs import RunFolders, options_text
from skillrouter_core.workspace.training_tally import Tallies

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.training_steps import Steps

CANCEL, PAUSE = "cancel", "pause"
"""What the file `stop` of a run says."""


class Training:
    """Plans and does training runs; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is loaded yet."""
        self._ws = workspace
        self._folders = RunFolders(workspace.home / "models")
        self._tallies = Tallies(workspace)
        self._planned: tuple[tuple[object, ...], TrainingPlan] | None = None

    # ------------------------------------------------------------------ before

    def plan(self, options: TrainOptions) -> TrainingPlan:
        """Return what a run with these options would use, need and take; nothing is computed.

        Kept until labels, skills or options change. Raises UsageError for an unknown profile,
        the ModelError family for a missing model.
        """
        from skillrouter_core.workspace.training_plan import SPEEDS, Planner

        speeds = self._ws.home / "models" / SPEEDS
        key = (
            options,
            self._ws.labels.version(),
            self._ws.catalogs.fingerprint(),
            self._ws.routing.version(options.profile),
            speeds.stat().st_mtime_ns if speeds.exists() else 0,
        )
        if self._planned is None or self._planned[0] != key:
            self._planned = key, Planner(self._ws, self._tallies).plan(options)
        return self._planned[1]

    def recipe(self, profile: str, part: TrainKind) -> TrainConfig:
        """Return the hyperparameters that a profile's network is trained with unless told."""
        from skillrouter_core.train.config import recipe

        return recipe(part, self._ws.profile(profile).preset)

    def measure(self, options: TrainOptions, listener: ProgressListener = silent) -> float:
        """Train a few batches to see how fast this machine is; return the minutes of a run.

        The speed is kept for later plans. Raises TrainingError with too few skills.
        """
        from skillrouter_core.workspace.training_plan import Planner

        return Planner(self._ws).measure(options, listener)

    # ------------------------------------------------------------------ doing

    def job_params(self, name: str, options: TrainOptions | None = None) -> dict[str, str]:
        """Return the parameters of a job of the kind `train`; without options it goes on."""
        return {"name": name} | ({} if options is None else {"options": options_text(options)})

    def new_name(self, kind: TrainKind) -> str:
        """Return a name that no run has yet, from the kind and the time."""
        return self._folders.free_name(kind, datetime.now(UTC))

    def prepare(
        self, name: str, options: TrainOptions, listener: ProgressListener = silent
    ) -> TrainingRun:
        """Make a run with its labels and, for an encoder, its negatives, and stop there.

        `train` goes on with it. Raises as `train` does.
        """
        return self._do(name, options, listener, self._mine, RunState.PREPARED)

    def train(
        self,
        name: str,
        options: TrainOptions | None = None,
        listener: ProgressListener = silent,
    ) -> TrainingRun:
        """Do a run, or go on with it where it stands, and return it done.

        A run that exists goes on with its own options; others given than those are refused, and
        so is one that is done or cancelled. Raises TrainingError where there is too little to
        learn from, LeakageError where it would learn what is held out, ModelTooLargeError where
        memory is short, Cancelled when stopped, WorkspaceError while another process does it.
        """
        return self._do(name, options, listener, self._all, RunState.DONE)

    def pause(self, name: str) -> None:
        """Ask a run to stop after its present step; `train` goes on with it later.

        Cancelling its job does the same. Raises UsageError where no process is at work on it.
        """
        if not self._folders.at_work(name):
            raise UsageError(f"no process is at work on the run {name!r}; there is nothing to stop")
        self._ask_to_stop(name, PAUSE)

    def cancel(self, name: str) -> None:
        """Give a run up: it stops after its present step and cannot go on.

        Labels and curve stay until the run is removed. One that is done is left alone.
        """
        if self._folders.at_work(name):
            self._ask_to_stop(name, CANCEL)
            return
        run = self.run(name)
        if run.resumable:
            self._folders.write(self._given_up(run))

    def remove(self, name: str) -> None:
        """Delete a run's folder with its models.

        Raises WorkspaceError while it is at work; UsageError where its models are in use, or
        other models stand on them, as the registry does.
        """
        if self.run(name).state is RunState.DONE:
            self._ws.registry.delete(name)
        else:
            from skillrouter_core.workspace.removing import discard

            discard(self._ws, name)

    # ------------------------------------------------------------------ looking

    def runs(self) -> tuple[TrainingRun, ...]:
        """Return all runs, the newest first; `damaged` names those that cannot be read."""
        runs = self._folders.readable()[0]
        return tuple(sorted(runs, key=lambda run: run.created_at, reverse=True))

    def damaged(self) -> tuple[Damaged, ...]:
        """Return the runs whose file cannot be read, by name."""
        return self._folders.readable()[1]

    def run(self, name: str) -> TrainingRun:
        """Return one run as it stands; raise NotFoundError without one."""
        return self._folders.read(name)

    def curve(self, name: str) -> tuple[CurvePoint, ...]:
        """Return every step of a run so far, by network and step; cheap enough to ask often."""
        from skillrouter_core.train.curve import CURVE, read_curve

        return read_curve(self._folders.folder(name) / CURVE)

    # ------------------------------------------------------------------ inside

    def _do(
        self,
        name: str,
        options: TrainOptions | None,
        listener: ProgressListener,
        work: Callable[[Steps], None],
        end: RunState,
    ) -> TrainingRun:
        """Work on a run under its lock, and write down how it ended."""
        from skillrouter_core.train.stopping import STOP, stopping
        from skillrouter_core.workspace.training_steps import Steps

        self._open(name, options)
        with self._folders.working(name):
            run = self._folders.load(name)
            # At once: a wish that comes while the run begins is meant for it.
            (run.folder / STOP).unlink(missing_ok=True)
            self._refuse_ended(run)  # it may have been given up since
            run = self._begun(run)
            steps = Steps(self._ws, run, stopping(run.folder, listener), self._folders.write)
            began = time.monotonic()
            try:
                work(steps)
            except Cancelled:
                wish = run.folder / STOP
                given_up = wish.exists() and wish.read_text(encoding="utf-8") == CANCEL
                stopped = self._ended(steps.run, began, RunState.PAUSED, "resume it to go on")
                self._folders.write(self._given_up(stopped) if given_up else stopped)
                raise
            except SkillRouterError as error:
                self._folders.write(self._ended(steps.run, began, RunState.FAILED, str(error)))
                raise
            done = self._ended(steps.run, began, end, "")
            self._folders.write(done)
            return done

    def _open(self, name: str, options: TrainOptions | None) -> None:
        """Make a run that does not exist; refuse one that cannot go on, or not like this."""
        if not self._folders.exists(name):
            if options is None:
                raise UsageError(f"no training run is called {name!r}; give options to start one")
            self._folders.create(name, options)
            return
        run = self.run(name)
        self._refuse_ended(run)
        if options is not None and options != run.options:
            raise UsageError(
                f"the run {name!r} was started with other options; go on with it without giving "
                f"any, or choose another name"
            )

    def _refuse_ended(self, run: TrainingRun) -> None:
        if run.state in (RunState.DONE, RunState.CANCELLED):
            raise UsageError(f"the run {run.name!r} is {run.state}; choose another name")

    def _begun(self, run: TrainingRun) -> TrainingRun:
        from skillrouter_core.models import target_of
        from skillrouter_core.train.machine import machine, revision
        from skillrouter_core.workspace.training_numbers import keep_former

        profile = self._ws.profile(run.options.profile)
        models = {
            "encoder": target_of(profile.encoder),
            "reranker": target_of(profile.reranker) if profile.reranker else "",
            "preset": profile.preset,
        }
        if not run.models:
            keep_former(run.folder, profile)
        begun = replace(
            run,
            state=RunState.RUNNING,
            message="",
            models=run.models or models,
            revision=run.revision or revision(),
            machine=machine(),
            started_at=run.started_at or datetime.now(UTC),
        )
        self._folders.write(begun)
        return begun

    def _ended(self, run: TrainingRun, began: float, state: RunState, note: str) -> TrainingRun:
        seconds = run.seconds + time.monotonic() - began
        now = datetime.now(UTC) if state is RunState.DONE else None
        return replace(run, state=state, message=note, seconds=seconds, finished_at=now)

    def _given_up(self, run: TrainingRun) -> TrainingRun:
        """Return a run as cancelled, its half-trained networks gone."""
        for part in run.options.parts:
            if part.value not in run.reports:
                shutil.rmtree(run.folder / part.value, ignore_errors=True)
        return replace(run, state=RunState.CANCELLED, message="cancelled")

    def _ask_to_stop(self, name: str, wish: str) -> None:
        from skillrouter_core.mining.files import write_whole
        from skillrouter_core.train.stopping import STOP

        write_whole(self._folders.folder(name) / STOP, wish)

    def _mine(self, steps: Steps) -> None:
        steps.collect()
        if TrainKind.ENCODER in steps.run.options.parts:
            steps.mine_pairs()

    def _all(self, steps: Steps) -> None:
        steps.collect()
        steps.require()
        self._mine(steps)
        steps.guard()
        for part in steps.run.options.parts:
            if part is TrainKind.RERANKER:
                steps.mine_lists()
            steps.train(part)
            if part is TrainKind.ENCODER:
                steps.fit_encoder()  # before the lists are made with its mix
        steps.complete()
        steps.fit_reranker()
