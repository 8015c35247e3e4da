"""Indexes of the workspace's catalogs.

Responsible for keeping a profile's index in step with the database. Must not know how
an index answers queries.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import ModelError
from skillrouter_core.models import EMBEDDED, PROFILES, Profile, find_model
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import Skill
from skillrouter_core.texts import preset_named

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.building import BuildPlan
    from skillrouter_core.workspace.holding import HeldIndex


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one build did: skills indexed, texts embedded anew, seconds taken.

    `held`: the index was made but not published, because saved queries would break.
    """

    skills: int
    embedded: int
    seconds: float
    held: HeldIndex | None = None


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Where an index stands against the catalogs and the models.

    `skills` live in the database, `indexed` in the published index; `stale` means that some
    text was added, changed or removed since. `version` changes with every publication.
    `other_vectors`: it holds those of another model than the one that answers, so that they are
    not ready. Nobody can tell of a model on the hub.
    """

    skills: int
    indexed: int
    lexical_ready: bool
    vectors_ready: bool
    stale: bool
    version: str
    other_vectors: bool = False


class Indexing:
    """Builds and inspects indexes; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace."""
        self._workspace = workspace

    def build(self, listener: ProgressListener = silent, profile: str = "compact") -> IndexReport:
        """Bring a profile's index up to date with the catalogs and return what was done.

        BM25 answers as soon as it is written; vectors follow. Safe to kill and to repeat. Where
        a saved query that is right today would break, the new index is held back and the old
        one goes on answering; the report says so. Raises the ModelError family, WorkspaceError
        (also while another process builds), and what the listener raises.
        """
        from skillrouter_core.index import building
        from skillrouter_core.workspace.holding import at_stake, build_and_compare

        started = time.monotonic()
        with building(self.place(profile)):
            chosen, plan = self._plan(profile)  # another process may have promoted a model
            skills = sorted(self._workspace.catalogs.skills(), key=lambda skill: skill.skill_id)
            current = at_stake(self._workspace, plan, skills, chosen)
            if current is None:
                embedded, held = self._build(plan, skills, chosen, listener), None
            else:
                embedded, held = build_and_compare(
                    self._workspace, plan, skills, chosen, current, listener
                )
        return IndexReport(len(skills), embedded, time.monotonic() - started, held)

    def _plan(self, profile: str) -> tuple[Profile, BuildPlan]:
        """Return the models that answer for a profile now, and how to build with them."""
        from skillrouter_core.workspace.building import BuildPlan
        from skillrouter_core.workspace.serving import promoted, with_model

        ws, model = self._workspace, ""
        if profile in PROFILES:
            ws.registry.note("", profile)  # a promotion whose process was killed before it told
            model = promoted(ws, profile)
            chosen = with_model(ws, PROFILES[profile], model)
        else:
            chosen = ws.profile(profile)
        preset = preset_named(chosen.preset)
        return chosen, BuildPlan(self.folder(chosen), ws.home / "vectors", preset, model=model)

    def _build(
        self, plan: BuildPlan, skills: Sequence[Skill], profile: Profile, listener: ProgressListener
    ) -> int:
        """Build and publish what is missing, and return how many texts were embedded."""
        from skillrouter_core.workspace.building import attach_views, complete, ensure_lexical
        from skillrouter_core.workspace.holding import release_unless_promoting

        generation = ensure_lexical(plan, skills)
        release_unless_promoting(self._workspace, plan.folder)
        if complete(plan, generation, find_model(profile.encoder).key):  # spare loading a network
            return 0
        encoder = self._workspace.models.encoder(profile)
        return attach_views(plan, generation, skills, encoder, listener)

    def status(self, profile: str = "compact") -> IndexStatus:
        """Return where a profile's index stands; loads no model, but reads its files' digest."""
        from skillrouter_core.index import FULL, fingerprint
        from skillrouter_core.workspace.building import published

        hashes = self._workspace.catalogs.hashes()
        index = published(self.place(profile))
        if index is None:
            return IndexStatus(len(hashes), 0, False, False, bool(hashes), "")
        rows = sorted(hashes.items())
        part = index.manifest.dense.get(FULL)
        others = part is not None and self._of_another(part.model_key, profile)
        return IndexStatus(
            skills=len(hashes),
            indexed=len(index),
            lexical_ready=True,
            vectors_ready=part is not None and not others,
            stale=fingerprint(rows) != index.manifest.fingerprint,
            version=index.version,
            other_vectors=others,
        )

    def _of_another(self, key: str, profile: str) -> bool:
        """Return whether vectors of that key are not those of a profile's encoder."""
        try:
            chosen = self._workspace.profile(profile)
            local = chosen.encoder == EMBEDDED or Path(chosen.encoder).expanduser().is_dir()
            if not local or find_model(chosen.encoder).key == key:
                return False
        except ModelError:
            return False  # whoever routes is told what is wrong with it
        models = self._workspace.models
        return not models.loaded(chosen) or models.encoder(chosen).model_key != key

    def held(self, profile: str = "compact") -> HeldIndex | None:
        """Return the index of a profile that is held back, None where none is; cheap."""
        from skillrouter_core.workspace.holding import held

        return held(self._workspace, self.place(profile), profile)

    def publish_held(self, profile: str = "compact") -> None:
        """Publish the index that is held back, whatever breaks, and with it a promoted model.

        Raises IndexNotReadyError where none is, or where the catalog has changed since.
        """
        from skillrouter_core.workspace.holding import publish_waiting

        publish_waiting(self._workspace, self.place(profile), profile)
        if profile in PROFILES:
            self._workspace.registry.note("", profile)

    def discard_held(self, profile: str = "compact") -> None:
        """Throw away the index that is held back: the old one stays, with its own texts.

        Raises IndexNotReadyError where none is held back.
        """
        from skillrouter_core.workspace.holding import discard_waiting

        discard_waiting(self._workspace, self.place(profile), profile)

    def place(self, profile: str) -> Path:
        """Return where the index generations of a profile's name live.

        A built-in profile's can be found where the model promoted for it cannot. Raises
        UsageError for an unknown name.
        """
        from skillrouter_core.workspace.serving import place

        return place(self._workspace, profile)

    def folder(self, profile: Profile) -> Path:
        """Return where a profile's index generations live."""
        from hashlib import sha256

        name = profile.name
        if "/" in name or "\\" in name:  # a local folder's path
            name = f"{Path(name).name}-{sha256(name.encode()).hexdigest()[:8]}"
        return self._workspace.home / "index" / name
