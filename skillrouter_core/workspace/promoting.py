"""A trained model put in a profile's place, and the way back.

Responsible for building its vectors beside those in use, for asking the suites, and for the one
swap of index and models. Must not know how a model is trained or shown.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import UsageError
from skillrouter_core.index import FULL, SkillIndex, building, hold, publish, publish_over
from skillrouter_core.models import PROFILES, Profile
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import Skill
from skillrouter_core.texts import preset_named
from skillrouter_core.workspace.building import BuildPlan, build_beside, complete, holds, published
from skillrouter_core.workspace.holding import HeldIndex, details, held
from skillrouter_core.workspace.serving import of_index, with_model

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.suites import Comparison


@dataclass(frozen=True, slots=True)
class Promoted:
    """What came of a promotion.

    `model` is empty for the profile's own. `embedded` texts were encoded anew. `held`: the new
    index waits, because saved queries would break; None: the model answers. `changed` False: it
    answered already.
    """

    profile: str
    model: str
    embedded: int
    seconds: float
    held: HeldIndex | None
    changed: bool


def promote(
    ws: Workspace, profile: str, model: str, listener: ProgressListener = silent
) -> Promoted:
    """Let a trained model answer for a built-in profile; empty takes the profile's own back.

    Vectors are made beside those in use and everything is swapped in one step, so a query meets
    the old models with the old vectors or the new with the new. Where a saved query would break,
    the new index is held back. Safe to kill and to repeat. Raises UsageError for a profile that
    is not built in or a workspace without skills, ModelNotFoundError for an unknown model, the
    ModelError family, WorkspaceError while another process builds, and what the listener raises.
    """
    if profile not in PROFILES:
        raise UsageError(f"{profile!r} is no built-in profile; promote for {', '.join(PROFILES)}")
    started = time.monotonic()
    target = with_model(ws, PROFILES[profile], model)
    plan = BuildPlan(
        ws.indexing.folder(target), ws.home / "vectors", preset_named(target.preset), model=model
    )
    with building(plan.folder):
        skills = sorted(ws.catalogs.skills(), key=lambda skill: skill.skill_id)
        if not skills:
            raise UsageError("there is no skill to route to; import a catalog, then promote")
        encoder = ws.models.encoder(target)
        ws.models.reranker(target)  # a reranker that does not load must not be promoted
        current = published(plan.folder)
        if _answers(plan, skills, current, encoder):
            return Promoted(profile, model, 0, time.monotonic() - started, None, changed=False)
        embedded, waits = _swap(ws, plan, skills, target, current, listener)
    return Promoted(profile, model, embedded, time.monotonic() - started, waits, changed=True)


def _answers(
    plan: BuildPlan, skills: Sequence[Skill], current: SkillIndex | None, encoder: Encoder
) -> bool:
    return (
        current is not None
        and holds(current, plan, skills)
        and complete(plan, current.generation, encoder.model_key)
    )


def _swap(
    ws: Workspace,
    plan: BuildPlan,
    skills: Sequence[Skill],
    target: Profile,
    current: SkillIndex | None,
    listener: ProgressListener,
) -> tuple[int, HeldIndex | None]:
    """Build beside, ask the suites, publish or hold; return texts embedded and what is held."""
    catalog = ws.catalogs.fingerprint()
    generation, embedded = build_beside(plan, skills, ws.models.encoder(target), listener)
    if current is None:
        publish(plan.folder, generation)
        return embedded, None
    found = _compared(ws, target, current, generation, listener)
    base = current.generation.name
    if found is None or not found.broken:
        publish_over(plan.folder, generation, base)
        return embedded, None
    hold(plan.folder, generation, base, details(found, catalog))
    return embedded, held(ws, plan.folder, target.name)


def _compared(
    ws: Workspace,
    target: Profile,
    current: SkillIndex,
    generation: Path,
    listener: ProgressListener,
) -> Comparison | None:
    """Return what saved queries would be answered; None where none can break."""
    if not ws.suites.at_stake() or current.manifest.dense.get(FULL) is None:
        return None
    fresh = SkillIndex.open_generation(generation)
    before = of_index(ws, target.name, current)
    return ws.suites.compare(
        ws.suites.answering(before, current),
        ws.suites.answering(target, fresh, held=True),
        listener,
    )
