"""Loading models beside the pages, so that a page paints before they are there.

Responsible for one background thread per workspace and profile, and for telling how it
fares. The thread never touches streamlit. Must not know what the models are for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import streamlit as st

from skillrouter_core.errors import SkillRouterError


@dataclass(slots=True)
class Warmup:
    """One attempt to load a profile's models; read it from any thread."""

    work: Callable[[], None]
    started: float = field(default_factory=time.monotonic)
    ready: bool = False
    error: str = ""
    thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin loading; returns at once."""
        self.thread = threading.Thread(target=self._run, name="warm-up", daemon=True)
        self.thread.start()

    @property
    def loading(self) -> bool:
        """Whether the thread still works; when it does not, see `ready` and `error`."""
        return self.thread is not None and self.thread.is_alive()

    @property
    def seconds(self) -> float:
        """Seconds since the attempt began."""
        return time.monotonic() - self.started

    def _run(self) -> None:
        self.error = "loading ended early; the server's log says why, a restart tries again"
        try:
            self.work()
        except SkillRouterError as error:
            self.error = str(error)
        else:
            self.error, self.ready = "", True


@st.cache_resource(show_spinner=False, max_entries=16)
def warmup(profile: str, generation: str, _work: Callable[[], None]) -> Warmup:
    """Return the attempt for a profile, begun on the first call.

    `generation` changes with the index, so a failure is tried again once there is a new one.
    """
    attempt = Warmup(_work)
    attempt.start()
    return attempt
