"""The numbers around a run's networks: those it starts with, and those fitted at its end.

Responsible for keeping them in the run's folder, and for fitting each once, whatever happens in
between. Must not know how queries are asked or a number is fitted (`training_fit`, `fitting`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import TrainingError
from skillrouter_core.mining import write_whole
from skillrouter_core.models import Profile
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import Stage1
from skillrouter_core.records.training import TrainingRun, TrainKind
from skillrouter_core.registry.fitted import (
    FITTED,
    Fitted,
    fitted_from,
    fitted_values,
    read_fitted,
    write_fitted,
)

if TYPE_CHECKING:
    from skillrouter_core.fitting import Fits
    from skillrouter_core.retrieve import FusionWeights
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.training_fit import Fitting
    from skillrouter_core.workspace.training_labels import TrainQuery

FORMER = "former.json"
ENCODER, RERANKER = TrainKind.ENCODER.value, TrainKind.RERANKER.value

HeldOut = Callable[[], Sequence["TrainQuery"]]


def keep_former(folder: Path, profile: Profile) -> None:
    """Keep in a run's folder the numbers around the models it trains from."""
    places = {ENCODER: profile.encoder, RERANKER: profile.reranker}
    values = {part: fitted_values(read_fitted(place)) for part, place in places.items() if place}
    write_whole(folder / FORMER, json.dumps(values, indent=1) + "\n")


class Numbers:
    """The numbers of one run; made anew whenever it goes on."""

    def __init__(
        self,
        ws: Workspace,
        run: TrainingRun,
        profile: Profile,
        listener: ProgressListener,
    ) -> None:
        """Bind to a run and the models it trains from."""
        self._ws, self._profile, self._listener = ws, profile, listener
        self._folder = run.folder

    def former(self, part: str) -> Fitted:
        """Return the numbers around a network of the base, as they were when the run began.

        A run of before they were kept has those of the base's manifests. Raises TrainingError
        where the file is damaged.
        """
        path = self._folder / FORMER
        if not path.exists():
            place = self._profile.encoder if part == ENCODER else self._profile.reranker
            return read_fitted(place) if place else Fitted()
        try:
            values = json.loads(path.read_text(encoding="utf-8"))
            return fitted_from(values[part]) if part in values else Fitted()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise TrainingError(
                f"{path}: cannot be read ({error}); delete the run and start it again"
            ) from error

    def fitted(self, part: str) -> Fitted:
        """Return the numbers around one of the run's own networks, which is complete."""
        return read_fitted(str(self._folder / part))

    def known(self) -> tuple[float, ...]:
        """Return by how much the other numbers join the reranker's score while it learns.

        In the order of a list's numbers: ln(1 + BM25), cosine, and the wording's, if it counts.
        They are those of the base, on the scale of its text score. The cosine stays out: the
        encoder has seen the training queries, so that it is too good there to learn beside.
        """
        from skillrouter_core.rerank import stage_two_weights

        if self._profile.reranker is None:
            return (0.0, 0.0)
        weights = stage_two_weights(self.former(RERANKER).whole)[Stage1.HYBRID]
        if weights.text <= 0:
            return (0.0, 0.0)
        wording = weights.wording.tolist() if weights.reads_wording else []
        return (weights.bm25 / weights.text, 0.0, *(one / weights.text for one in wording))

    def indexed(self) -> Profile:
        """Return the run's own models so far as a profile whose index is up to date."""
        reranker = self._folder / RERANKER
        profile = Profile(
            str(self._folder),
            str(self._folder / ENCODER),
            str(reranker) if reranker.exists() else None,
            self._profile.preset,
            "",
        )
        self._ws.indexing.build(self._listener, profile.name)
        return profile

    def fit_encoder(self, held_out: HeldOut) -> tuple[str, ...]:
        """Fit the mix and stage 1's confidence around the trained encoder; return notes."""
        former = self.former(ENCODER)
        return self._fit(ENCODER, former, held_out, lambda it: it.stage_one(former, mix=True))

    def fit_reranker(self, held_out: HeldOut) -> tuple[str, ...]:
        """Fit stage 2 and its confidence around the run's pair, if it has two; return notes."""
        if not (self._folder / RERANKER).exists():
            return ()
        former, mix = self.former(RERANKER), mix_of(self.fitted(ENCODER))
        return self._fit(RERANKER, former, held_out, lambda it: it.stage_two(former, mix))

    def _fit(
        self, part: str, former: Fitted, held_out: HeldOut, work: Callable[[Fitting], Fits]
    ) -> tuple[str, ...]:
        """Ask the held-out queries where there are enough, and keep what is fitted to them."""
        from skillrouter_core.fitting import Fits, lacking, too_few_to_fit
        from skillrouter_core.workspace.training_fit import Fitting

        if (self._folder / part / FITTED).exists():
            return ()
        queries = held_out()
        wanted = lacking([one.text for one in queries])
        if wanted:
            fits = Fits(former, (too_few_to_fit(len(queries), wanted),), done=False)
        else:
            fits = work(Fitting(self._ws, self.indexed(), queries, self._listener))
        write_fitted(self._folder / part, fits.fitted)
        return fits.notes


def mix_of(encoder: Fitted) -> FusionWeights:
    """Return the mix of BM25 and cosine that belongs to an encoder."""
    from skillrouter_core.retrieve import FusionWeights

    return FusionWeights(**encoder.whole.get("fusion", {}))


def reads_wording(known: Sequence[float]) -> bool:
    """Return whether a wording's numbers are among those that are known of a candidate."""
    return len(known) > len(("bm25", "cosine"))
