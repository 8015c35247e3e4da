"""One fixed way to answer queries: an index, the texts it reads and the models.

Responsible for making a router out of them and for telling two such ways apart, so that answers
can be used again. Must not know which queries are asked or why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from skillrouter_core.models import Profile
from skillrouter_core.records import Route, RouteOptions, Skill
from skillrouter_core.texts import preset_named

if TYPE_CHECKING:
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.loading import Models

NO_MODEL = "none"


@dataclass(frozen=True, slots=True)
class Answering:
    """Routes queries over one index with one set of models; both stay as they are.

    `models` and `options` say all that an answer depends on besides the query: two with the same
    answer alike. `held`: the index is not published.
    """

    route: Callable[[str], Route]
    profile: str
    index_version: str
    models: str
    options: Mapping[str, str] = field(hash=False)
    held: bool = False


def as_indexed(ws: Workspace, index: SkillIndex) -> Callable[[Sequence[str]], Mapping[str, Skill]]:
    """Return a lookup of skills with the texts that an index was made of, removed ones too."""
    return lambda ids: ws.catalogs.skills_as_of({one: index.hashes[index.row(one)] for one in ids})


def answering(
    ws: Workspace,
    profile: Profile,
    index: SkillIndex,
    *,
    models: Models | None = None,
    held: bool = False,
    live: bool = False,
) -> Answering:
    """Return the way in which an index answers with a profile's models; loads them.

    Skills have the texts the index was made of, so that its answers are those it gave on the day
    it was published; with `live` they have the catalog's present ones, as in the app. `models`
    says where encoder and reranker come from, the workspace's by default. Raises the ModelError
    family.
    """
    from skillrouter_core.route import Router

    source = models or ws.models
    encoder = source.encoder(profile) if index.dense() is not None else None
    reranker, tuning = source.reranker(profile), source.tuning(profile)
    if models is None:
        tuning = replace(tuning, none_fits_below=ws.routing.threshold_of(profile))
    options = RouteOptions(profile=profile.name, top=1)
    router = Router(
        index,
        ws.catalogs.skills_by_id if live else as_indexed(ws, index),
        preset_named(profile.preset),
        encoder=encoder,
        reranker=reranker,
        tuning=tuning,
    )
    keys = [NO_MODEL if model is None else model.model_key for model in (encoder, reranker)]
    weights = repr((tuning.fusion, None if reranker is None else reranker.weights))
    return Answering(
        route=lambda query: router.route(query, options),
        profile=profile.name,
        index_version=index.version,
        models=" ".join(keys),
        options={
            "stage1": options.stage1.value,
            "candidates": str(options.candidates),
            "texts": _texts(ws, index) if live else index.manifest.fingerprint,
            "preset": index.manifest.preset,
            "weights": sha256(weights.encode()).hexdigest()[:12],
        },
        held=held,
    )


def _texts(ws: Workspace, index: SkillIndex) -> str:
    """Return what tells apart the texts that the app reads while it answers from an index."""
    from skillrouter_core.index import fingerprint

    now = fingerprint(sorted(ws.catalogs.hashes().items()))
    return now if now == index.manifest.fingerprint else f"{index.manifest.fingerprint}:{now}"
