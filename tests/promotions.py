"""Trained models that are told apart without weights, and a workspace where one breaks a query."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np

from skillrouter_core.models import Profile
from skillrouter_core.rerank import FloatVector
from skillrouter_core.route import Tuning
from skillrouter_core.workspace import Workspace
from tests.fakes import HashEncoder, OverlapReranker
from tests.stores import scan, skill

BAKE = "bake bread at 230"
BREAD = skill("tools/bread", "Knead the dough and bake bread at 230 C for an hour.")
DEPLOY = skill("tools/deploy", "Roll out a container with helm to the cluster.")
SECRET = skill("tools/secret", "Rotate the vault token and audit every lease.")
SKILLS = (BREAD, DEPLOY, SECRET)

GOOD, BAD = "good", "bad"
"""A model that answers as the shipped one, and one that answers the other way round."""


class NamedEncoder(HashEncoder):
    """A HashEncoder of its own key; it refuses to be held against another's vectors."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.model_key = key
        self._salt = int(hashlib.sha256(key.encode()).hexdigest()[:4], 16)

    def _vector(self, text: str) -> FloatVector:
        return np.roll(super()._vector(text), self._salt % self.dimension)


class Turned(OverlapReranker):
    """Scores the other way round: what fits best comes last."""

    model_key = "turned"

    def score(self, query, documents):
        return -10 * super().score(query, documents)


class NamedModels:
    """Gives each folder an encoder of its own; a folder named `bad` a reranker turned round."""

    def __init__(self) -> None:
        self.encoders: dict[str, NamedEncoder] = {}

    def encoder(self, profile: Profile) -> NamedEncoder:
        key = Path(profile.encoder).parent.name or "shipped"
        return self.encoders.setdefault(key, NamedEncoder(key))

    def reranker(self, profile: Profile) -> OverlapReranker | None:
        if profile.reranker is None:
            return None
        bad = Path(profile.reranker).parent.name.startswith(BAD)
        return Turned() if bad else OverlapReranker()

    def tuning(self, profile: Profile) -> Tuning:
        return Tuning()

    def loaded(self, profile: Profile) -> bool:
        return True


def add_model(home: Path, name: str, *, state: str = "done", created: str = "2026-01-02") -> Path:
    """Write what a finished run leaves; its weights are only good for being hashed."""
    for part in ("encoder", "reranker"):
        folder = home / "models" / name / part
        folder.mkdir(parents=True)
        (folder / "skillrouter.json").write_text(json.dumps({"preset": "compact"}))
        (folder / "config.json").write_text("{}")
        (folder / "model.safetensors").write_text(f"{name} {part}")
    run = {"state": state, "created_at": f"{created}T03:04:05+00:00", "counts": {"right": 40}}
    (home / "models" / name / "run.json").write_text(json.dumps(run))
    return home / "models" / name


def filled(home: Path) -> Workspace:
    """Return a workspace of three skills, indexed, with two models and a query that is right."""
    ws = Workspace.open(home, models=NamedModels())
    ws.catalogs.store(scan(*SKILLS))
    ws.indexing.build()
    ws.labels.save_query(BAKE, "kitchen", [BREAD.skill_id], "me")
    add_model(home, GOOD)
    add_model(home, BAD, created="2026-02-02")
    return ws
