"""How a run in whatever processes is told to stop: a file in its folder.

Responsible for that file and the listener that looks for it. Must not know tensors.
"""

from __future__ import annotations

from pathlib import Path

from skillrouter_core.errors import Cancelled
from skillrouter_core.progress import Progress, ProgressListener

STOP = "stop"


def stopping(folder: Path, listener: ProgressListener) -> ProgressListener:
    """Return a listener that also stops the work once the file `stop` lies in the folder."""

    def listen(progress: Progress) -> None:
        listener(progress)
        if (folder / STOP).exists():
            raise Cancelled("stopped on request; what was finished is kept")

    return listen
