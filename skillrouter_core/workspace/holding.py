"""A new index that would break a saved query is shown before it is kept.

Responsible for when to compare, for holding back, and for what a person may then do. Must not
know how queries are asked (`suites`) or how a generation is kept aside (`index`).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError
from skillrouter_core.index import (
    FULL,
    HeldBack,
    SkillIndex,
    discard_held,
    held_back,
    hold,
    publish_held,
    publish_over,
    release,
)
from skillrouter_core.models import Profile
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import Skill
from skillrouter_core.workspace.building import BuildPlan, build_beside, holds, published

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.suites import Comparison


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """An index that waits for a person, or that a person threw away (`waiting` False).

    Until another index is published the old one answers with the texts it was made of. `runs`
    are pairs of suite runs (before, after); of `queries` compared, `broken` would break.
    `stale`: the catalog has changed since, so it has to be built again. `promotes` names the
    model that would answer once it is published ("shipped": the profile's own); empty where the
    models stay and the catalog has changed.
    """

    profile: str
    generation: str
    waiting: bool
    runs: tuple[tuple[int, int], ...]
    broken: int
    queries: int
    stale: bool
    promotes: str = ""

    @property
    def summary(self) -> str:
        """What would break, in a few words."""
        return would_break(self.broken, self.queries)


def would_break(broken: int, queries: int) -> str:
    """Return how many of the saved queries would break, in words."""
    return f"{broken:,} of {queries:,} saved {'query' if queries == 1 else 'queries'} would break"


def at_stake(
    ws: Workspace, plan: BuildPlan, skills: Sequence[Skill], profile: Profile
) -> SkillIndex | None:
    """Return the published index whose answers a new one might break; None: publish as ever.

    That is so without saved expectations, without vectors or of the very same texts, and where
    the published vectors are of another model than the profile's: what it answered cannot be
    asked any more. Loads the encoder only after all else speaks for comparing.
    """
    if not ws.suites.at_stake():
        return None
    current = published(plan.folder)
    if current is None or holds(current, plan, skills):
        return None
    part = current.manifest.dense.get(FULL)
    if part is None or part.model_key != ws.models.encoder(profile).model_key:
        return None
    return current


def build_and_compare(
    ws: Workspace,
    plan: BuildPlan,
    skills: Sequence[Skill],
    profile: Profile,
    current: SkillIndex,
    listener: ProgressListener,
) -> tuple[int, HeldIndex | None]:
    """Build beside the published index and publish where nothing breaks, else hold back.

    Returns how many texts were embedded, and what is held.
    """
    catalog = ws.catalogs.fingerprint()
    encoder = ws.models.encoder(profile)
    generation, embedded = build_beside(plan, skills, encoder, listener)
    fresh = SkillIndex.open_generation(generation)
    found = ws.suites.compare(
        ws.suites.answering(profile, current),
        ws.suites.answering(profile, fresh, held=True),
        listener,
    )
    base = current.generation.name
    if not found.broken:
        publish_over(plan.folder, generation, base)
        return embedded, None
    hold(plan.folder, generation, base, details(found, catalog))
    return embedded, held(ws, plan.folder, profile.name)


def details(found: Comparison, catalog: str, promotes: str = "") -> dict[str, object]:
    """Return what is kept with an index that is held back: `held` reads it."""
    return {
        "promotes": promotes,
        "runs": [[before.run_id, after.run_id] for before, after in found.pairs],
        "broken": len(found.broken),
        "queries": found.queries,
        "catalog": catalog,
        "at": time.time(),
    }


def held(ws: Workspace, folder: Path, profile: str) -> HeldIndex | None:
    """Return what is held back in a profile's folder, None where nothing is; cheap."""
    found = held_back(folder)
    if found is None:
        return None
    details = found.details
    return HeldIndex(
        profile=profile,
        generation="" if found.generation is None else found.generation.name,
        waiting=found.generation is not None,
        runs=tuple((before, after) for before, after in details["runs"]),
        broken=details["broken"],
        queries=details["queries"],
        stale=details["catalog"] != ws.catalogs.fingerprint(),
        promotes=promotes(found),
    )


def promotes(found: HeldBack) -> str:
    """Return the model that a held index is to promote; empty where its models answer already."""
    return str(found.details.get("promotes", ""))


def release_unless_promoting(ws: Workspace, folder: Path) -> None:
    """Hold nothing back any more, but for a promotion: its old index is of the present catalog.

    One that was made of other texts is released too: it would have to be built again.
    """
    found = held_back(folder)
    if found is not None and found.generation is not None and promotes(found):
        waiting = SkillIndex.open_generation(found.generation)
        if of_catalog(ws, waiting):
            return
    release(folder)


def publish_waiting(ws: Workspace, folder: Path, profile: str) -> None:
    """Publish the index that waits, whatever breaks.

    Raises IndexNotReadyError where none waits, or where the catalog has changed since it was
    made: it has to be built again, and what breaks may be something else.
    """
    waiting = _waiting(ws, folder, profile)
    index = SkillIndex.open_generation(folder / waiting.generation)
    if not of_catalog(ws, index):
        again = f"models promote {waiting.promotes}" if waiting.promotes else "index"
        raise IndexNotReadyError(
            "the catalog has changed after the index that is held back was made; run "
            f"`skillrouter {again}` to build it again and see what would break"
        )
    publish_held(folder, index.generation)


def discard_waiting(ws: Workspace, folder: Path, profile: str) -> None:
    """Throw away the index that waits; raises IndexNotReadyError where none does."""
    waiting = _waiting(ws, folder, profile)
    discard_held(folder, folder / waiting.generation)
    current = published(folder)
    if current is not None and of_catalog(ws, current):
        release(folder)  # the old models stay, but nothing is missing from their index


def of_catalog(ws: Workspace, index: SkillIndex) -> bool:
    """Return whether an index is of exactly the texts that the catalogs have now."""
    return dict(zip(index.ids, index.hashes, strict=True)) == ws.catalogs.hashes()


def _waiting(ws: Workspace, folder: Path, profile: str) -> HeldIndex:
    found = held(ws, folder, profile)
    if found is None or not found.waiting:
        raise IndexNotReadyError(
            f"no index of the profile {profile} is held back; run `skillrouter index` to bring "
            "the published one up to date"
        )
    return found
