"""Queries that numbers around a pair of models were fitted on, answered by numbers that were not.

Responsible for choosing, query by query, the numbers that its answer had no part in, so that what
is measured on a workspace's held-out queries is not what was fitted to them. Must not know how
numbers are fitted or answers scored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from skillrouter_core.calibrate import DEFAULT_THRESHOLD, read_calibrations
from skillrouter_core.models import Profile
from skillrouter_core.records import Route, RouteOptions, Stage1
from skillrouter_core.registry import Fitted, read_fitted
from skillrouter_core.rerank import FloatVector, Reranker, StageTwoWeights, stage_two_weights
from skillrouter_core.retrieve import FusionWeights
from skillrouter_core.route import Router, Tuning

MakeRouter = Callable[[Reranker | None, Tuning], Router]


class _Weighted:
    """A reranker that stands beside other numbers than its own manifest's."""

    def __init__(self, reranker: Reranker, numbers: Mapping[str, Any]) -> None:
        self._reranker, self.model_key = reranker, reranker.model_key
        self.weights: Mapping[Stage1, StageTwoWeights] = stage_two_weights(numbers)

    def score(self, query: str, documents: Sequence[str]) -> FloatVector:
        """Return one score per document [n], in order."""
        return self._reranker.score(query, documents)


class UnseenRouter:
    """Routes each query by numbers that were fitted without it; the others by the models' own."""

    def __init__(
        self, profile: Profile, reranker: Reranker | None, own: Router, make: MakeRouter
    ) -> None:
        """Read what was fitted around a profile's models; `own` answers with their own numbers."""
        self._reranker, self._own, self._make = reranker, own, make
        self._encoder_numbers = read_fitted(profile.encoder)
        self._reranker_numbers = read_fitted(profile.reranker) if profile.reranker else Fitted()
        self._routers: dict[tuple[int, int], Router] = {}

    @property
    def fitted_on(self) -> frozenset[str]:
        """The queries that served to fit any number."""
        return self._encoder_numbers.queries | self._reranker_numbers.queries

    def route(self, query: str, options: RouteOptions | None = None) -> Route:
        """Return the two-stage answer; its threshold is the models' own. Raises as `Router`."""
        if query.strip() not in self.fitted_on:
            return self._own.route(query, options)
        encoder = self._encoder_numbers.unseen(query)
        reranker = self._reranker_numbers.unseen(query)
        key = (id(encoder), id(reranker))  # both are kept as long as this router
        if key not in self._routers:
            network = None if self._reranker is None else _Weighted(self._reranker, reranker)
            self._routers[key] = self._make(network, _tuning(encoder, reranker))
        found = self._routers[key].route(query, options)
        given = options.none_fits_below if options is not None else None
        return replace(found, threshold=self._threshold() if given is None else given)

    def _threshold(self) -> float:
        return float(self._reranker_numbers.whole.get("none_fits_below", DEFAULT_THRESHOLD))


def _tuning(encoder: Mapping[str, Any], reranker: Mapping[str, Any]) -> Tuning:
    return Tuning(
        FusionWeights(**encoder.get("fusion", {})),
        read_calibrations(encoder) | read_calibrations(reranker),
        float(reranker.get("none_fits_below", DEFAULT_THRESHOLD)),
    )
