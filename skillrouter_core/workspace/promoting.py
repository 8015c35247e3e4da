"""A trained model put in a profile's place, and the way back.

Responsible for building its vectors beside those in use, for asking the suites, and for the one
swap of index and models. Must not know how a model is trained or shown.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError, ModelError, UsageError
from skillrouter_core.index import (
    FULL,
    SkillIndex,
    building,
    held_back,
    hold,
    publish,
    publish_over,
    sign,
)
from skillrouter_core.models import PROFILES, Profile
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import Skill
from skillrouter_core.registry import SHIPPED
from skillrouter_core.texts import preset_named
from skillrouter_core.workspace.building import BuildPlan, build_beside, complete, holds, published
from skillrouter_core.workspace.holding import HeldIndex, details, held, of_catalog, promotes
from skillrouter_core.workspace.serving import of_index, with_model

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.answering import Answering

NOT_ASKED = "the saved queries were not asked, as the models that answered are gone: {}"


@dataclass(frozen=True, slots=True)
class Promoted:
    """What came of a promotion.

    `model` is empty for the profile's own. `embedded` texts were encoded anew. `held`: the new
    index waits, because saved queries would break; None: the model answers. `changed` False: it
    answered already. `note` says what could not be done, empty as a rule.
    """

    profile: str
    model: str
    embedded: int
    seconds: float
    held: HeldIndex | None
    changed: bool
    note: str = ""

    @property
    def summary(self) -> str:
        """What came of it, in a sentence without its full stop."""
        name = self.model or SHIPPED
        if self.held is not None:
            return f"held: {self.held.summary}, what answered goes on (see the page Suites)"
        if not self.changed:
            return f"{name} answers for {self.profile} already"
        made = f"swapped: {name} answers for {self.profile}, {self.embedded:,} texts embedded"
        return f"{made}; {self.note}" if self.note else made


@dataclass(frozen=True, slots=True)
class _Move:
    """One promotion under way: what is to answer, over which skills, by whose word."""

    target: Profile
    plan: BuildPlan
    skills: Sequence[Skill]
    catalog: str
    author: str
    asks: bool


def promote(
    ws: Workspace,
    profile: str,
    model: str,
    listener: ProgressListener = silent,
    *,
    author: str = "",
    back: bool = False,
) -> Promoted:
    """Let a trained model answer for a built-in profile; empty takes the profile's own back.

    Vectors are made beside those in use and everything is swapped in one step, so a query meets
    the old models with the old vectors or the new with the new. Where a saved query would break,
    the new index is held back; the way `back` is not held up, as its answers were kept once, but
    where texts have changed too. Safe to kill and to repeat. Raises UsageError for a profile that
    is not built in, a workspace without skills or while a new index of the catalog waits,
    ModelNotFoundError for an unknown model, the ModelError family, WorkspaceError while another
    process builds, and what the listener raises.
    """
    if profile not in PROFILES:
        raise UsageError(f"{profile!r} is no built-in profile; promote for {', '.join(PROFILES)}")
    started = time.monotonic()
    with _kept(ws, model), building(ws.indexing.place(profile)):
        ws.registry.note("", profile)  # a promotion whose process was killed before it told
        _require_none_waiting(ws, profile)
        move = _planned(ws, profile, model, author, asks=not back)
        encoder = ws.models.encoder(move.target)
        ws.models.reranker(move.target)  # a reranker that does not load must not be promoted
        current = published(move.plan.folder)
        if _answers(move, current, encoder):
            return Promoted(profile, model, 0, time.monotonic() - started, None, changed=False)
        embedded, waits, note = _swap(ws, move, current, encoder, listener)
        ws.registry.note(author, profile)
    return Promoted(profile, model, embedded, time.monotonic() - started, waits, True, note)


@contextmanager
def _kept(ws: Workspace, model: str) -> Iterator[None]:
    """Keep a model from being deleted while the block runs."""
    from skillrouter_core.workspace.training_runs import RunFolders

    if not model:
        yield
        return
    with RunFolders(ws.registry.folder).working(model):
        yield


def _require_none_waiting(ws: Workspace, profile: str) -> None:
    """Refuse to decide, by promoting, on an index of changed texts that waits for a person."""
    found = held_back(ws.indexing.place(profile))
    if found is not None and found.generation is not None and not promotes(found):
        raise UsageError(
            f"a new index of the profile {profile} is held back; first publish it (`skillrouter "
            "index --publish-held`) or throw it away (`--discard-held`), or see the page Suites"
        )


def _planned(ws: Workspace, profile: str, model: str, author: str, *, asks: bool) -> _Move:
    target = with_model(ws, PROFILES[profile], model)
    catalog = ws.catalogs.fingerprint()  # before the skills: what changes since makes it stale
    skills = sorted(ws.catalogs.skills(), key=lambda skill: skill.skill_id)
    if not skills:
        raise UsageError("there is no skill to route to; import a catalog, then promote")
    folder, preset = ws.indexing.place(profile), preset_named(target.preset)
    plan = BuildPlan(folder, ws.home / "vectors", preset, model=model)
    return _Move(target, plan, skills, catalog, author, asks)


def _answers(move: _Move, current: SkillIndex | None, encoder: Encoder) -> bool:
    return (
        current is not None
        and holds(current, move.plan, move.skills)
        and complete(move.plan, current.generation, encoder.model_key)
    )


def _swap(
    ws: Workspace,
    move: _Move,
    current: SkillIndex | None,
    encoder: Encoder,
    listener: ProgressListener,
) -> tuple[int, HeldIndex | None, str]:
    """Build beside, ask, publish or hold; return texts embedded, what is held and a note."""
    plan = move.plan
    generation, embedded = build_beside(plan, move.skills, encoder, listener)
    sign(generation, move.author)
    if current is None:
        publish(plan.folder, generation)
        return embedded, None, ""
    base = current.generation.name
    before, note = _former(ws, move, current)
    if before is not None:
        fresh = SkillIndex.open_generation(generation)
        after = ws.suites.answering(move.target, fresh, held=True)
        found = ws.suites.compare(before, after, listener)
        if found.broken:
            promoting = details(found, move.catalog, plan.model or SHIPPED)
            hold(plan.folder, generation, base, promoting)
            return embedded, held(ws, plan.folder, move.target.name), ""
    publish_over(plan.folder, generation, base)
    return embedded, None, note


def _former(ws: Workspace, move: _Move, current: SkillIndex) -> tuple[Answering | None, str]:
    """Return the way in which queries are answered so far; None where none is to be asked.

    With it goes a note where they should be asked and cannot.
    """
    part = current.manifest.dense.get(FULL)
    if part is None or not ws.suites.at_stake():
        return None, ""
    if not move.asks and of_catalog(ws, current):
        return None, ""
    try:
        before = of_index(ws, move.target.name, current)
        if ws.models.encoder(before).model_key != part.model_key:
            raise IndexNotReadyError("the published index holds another model's vectors")
        return ws.suites.answering(before, current), ""
    except (ModelError, IndexNotReadyError) as error:
        return None, NOT_ASKED.format(error)
