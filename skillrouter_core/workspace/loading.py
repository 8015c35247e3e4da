"""Models in memory, loaded once and shared.

Responsible for caching encoders and rerankers by where they lie, across threads: a profile
may come to name other models. Must not know what they are used for.
"""

from __future__ import annotations

from threading import Lock, RLock
from typing import TYPE_CHECKING, Protocol

from skillrouter_core.models import Profile

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.rerank import Reranker
    from skillrouter_core.route import Tuning


class Models(Protocol):
    """Where a workspace gets its models from."""

    def encoder(self, profile: Profile) -> Encoder:
        """Return the profile's encoder; raises the ModelError family."""
        ...

    def reranker(self, profile: Profile) -> Reranker | None:
        """Return the profile's reranker, None where it has none; raises the ModelError family."""
        ...

    def tuning(self, profile: Profile) -> Tuning:
        """Return the weights and curves fitted for the profile; loads no network."""
        ...

    def loaded(self, profile: Profile) -> bool:
        """Return whether both networks answer without loading anything."""
        ...


class CachedModels:
    """Loads each model at first use and keeps it; a second caller waits for the first."""

    def __init__(self) -> None:
        """Start with nothing loaded."""
        self._encoders: dict[str, Encoder] = {}
        self._rerankers: dict[str | None, Reranker | None] = {}
        self._tunings: dict[tuple[str, str | None], Tuning] = {}
        self._lock = RLock()
        self._tuning_lock = Lock()

    def encoder(self, profile: Profile) -> Encoder:
        """Return the profile's encoder; raises the ModelError family."""
        from skillrouter_core.encode import load_encoder

        with self._lock:
            if profile.encoder not in self._encoders:
                self._encoders[profile.encoder] = load_encoder(profile)
            return self._encoders[profile.encoder]

    def reranker(self, profile: Profile) -> Reranker | None:
        """Return the profile's reranker, None where it has none; raises the ModelError family."""
        from skillrouter_core.rerank import load_reranker

        with self._lock:
            if profile.reranker not in self._rerankers:
                self._rerankers[profile.reranker] = load_reranker(profile)
            return self._rerankers[profile.reranker]

    def tuning(self, profile: Profile) -> Tuning:
        """Return the fitted weights; read once, as finding a model means hashing it."""
        from skillrouter_core.route import read_tuning

        with self._tuning_lock:  # not the models' own: BM25 answers while those load
            pair = (profile.encoder, profile.reranker)
            if pair not in self._tunings:
                self._tunings[pair] = read_tuning(profile)
            return self._tunings[pair]

    def loaded(self, profile: Profile) -> bool:
        """Return whether both networks answer without loading anything."""
        return profile.encoder in self._encoders and profile.reranker in self._rerankers
