"""Which models a profile's name stands for: its own, or the trained ones promoted for it.

Responsible for resolving names, and for where a name's indexes lie, which needs no model to be
there. The published index names the model that answers with it, so the swap of an index and of
its models is one step. Must not know how a model is promoted.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import UsageError
from skillrouter_core.models import PROFILES, Profile, profile_named
from skillrouter_core.registry import SHIPPED, find_trained, promotions, trained_names

if TYPE_CHECKING:
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.workspace import Workspace

DEFAULT = "compact"


def resolve(ws: Workspace, name: str) -> Profile:
    """Return the models a name stands for; see `Workspace.profile`."""
    if name == SHIPPED:
        return replace(PROFILES[DEFAULT], name=SHIPPED)
    if name in PROFILES:
        return with_model(ws, PROFILES[name], promoted(ws, name))
    found = find_trained(ws.home / "models", name)
    if found is not None:
        return found
    try:
        return profile_named(name)
    except UsageError as error:
        trained = ", ".join(trained_names(ws.home / "models")) or "none yet"
        raise UsageError(f"{error} Trained models of this workspace: {trained}.") from None


def promoted(ws: Workspace, name: str) -> str:
    """Return the trained model that answers for a built-in profile; empty for its own.

    Without a published index it is the one that answered last: the next index is made with it.
    """
    from skillrouter_core.index import current_model

    model = current_model(place(ws, name))
    if model is None:
        history = promotions(ws.home / "models", name)
        model = history[-1].model if history else ""
    return model


def place(ws: Workspace, name: str) -> Path:
    """Return where the indexes of a profile's name lie.

    For a built-in profile no model needs to be there; errors else as `resolve`.
    """
    if name in PROFILES or name == SHIPPED:
        return ws.home / "index" / name
    return ws.indexing.folder(resolve(ws, name))


def of_index(ws: Workspace, name: str, index: SkillIndex) -> Profile:
    """Return the models that a profile answers with over one index.

    A name stands for others as soon as another index is published; an index in hand never does.
    """
    if name in PROFILES:
        return with_model(ws, PROFILES[name], index.manifest.model)
    return resolve(ws, name)


def with_model(ws: Workspace, profile: Profile, model: str) -> Profile:
    """Return a profile with a trained model in place of its own; empty leaves it as it is."""
    if not model:
        return profile
    found = find_trained(ws.home / "models", model)
    if found is None:
        from skillrouter_core.errors import ModelNotFoundError

        raise ModelNotFoundError(
            f"the model {model!r} answers for the profile {profile.name}, but its folder in "
            f"{ws.home / 'models'} is gone; put it back, or run `skillrouter models rollback`"
        )
    return replace(profile, encoder=found.encoder, reranker=found.reranker, preset=found.preset)
