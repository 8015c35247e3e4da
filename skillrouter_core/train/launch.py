"""Several processes that train one network, started and watched from one.

Responsible for `torchrun` with one process a GPU, and for telling a listener what they write.
Must not know what they train.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import torch

from skillrouter_core.errors import Cancelled, TrainingError
from skillrouter_core.progress import Progress, ProgressListener
from skillrouter_core.records.training import TrainKind, TrainReport
from skillrouter_core.train.curve import CURVE, read_curve
from skillrouter_core.train.runner import ERROR, train_part, trained
from skillrouter_core.train.stopping import STOP

POLL_SECONDS = 0.5
GRACE_SECONDS = 600.0
"""How long processes that were asked to stop may take to finish their step and save it."""

LAST_LINES = 20
ROOT = Path(__file__).parents[2]


def train_on_all(folder: Path, part: TrainKind, listener: ProgressListener) -> TrainReport:
    """Train one network of a run on every GPU there is, or on the one device."""
    count = torch.cuda.device_count()
    return (
        train_together(folder, part, listener, count)
        if count > 1
        else (train_part(folder, part, listener))
    )


def train_together(
    folder: Path, part: TrainKind, listener: ProgressListener, processes: int
) -> TrainReport:
    """Train one network of a run in several processes; the steps are those of one process alone.

    Raises Cancelled where the listener does or the file `stop` appears, TrainingError with what
    they said last where the processes fail.
    """
    log, error = folder / f"{part}.log", folder / ERROR
    error.unlink(missing_ok=True)
    if not trained(folder, part):
        with log.open("wb") as output:
            child = subprocess.Popen(  # noqa: S603  # our own interpreter and module
                _command(folder, part, processes),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=_environment(),
            )
        _follow(child, folder, part, listener)
    if not trained(folder, part):
        said = error if error.exists() else log
        raise TrainingError(f"the training processes failed; see {log}: {_ending(said)}")
    return train_part(folder, part, listener)


def _command(folder: Path, part: TrainKind, processes: int) -> list[str]:
    launcher = ["torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    module = ["-m", "skillrouter_core.train", str(folder), part.value]
    return [sys.executable, "-m", *launcher, *module]


def _environment() -> dict[str, str]:
    inherited = os.environ.get("PYTHONPATH")
    path = os.pathsep.join([str(ROOT), *([inherited] if inherited else [])])
    return {**os.environ, "PYTHONPATH": path}


def _follow(
    child: subprocess.Popen[bytes], folder: Path, part: TrainKind, listener: ProgressListener
) -> None:
    """Tell the listener until the child ends; a listener that stops the work stops the child."""
    try:
        while child.poll() is None:
            _tell(folder, part, listener)
            time.sleep(POLL_SECONDS)
    except BaseException:
        (folder / STOP).touch()
        try:
            child.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise
    if (folder / STOP).exists():
        raise Cancelled("stopped on request; what was finished is kept")


def _tell(folder: Path, part: TrainKind, listener: ProgressListener) -> None:
    points = [point for point in read_curve(folder / CURVE) if point.part == part.value]
    if points:
        last = points[-1]
        stage = f"Training the {part}, loss {last.loss:.3f}"
        listener(Progress(stage, last.step, last.steps, last.seconds, "steps"))
    else:
        listener(Progress(f"Training the {part}", 0, 0, 0.0, "steps"))


def _ending(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return " | ".join(lines[-LAST_LINES:])
