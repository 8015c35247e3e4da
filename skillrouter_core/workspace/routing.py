"""Answers to queries over the workspace's catalogs.

Responsible for joining index, models and skill texts into a router, kept until another
index is published. Must not know how the answer is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256
from threading import Lock
from typing import TYPE_CHECKING

from db import settings
from skillrouter_core.errors import IndexNotReadyError, UsageError
from skillrouter_core.models import PROFILES, Profile
from skillrouter_core.records import Route, RouteOptions, Skill, Stage1
from skillrouter_core.texts import TextPreset, preset_named

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.route import Router
    from skillrouter_core.workspace import Workspace

WARM_UP_QUERY = "warm up"

HELD = (
    "The catalog has changed since, but its new index is held back or was thrown away: answers "
    "are of the texts before the change. See the page Suites."
)
"""Note of a route over an index that is kept although a newer one was made."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A skill and the cosine of its vector to another's."""

    skill: Skill
    cosine: float


class Routing:
    """Routes queries; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is loaded yet."""
        self._workspace = workspace
        self._indexes: dict[str, SkillIndex] = {}
        self._lock = Lock()

    def route(self, query: str, options: RouteOptions | None = None) -> Route:
        """Return the two-stage answer to a query.

        Loads the profile's models at first use; BM25 without reranking needs none. Raises
        IndexNotReadyError before the first index, UsageError, and the ModelError family.
        """
        options = options or RouteOptions()
        index = self.index(options.profile)
        held = self._held(index, options.profile)
        route = self._router(index, options, held=held).route(query, options)
        return replace(route, notes=(*route.notes, HELD)) if held else route

    def warm(self, profile: str = "compact") -> None:
        """Load a profile's models and index, and run them once, so that the next route is quick."""
        chosen = self._workspace.profile(profile)
        encoder = self._workspace.models.encoder(chosen)
        encoder.encode_queries([WARM_UP_QUERY])
        reranker = self._workspace.models.reranker(chosen)
        if reranker is not None:
            reranker.score(WARM_UP_QUERY, [WARM_UP_QUERY])

    def ready(self, profile: str = "compact") -> bool:
        """Return whether a profile's models are in memory."""
        return self._workspace.models.loaded(self._workspace.profile(profile))

    def profiles(self) -> tuple[str, ...]:
        """Return the names that answer: built-in profiles, the default first, then others.

        Those are "shipped", once another model answers for the default, and the trained models.
        One that has no index of its own yet gets it by `skillrouter index --profile NAME`.
        """
        from skillrouter_core.registry import SHIPPED, trained_names

        shipped = (SHIPPED,) if self._workspace.registry.in_use() else ()
        return (*PROFILES, *shipped, *trained_names(self._workspace.registry.folder))

    def threshold(self, profile: str = "compact") -> float:
        """Return the confidence below which no skill is said to fit: the chosen, else the fitted.

        Reads a model's manifest, so it raises the ModelError family.
        """
        return self.threshold_of(self._workspace.profile(profile))

    def threshold_of(self, models: Profile) -> float:
        """Return what `threshold` does, of models in hand."""
        with self._workspace.database.read() as session:
            chosen = settings.value(session, _threshold_key(models))
        if chosen is not None:
            return float(chosen)
        return self._workspace.models.tuning(models).none_fits_below

    def set_threshold(self, threshold: float, profile: str = "compact") -> None:
        """Choose the confidence, from 0 to 1, below which no skill is said to fit.

        It holds for every route that names none of its own, while the same models answer: other
        models state other confidences. Raises UsageError outside 0 to 1.
        """
        if not 0 <= threshold <= 1:
            raise UsageError(f"a threshold of {threshold} is no confidence; give one from 0 to 1")
        with self._workspace.database.write() as session:
            key = _threshold_key(self._workspace.profile(profile))
            settings.put(session, key, repr(float(threshold)))

    def version(self, profile: str = "compact") -> str:
        """Return a token that changes when another index is published; empty before the first."""
        from skillrouter_core.index import current_version

        return current_version(self._workspace.indexing.place(profile))

    def index(self, profile: str = "compact") -> SkillIndex:
        """Return the published index, kept until another one is; raises IndexNotReadyError."""
        from skillrouter_core.index import SkillIndex

        version = self.version(profile)
        if not version:
            raise IndexNotReadyError(_no_index(profile))
        with self._lock:
            index = self._indexes.get(profile)
            if index is None or index.version != version:
                index = SkillIndex.load(self._workspace.indexing.place(profile))
                self._indexes[profile] = index
            return index

    def neighbours(
        self, skill_id: str, limit: int = 10, profile: str = "compact"
    ) -> tuple[Neighbour, ...]:
        """Return the skills nearest to one by cosine, nearest first, itself left out.

        Empty while vectors are being made. Raises IndexNotReadyError for a skill not indexed.
        """
        index = self.index(profile)
        dense = index.dense()
        if dense is None:
            return ()
        rows, cosines = dense.nearest(index.row(skill_id), limit)
        ids = [index.ids[row] for row in rows]
        skills = self._workspace.catalogs.skills_by_id(ids)
        return tuple(
            Neighbour(skills[one], float(cosine))
            for one, cosine in zip(ids, cosines, strict=True)
            if one in skills
        )

    def serving(self, profile: str = "compact") -> tuple[SkillIndex, Profile]:
        """Return the published index and the models that answer with it, whatever is swapped next.

        Raises IndexNotReadyError, ModelNotFoundError where a promoted model is gone.
        """
        from skillrouter_core.workspace.serving import of_index

        index = self.index(profile)
        return index, of_index(self._workspace, profile, index)

    def encoder(self, profile: str = "compact") -> tuple[Encoder, TextPreset]:
        """Return what makes vectors comparable with those of the published index; loads it.

        Raises IndexNotReadyError where the index holds another model's, and the ModelError family.
        """
        index, chosen = self.serving(profile)
        encoder = self._workspace.models.encoder(chosen)
        if any(part.model_key != encoder.model_key for part in index.manifest.dense.values()):
            raise IndexNotReadyError(
                f"the index of the profile {profile} holds the vectors of another model than the "
                "one that answers; run `skillrouter index` to make them anew"
            )
        return encoder, preset_named(chosen.preset)

    def _held(self, index: SkillIndex, profile: str) -> bool:
        """Return whether an index goes on answering although one of newer texts was made."""
        from skillrouter_core.index import held_back
        from skillrouter_core.workspace.holding import promotes

        held = held_back(self._workspace.indexing.place(profile))
        return held is not None and held.base == index.generation.name and not promotes(held)

    def _router(self, index: SkillIndex, options: RouteOptions, *, held: bool) -> Router:
        from skillrouter_core.route import Router
        from skillrouter_core.workspace.answering import as_indexed
        from skillrouter_core.workspace.serving import of_index

        profile = of_index(self._workspace, options.profile, index)
        models = self._workspace.models
        wants_vectors = options.stage1 is not Stage1.BM25 and index.dense() is not None
        encoder = models.encoder(profile) if wants_vectors else None
        reranker = models.reranker(profile) if options.rerank else None
        return Router(
            index,
            # An index that is kept on purpose answers as it did, with the texts it was made of.
            as_indexed(self._workspace, index) if held else self._workspace.catalogs.skills_by_id,
            preset_named(profile.preset),
            encoder=encoder,
            reranker=reranker,
            tuning=replace(models.tuning(profile), none_fits_below=self.threshold_of(profile)),
        )


def _no_index(profile: str) -> str:
    if profile == RouteOptions().profile:
        return "There is no index yet. Import a catalog, then run `skillrouter index`."
    return (
        f"There is no index of the profile {profile} yet. Run `skillrouter index --profile "
        f"{profile}`; texts that its encoder has seen are not embedded again."
    )


def _threshold_key(profile: Profile) -> str:
    """Return the setting's name: paths of models may be of any length."""
    models = f"{profile.name}\x1f{profile.encoder}\x1f{profile.reranker}"
    return f"none_fits_below {sha256(models.encode()).hexdigest()[:16]}"
