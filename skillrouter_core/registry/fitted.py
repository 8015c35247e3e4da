"""The numbers fitted around a network, and how the queries they were fitted on are measured.

Responsible for keeping beside a model, with its manifest, which queries served to fit its numbers,
and the numbers that each share of those queries did not serve for: a query is measured by these,
or it would be measured by what was fitted to it. Must not know how numbers are fitted.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from skillrouter_core.errors import ModelIntegrityError
from skillrouter_core.models import MANIFEST, find_model, target_of

FITTED = "fitted.json"
KEYS = ("fusion", "stage2", "calibration", "none_fits_below")
"""What of a manifest is fitted around a network."""

FOLDS = 10
"""Shares of the queries that are set aside in turn."""


def fold_of(query: str) -> int:
    """Return the share that a query falls to, by its text alone: the same in every run."""
    # Not the digits that decide what is held out (labelling.splits): those are alike here.
    return int(sha256(query.strip().encode("utf-8", "replace")).hexdigest()[8:16], 16) % FOLDS


@dataclass(frozen=True, slots=True)
class Fitted:
    """Numbers around one network, as keys of its manifest.

    `whole` were fitted on all `queries`, `folds` on all but those of one share; both are as they
    came with the model where there are no queries.
    """

    whole: Mapping[str, Any] = field(default_factory=dict, hash=False)
    folds: tuple[Mapping[str, Any], ...] = field(default=(), hash=False)
    queries: frozenset[str] = frozenset()

    def fold(self, number: int) -> Mapping[str, Any]:
        """Return the numbers that no query of a share served for."""
        return self.folds[number] if self.folds else self.whole

    def unseen(self, query: str) -> Mapping[str, Any]:
        """Return the numbers that were fitted without a query."""
        return self.fold(fold_of(query)) if query.strip() in self.queries else self.whole

    def with_fits(
        self, whole: Mapping[str, Any], folds: Iterable[Mapping[str, Any]], queries: Iterable[str]
    ) -> Fitted:
        """Return these numbers with others in their place; a key's own keys are replaced singly."""
        return Fitted(
            _merged(self.whole, whole),
            tuple(_merged(self.fold(number), one) for number, one in enumerate(folds)),
            self.queries | {query.strip() for query in queries},
        )


def read_fitted(location: str) -> Fitted:
    """Return the numbers around the model at a location; raises the ModelError family."""
    manifest = find_model(location).manifest
    whole = {key: manifest[key] for key in KEYS if key in manifest}
    for place in dict.fromkeys((location, target_of(location))):
        path = Path(place).expanduser() / FITTED
        if path.is_file():
            values = _read(path)
            return Fitted(whole, tuple(values["folds"]), frozenset(values["queries"]))
    return Fitted(whole)


def write_fitted(folder: Path, fitted: Fitted) -> None:
    """Put numbers into the manifest of a model folder, and beside it how they were fitted.

    The file beside is written last: where it is, all is there.
    """
    path = folder / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    known = {key: value for key, value in manifest.items() if key not in KEYS}
    _replace(path, {**known, **fitted.whole})
    values = {"folds": [dict(one) for one in fitted.folds], "queries": sorted(fitted.queries)}
    _replace(folder / FITTED, values)


def fitted_values(fitted: Fitted) -> dict[str, Any]:
    """Return numbers as JSON holds them."""
    return {
        "whole": dict(fitted.whole),
        "folds": [dict(one) for one in fitted.folds],
        "queries": sorted(fitted.queries),
    }


def fitted_from(values: Mapping[str, Any]) -> Fitted:
    """Return what `fitted_values` made."""
    return Fitted(values["whole"], tuple(values["folds"]), frozenset(values["queries"]))


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(below)
    for key, value in above.items():
        inner = found.get(key)
        if isinstance(value, Mapping) and isinstance(inner, Mapping):
            value = {**inner, **value}
        found[key] = value
    return found


def _read(path: Path) -> Mapping[str, Any]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        complete = len(values["folds"]) in (0, FOLDS) and isinstance(values["queries"], list)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelIntegrityError(f"{path}: unreadable ({error}); restore the file") from error
    if not complete:
        raise ModelIntegrityError(f"{path}: {FOLDS} folds and a list of queries are wanted")
    return dict(values)


def _replace(path: Path, values: Mapping[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with fresh.open("w", encoding="utf-8") as file:
        json.dump(values, file, indent=1)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
