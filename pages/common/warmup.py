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
    ready: bool = False
    error: str = ""
    _started: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> None:
        """Start loading if that has not begun; returns at once."""
        with self._lock:
            if self._started:
                return
            self._started = time.monotonic()
        threading.Thread(target=self._run, name="warm-up", daemon=True).start()

    @property
    def pending(self) -> bool:
        """Whether the outcome is still open; afterwards see `ready` and `error`."""
        return not self.ready and not self.error

    @property
    def seconds(self) -> float:
        """Seconds since the attempt began; 0 before."""
        return time.monotonic() - self._started if self._started else 0.0

    def _run(self) -> None:
        reason = "loading ended early; the terminal that runs the app says why"
        try:
            self.work()
            reason = ""
        except SkillRouterError as error:
            reason = str(error)
        finally:
            self.error, self.ready = reason, not reason


@st.cache_resource(show_spinner=False, max_entries=16)
def warmup(home: str, profile: str, _work: Callable[[], None]) -> Warmup:
    """Return the attempt for a workspace and profile, not begun by this call.

    A page begins it last, so that importing the model libraries does not hold up its drawing.
    A failed one is kept, with its reason, until the server starts anew or `forget` is called.
    """
    del home, profile
    return Warmup(_work)


def forget() -> None:
    """Let the next call of `warmup` try again."""
    warmup.clear()
