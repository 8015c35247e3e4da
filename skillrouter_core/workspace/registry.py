"""The models of a workspace: what there is, which of them answers, and how that changes.

Responsible for listing, promoting, rolling back, deleting and exporting. Must not know how a
model is trained, nor who asks.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skillrouter_core.errors import ModelIntegrityError, NotFoundError, UsageError
from skillrouter_core.models import PROFILES
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.registry import (
    CARD,
    METRICS,
    RUN,
    SHIPPED,
    Damaged,
    Promotion,
    card,
    checked_name,
    damaged_records,
    find_trained,
    note,
    noting,
    promotions,
    read_record,
    trained_names,
)
from skillrouter_core.workspace import label_checks as checks
from skillrouter_core.workspace.serving import DEFAULT

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.promoting import Promoted

LONG_AGO = datetime.min.replace(tzinfo=UTC)


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
        """Return every model that can answer: the shipped pair, then trained ones, newest first.

        Those whose run or metrics cannot be read are left out; `damaged` names them.
        """
        trained = self._readable()[0]
        trained.sort(key=lambda one: (one.created_at or LONG_AGO, one.name), reverse=True)
        return (self.model(SHIPPED), *trained)

    def damaged(self) -> tuple[Damaged, ...]:
        """Return the models that the list leaves out as their files cannot be read, by name."""
        return (*damaged_records(self.folder), *self._readable()[1])

    def _readable(self) -> tuple[list[ModelInfo], tuple[Damaged, ...]]:
        models, damaged = [], []
        for name in trained_names(self.folder):
            try:
                models.append(self.model(name))
            except NotFoundError:
                continue  # deleted meanwhile
            except ModelIntegrityError as error:
                damaged.append(Damaged(name, str(error)))
        return models, tuple(damaged)

    def model(self, name: str) -> ModelInfo:
        """Return one model; raises NotFoundError naming those there are, ModelIntegrityError."""
        profile = self._workspace.profile(self._known(name))
        folder = self.folder / name
        run = {} if name == SHIPPED else read_record(folder, RUN)
        return ModelInfo(
            name=name,
            encoder=profile.encoder,
            reranker=profile.reranker,
            preset=profile.preset,
            answers_for=tuple(one for one in PROFILES if self.answers(one, name)),
            created_at=_created(folder, run),
            bytes=0 if name == SHIPPED else _size(folder),
            run=run,
            metrics={} if name == SHIPPED else read_record(folder, METRICS),
        )

    def in_use(self, profile: str = DEFAULT) -> str:
        """Return the trained model that answers for a profile; empty for the profile's own.

        Raises UsageError for a profile that is not built in.
        """
        from skillrouter_core.workspace.serving import promoted

        return promoted(self._workspace, _built_in(profile))

    def promote(
        self,
        name: str,
        author: str,
        listener: ProgressListener = silent,
        profile: str = DEFAULT,
    ) -> Promoted:
        """Let a model answer for a profile, once nothing saved breaks; see `promoting.promote`."""
        return self._promote(self._known(name), author, listener, profile, back=False)

    def rollback(
        self, author: str, listener: ProgressListener = silent, profile: str = DEFAULT
    ) -> Promoted:
        """Let the model answer again that answered before the present one.

        Its vectors are still there, and the saved queries hold nothing up: its answers were kept
        once. Where the texts have changed since the present index was made they are asked, as for
        any change of the catalog. Raises UsageError where nothing was promoted yet.
        """
        target = self.before(profile)
        if target is None:
            raise UsageError(f"nothing was promoted for the profile {profile} yet; promote a model")
        return self._promote(self._known(target or SHIPPED), author, listener, profile, back=True)

    def before(self, profile: str = DEFAULT) -> str | None:
        """Return what `rollback` goes back to (empty: the profile's own); None for nothing."""
        history = self.history(_built_in(profile))
        return history[-1].previous if history else None

    def note(self, author: str, profile: str = DEFAULT) -> Promotion | None:
        """Write into the history which model answers now, if that has changed; return the line.

        Whoever publishes an index calls it. `author` is named where the index names nobody.
        """
        with noting(self.folder):
            made = self._untold(profile)
            if made is None:
                return None
            return note(self.folder, profile, made.model, made.author or author, made.at)

    def history(self, profile: str | None = None) -> tuple[Promotion, ...]:
        """Return who promoted what and when, of one profile if named, oldest first."""
        told = promotions(self.folder, profile)
        names = PROFILES if profile is None else (profile,)
        untold = (self._untold(name) for name in names)
        return (*told, *(one for one in untold if one is not None))

    def delete(self, name: str) -> None:
        """Delete a trained model with its indexes, and its vectors unless another needs them.

        Raises UsageError for the shipped pair, for a model that answers or waits to, for the one
        that a rollback would go back to and for one that another model is built on; WorkspaceError
        while it is being promoted or trained.
        """
        from skillrouter_core.workspace.removing import delete

        if self._known(name) == SHIPPED:
            raise UsageError("the shipped models belong to the program; they cannot be deleted")
        delete(self._workspace, name)

    def export(self, name: str, target: Path) -> Path:
        """Write a model into `target` as folders that plain transformers can load; return it.

        `encoder/` and, where there is one, `reranker/` hold whole safetensors, tokenizer and
        configuration, with the model card beside; this program takes the folder as a profile. It
        is there whole or not at all. Raises UsageError where `target` is there and not empty, the
        ModelError family.
        """
        from skillrouter_core.backbone import write_plain
        from skillrouter_core.models import find_model

        info = self.model(name)
        if target.exists() and not (target.is_dir() and not any(target.iterdir())):
            raise UsageError(f"{target} is there already; name a folder that is not there yet")
        fresh = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        fresh.mkdir(parents=True)
        try:
            write_plain(find_model(info.encoder), fresh / "encoder", classifies=False)
            if info.reranker is not None:
                write_plain(find_model(info.reranker), fresh / "reranker", classifies=True)
            (fresh / CARD).write_text(self.card(name), encoding="utf-8")
            if target.exists():
                target.rmdir()  # empty, as was looked above
            fresh.replace(target)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        return target

    def measure(
        self,
        name: str,
        listener: ProgressListener = silent,
        *,
        source: str = "labels",
        tier: str = "",
    ) -> Mapping[str, Any]:
        """Measure a model against those in use and keep it with its card; see `measuring`."""
        from skillrouter_core.workspace.measuring import measure

        return measure(self._workspace, self._known(name), source, tier, listener)

    def card(self, name: str) -> str:
        """Return a model's card in Markdown: what it was trained on, how, and its figures."""
        info = self.model(name)
        return card(info.name, info.encoder, info.reranker, info.preset, info.run, info.metrics)

    def _promote(
        self, name: str, author: str, listener: ProgressListener, profile: str, *, back: bool
    ) -> Promoted:
        from skillrouter_core.workspace.promoting import promote

        author = checks.label("author", author)
        model = "" if name == SHIPPED else name
        return promote(self._workspace, profile, model, listener, author=author, back=back)

    def _untold(self, profile: str) -> Promotion | None:
        """Return the promotion that was published, but whose process died before it said so."""
        from skillrouter_core.index import current_promotion

        now = current_promotion(self._workspace.indexing.place(_built_in(profile)))
        told = promotions(self.folder, profile)
        last = told[-1].model if told else ""
        if now is None or now[0] == last:
            return None
        model, author, at = now
        return Promotion(profile, model, last, author, at)

    def answers(self, profile: str, name: str) -> bool:
        """Return whether a model answers for a built-in profile."""
        if name == SHIPPED:
            return profile == DEFAULT and not self.in_use(profile)
        return self.in_use(profile) == name

    def _known(self, name: str) -> str:
        if name == SHIPPED or find_trained(self.folder, checked_name(name)) is not None:
            return name
        known = ", ".join((SHIPPED, *trained_names(self.folder)))
        raise NotFoundError(f"no model is called {name!r}; there are: {known}")


def _built_in(profile: str) -> str:
    if profile not in PROFILES:
        raise UsageError(f"{profile!r} is no built-in profile; choose {', '.join(PROFILES)}")
    return profile


def _created(folder: Path, run: Mapping[str, Any]) -> datetime | None:
    moment = run.get("created_at")
    try:
        return datetime.fromisoformat(moment) if moment else None
    except (TypeError, ValueError) as error:
        raise ModelIntegrityError(f"{folder / RUN}: no time {moment!r}; restore it") from error


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
