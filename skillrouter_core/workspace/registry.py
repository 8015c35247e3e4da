"""The models of a workspace: what there is, which of them answers, and how that changes.

Responsible for listing, promoting, rolling back, deleting and exporting. Must not know how a
model is trained, nor who asks.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.models import PROFILES
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.registry import (
    METRICS,
    RUN,
    Promotion,
    card,
    checked_name,
    find_trained,
    note,
    promotions,
    read_record,
    trained_names,
)
from skillrouter_core.workspace.serving import DEFAULT, SHIPPED

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.promoting import Promoted


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """A model that can answer.

    `name` is "shipped" for the default pair as it came. `answers_for` are the profiles it answers
    for now. `run` is what its training kept, `metrics` what was measured before and after; both
    empty where there is nothing. `bytes` is what its folder takes.
    """

    name: str
    encoder: str
    reranker: str | None
    preset: str
    answers_for: tuple[str, ...]
    created_at: datetime | None
    bytes: int
    run: Mapping[str, Any] = field(hash=False)
    metrics: Mapping[str, Any] = field(hash=False)


class Registry:
    """Models and what becomes of them; one instance per workspace."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace."""
        self._workspace = workspace

    @property
    def folder(self) -> Path:
        """Where trained models lie, a folder each."""
        return self._workspace.home / "models"

    def models(self) -> tuple[ModelInfo, ...]:
        """Return every model that can answer: the shipped pair, then trained ones, newest first."""
        trained = [self.model(name) for name in trained_names(self.folder)]
        newest = sorted(trained, key=lambda one: (one.created_at is None, one.name), reverse=True)
        newest.sort(key=lambda one: one.created_at.timestamp() if one.created_at else 0.0)
        return (self.model(SHIPPED), *reversed(newest))

    def model(self, name: str) -> ModelInfo:
        """Return one model; raises NotFoundError naming those there are."""
        profile = self._workspace.profile(self._known(name))
        folder = self.folder / name
        run = {} if name == SHIPPED else read_record(folder, RUN)
        created = run.get("created_at")
        return ModelInfo(
            name=name,
            encoder=profile.encoder,
            reranker=profile.reranker,
            preset=profile.preset,
            answers_for=tuple(one for one in PROFILES if self._answers(one, name)),
            created_at=datetime.fromisoformat(created) if created else None,
            bytes=0 if name == SHIPPED else _size(folder),
            run=run,
            metrics={} if name == SHIPPED else read_record(folder, METRICS),
        )

    def in_use(self, profile: str = DEFAULT) -> str:
        """Return the trained model that answers for a profile; empty for the profile's own."""
        from skillrouter_core.index import current_model

        return current_model(self._workspace.indexing.folder(PROFILES[profile]))

    def promote(
        self,
        name: str,
        author: str,
        listener: ProgressListener = silent,
        profile: str = DEFAULT,
    ) -> Promoted:
        """Let a model answer for a profile, once nothing saved breaks; see `promoting.promote`."""
        from skillrouter_core.workspace.promoting import promote

        known = self._known(name)
        made = promote(self._workspace, profile, "" if known == SHIPPED else known, listener)
        self.note(author, profile)
        return made

    def rollback(
        self, author: str, listener: ProgressListener = silent, profile: str = DEFAULT
    ) -> Promoted:
        """Let the model answer again that answered before the present one.

        Its vectors are still there. Raises UsageError where nothing was promoted yet.
        """
        target = self.before(profile)
        if target is None:
            raise UsageError(f"nothing was promoted for the profile {profile} yet; promote a model")
        return self.promote(target or SHIPPED, author, listener, profile)

    def before(self, profile: str = DEFAULT) -> str | None:
        """Return what `rollback` goes back to (empty: the profile's own); None for nothing."""
        history = self.history(profile)
        return history[-1].previous if history else None

    def note(self, author: str, profile: str = DEFAULT) -> Promotion | None:
        """Write into the history which model answers now, if that has changed; return the line."""
        return note(self.folder, profile, self.in_use(profile), author)

    def history(self, profile: str | None = None) -> tuple[Promotion, ...]:
        """Return who promoted what and when, of one profile if named, oldest first."""
        return promotions(self.folder, profile)

    def delete(self, name: str) -> None:
        """Delete a trained model.

        Raises UsageError for the shipped pair, for a model that answers, and for the one that a
        rollback would go back to.
        """
        if self._known(name) == SHIPPED:
            raise UsageError("the shipped models belong to the program; they cannot be deleted")
        for profile in PROFILES:
            if self._answers(profile, name):
                raise UsageError(f"{name} answers for {profile}; promote another one first")
            if self.before(profile) == name:
                raise UsageError(
                    f"{name} is what a rollback of {profile} goes back to; promote once more first"
                )
        shutil.rmtree(self.folder / name)

    def export(self, name: str, target: Path) -> Path:
        """Write a model into `target` as folders that plain transformers can load; return it.

        `encoder/` and, where there is one, `reranker/` hold whole safetensors, tokenizer and
        configuration, with the model card beside. Raises UsageError where `target` is there and
        not empty, the ModelError family.
        """
        from skillrouter_core.backbone import write_plain
        from skillrouter_core.models import find_model

        info = self.model(name)
        if target.exists() and any(target.iterdir()):
            raise UsageError(f"{target} is not empty; name a folder that is not there yet")
        write_plain(find_model(info.encoder), target / "encoder", classifies=False)
        if info.reranker is not None:
            files = find_model(info.reranker)
            write_plain(files, target / "reranker", classifies=files.manifest.get("kind") != "late")
        (target / "README.md").write_text(self.card(name), encoding="utf-8")
        return target

    def card(self, name: str) -> str:
        """Return a model's card in Markdown: what it was trained on, how, and its figures."""
        info = self.model(name)
        return card(info.name, info.encoder, info.reranker, info.preset, info.run, info.metrics)

    def _answers(self, profile: str, name: str) -> bool:
        if name == SHIPPED:
            return profile == DEFAULT and not self.in_use(profile)
        return self.in_use(profile) == name

    def _known(self, name: str) -> str:
        if name == SHIPPED or find_trained(self.folder, checked_name(name)) is not None:
            return name
        known = ", ".join((SHIPPED, *trained_names(self.folder)))
        raise NotFoundError(f"no model is called {name!r}; there are: {known}")


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
