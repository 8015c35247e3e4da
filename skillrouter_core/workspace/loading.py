"""Models in memory, loaded once and shared.

Responsible for caching encoders and rerankers by their files, across threads: a profile may
come to name other models, and a folder to hold others. Must not know what they are used for.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock, RLock
from typing import TYPE_CHECKING, Protocol, TypeVar

from skillrouter_core.models import Profile, stamp_of

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.rerank import Reranker
    from skillrouter_core.route import Tuning


KEPT = 4
"""Networks of each kind that stay in memory; beyond, the one longest unused is let go."""

Network = TypeVar("Network")


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

    def __init__(self, kept: int = KEPT) -> None:
        """Start with nothing loaded; `kept` encoders and as many rerankers stay in memory."""
        self._kept = kept
        self._encoders: dict[str, Encoder] = {}
        self._rerankers: dict[str, Reranker | None] = {}
        self._tunings: dict[str, Tuning] = {}
        self._lock = RLock()
        self._tuning_lock = Lock()

    def encoder(self, profile: Profile) -> Encoder:
        """Return the profile's encoder; raises the ModelError family."""
        from skillrouter_core.encode import load_encoder

        with self._lock:
            key = _encoder_key(profile)
            return self._found(self._encoders, key, lambda: load_encoder(profile))

    def reranker(self, profile: Profile) -> Reranker | None:
        """Return the profile's reranker, None where it has none; raises the ModelError family."""
        from skillrouter_core.rerank import load_reranker

        with self._lock:
            key = _reranker_key(profile)
            return self._found(self._rerankers, key, lambda: load_reranker(profile))

    def tuning(self, profile: Profile) -> Tuning:
        """Return the fitted weights; read once, as finding a model means hashing it."""
        from skillrouter_core.route import read_tuning

        with self._tuning_lock:  # not the models' own: BM25 answers while those load
            key = f"{_encoder_key(profile)}\x1f{_reranker_key(profile)}"
            return self._found(self._tunings, key, lambda: read_tuning(profile))

    def loaded(self, profile: Profile) -> bool:
        """Return whether both networks answer without loading anything."""
        encoder, reranker = _encoder_key(profile), _reranker_key(profile)
        return encoder in self._encoders and reranker in self._rerankers

    def _found(self, cache: dict[str, Network], key: str, load: Callable[[], Network]) -> Network:
        """Return what is kept under a key, else what `load` returns, and note its use."""
        network = cache.pop(key) if key in cache else load()
        cache[key] = network
        while len(cache) > self._kept:
            del cache[next(iter(cache))]
        return network


def _encoder_key(profile: Profile) -> str:
    return f"{stamp_of(profile.encoder)}\x1f{profile.preset}"


def _reranker_key(profile: Profile) -> str:
    return f"{stamp_of(profile.reranker) if profile.reranker else ''}\x1f{profile.preset}"
