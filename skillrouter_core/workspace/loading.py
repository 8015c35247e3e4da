"""Models in memory, loaded once and shared.

Responsible for caching encoders and rerankers by profile across threads. Must not
know what they are used for.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING, Protocol

from skillrouter_core.models import Profile

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.rerank import Reranker


class Models(Protocol):
    """Where a workspace gets its models from."""

    def encoder(self, profile: Profile) -> Encoder:
        """Return the profile's encoder; raises the ModelError family."""
        ...

    def reranker(self, profile: Profile) -> Reranker | None:
        """Return the profile's reranker, None where it has none; raises the ModelError family."""
        ...

    def loaded(self, profile: Profile) -> bool:
        """Return whether both answer without loading anything."""
        ...


class CachedModels:
    """Loads each model at first use and keeps it; a second caller waits for the first."""

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self._encoders: dict[str, Encoder] = {}
        self._rerankers: dict[str, Reranker | None] = {}
        self._lock = RLock()

    def encoder(self, profile: Profile) -> Encoder:
        """Return the profile's encoder; raises the ModelError family."""
        from skillrouter_core.encode import load_encoder

        with self._lock:
            if profile.name not in self._encoders:
                self._encoders[profile.name] = load_encoder(profile)
            return self._encoders[profile.name]

    def reranker(self, profile: Profile) -> Reranker | None:
        """Return the profile's reranker, None where it has none; raises the ModelError family."""
        from skillrouter_core.rerank import load_reranker

        with self._lock:
            if profile.name not in self._rerankers:
                self._rerankers[profile.name] = load_reranker(profile)
            return self._rerankers[profile.name]

    def loaded(self, profile: Profile) -> bool:
        """Return whether both answer without loading anything."""
        return profile.name in self._encoders and profile.name in self._rerankers
