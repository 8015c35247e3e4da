"""Indexes of the workspace's catalogs.

Responsible for keeping a profile's index in step with the database. Must not know how
an index answers queries.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.models import Profile, find_model, profile_named
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.texts import preset_named

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What one build did: skills indexed, texts embedded anew, seconds taken."""

    skills: int
    embedded: int
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """Where an index stands against the catalogs.

    `skills` live in the database, `indexed` in the published index; `stale` means that some
    text was added, changed or removed since. `version` changes with every publication.
    """

    skills: int
    indexed: int
    lexical_ready: bool
    vectors_ready: bool
    stale: bool
    version: str


class Indexing:
    """Builds and inspects indexes; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace."""
        self._workspace = workspace

    def build(self, listener: ProgressListener = silent, profile: str = "compact") -> IndexReport:
        """Bring a profile's index up to date with the catalogs and return what was done.

        BM25 answers as soon as it is written; vectors follow. Safe to kill and to repeat.
        Raises the ModelError family, WorkspaceError, and what the listener raises.
        """
        from skillrouter_core.workspace.building import (
            BuildPlan,
            attach_views,
            complete,
            ensure_lexical,
        )

        started = time.monotonic()
        chosen = profile_named(profile)
        skills = sorted(self._workspace.catalogs.skills(), key=lambda skill: skill.skill_id)
        plan = BuildPlan(
            self.folder(chosen), self._workspace.home / "vectors", preset_named(chosen.preset)
        )
        generation = ensure_lexical(plan, skills)
        if complete(plan, generation, find_model(chosen.encoder).key):  # spare loading a network
            return IndexReport(len(skills), 0, time.monotonic() - started)
        encoder = self._workspace.models.encoder(chosen)
        embedded = attach_views(plan, generation, skills, encoder, listener)
        return IndexReport(len(skills), embedded, time.monotonic() - started)

    def status(self, profile: str = "compact") -> IndexStatus:
        """Return where a profile's index stands; loads no model."""
        from skillrouter_core.index import FULL, fingerprint
        from skillrouter_core.workspace.building import published

        hashes = self._workspace.catalogs.hashes()
        index = published(self.folder(profile_named(profile)))
        if index is None:
            return IndexStatus(len(hashes), 0, False, False, bool(hashes), "")
        rows = sorted(hashes.items())
        return IndexStatus(
            skills=len(hashes),
            indexed=len(index),
            lexical_ready=True,
            vectors_ready=FULL in index.manifest.dense,
            stale=fingerprint(rows) != index.manifest.fingerprint,
            version=index.version,
        )

    def folder(self, profile: Profile) -> Path:
        """Return where a profile's index generations live."""
        from hashlib import sha256

        name = profile.name
        if "/" in name or "\\" in name:  # a local folder's path
            name = f"{Path(name).name}-{sha256(name.encode()).hexdigest()[:8]}"
        return self._workspace.home / "index" / name
