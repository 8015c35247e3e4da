"""Skills to a published index, embedding only what was never embedded.

Responsible for the order of the work: BM25 first, then vectors view by view, then the
swap. Must not know the database, nor whether the skills are a catalog or a benchmark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError
from skillrouter_core.index import (
    FULL,
    VIEWS,
    DenseSource,
    SkillIndex,
    attach_dense,
    fingerprint,
    held_back,
    publish,
    write_lexical,
)
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import Skill
from skillrouter_core.texts import TextPreset, encoder_document
from skillrouter_core.vectors import VectorStore, store_folder

if TYPE_CHECKING:
    from skillrouter_core.encode import Encoder

STAGES = {FULL: "embedding skills", "no-body": "embedding names and descriptions"}


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """What to index and where: `folder` for generations, `vectors` for the shared stores.

    `model` names the trained model that is to answer, empty for the profile's own.
    """

    folder: Path
    vectors: Path
    preset: TextPreset
    views: Sequence[str] = VIEWS
    model: str = ""


def published(folder: Path) -> SkillIndex | None:
    """Return the index published in a folder, or None where there is none to read."""
    try:
        return SkillIndex.load(folder)
    except IndexNotReadyError:
        return None


def ensure_lexical(plan: BuildPlan, skills: Sequence[Skill]) -> Path:
    """Return the generation that holds these skills' BM25 indexes, written if need be.

    It is published at once, unless the index in use has vectors: those go on answering until
    the new ones are complete.
    """
    current = published(plan.folder)
    if current is not None and holds(current, plan, skills):
        return current.generation
    has_vectors = current is not None and bool(current.manifest.dense)
    return write_lexical(
        plan.folder,
        skills,
        plan.preset,
        published=not has_vectors,
        model=plan.model,
        former=current,
    )


def holds(index: SkillIndex, plan: BuildPlan, skills: Sequence[Skill]) -> bool:
    """Return whether an index is of exactly these skills, ids and texts, by the plan's models."""
    rows = [(skill.skill_id, skill.content_hash) for skill in skills]
    manifest = index.manifest
    by = (manifest.preset, manifest.model)
    return by == (plan.preset.name, plan.model) and manifest.fingerprint == fingerprint(rows)


def embed_missing(
    store: VectorStore,
    skills: Sequence[Skill],
    encoder: Encoder,
    preset: TextPreset,
    view: str,
    listener: ProgressListener,
) -> int:
    """Embed the skills whose text the store does not hold; return how many.

    Each batch is on disk before the next begins, so a kill loses one batch at most.
    """
    with store.writing():
        missing = [skills[row] for row in store.missing([one.content_hash for one in skills])]
        meter = Meter(listener, STAGES[view], len(missing))
        texts = [encoder_document(one, preset, body=view == FULL) for one in missing]
        for batch in encoder.encode_batches(texts):
            store.append([missing[row].content_hash for row in batch.rows], batch.vectors)
            meter.advance(len(batch.rows))
    return len(missing)


def attach_views(
    plan: BuildPlan,
    generation: Path,
    skills: Sequence[Skill],
    encoder: Encoder,
    listener: ProgressListener,
    *,
    beside: bool = False,
) -> int:
    """Embed what is missing, view by view, and publish each as it is complete; return how many.

    With `beside` nothing is published: the generation is then complete beside the one in use.
    """
    hashes = [skill.content_hash for skill in skills]
    embedded = 0
    for view in plan.views:
        version = plan.preset.version(body=view == FULL)
        folder = store_folder(plan.vectors, encoder.model_key, version)
        store = VectorStore(folder, encoder.model_key, version, encoder.dimension)
        embedded += embed_missing(store, skills, encoder, plan.preset, view, listener)
        if not _attached(generation, view, encoder.model_key, version):
            source = DenseSource(store.gather(hashes), encoder.model_key, version)
            attach_dense(generation, {view: source})
        if not beside:
            publish(plan.folder, generation)
    return embedded


def build_beside(
    plan: BuildPlan, skills: Sequence[Skill], encoder: Encoder, listener: ProgressListener
) -> tuple[Path, int]:
    """Return a complete generation beside the published one, and how many texts were embedded.

    The one held back is taken where it is of these very skills. Whoever calls publishes it,
    holds it back, or leaves it to be cleared away by the next build.
    """
    held = held_back(plan.folder)
    generation = None if held is None else held.generation
    if generation is None or not holds(SkillIndex.open_generation(generation), plan, skills):
        former = published(plan.folder)
        generation = write_lexical(
            plan.folder, skills, plan.preset, published=False, model=plan.model, former=former
        )
    return generation, attach_views(plan, generation, skills, encoder, listener, beside=True)


def complete(plan: BuildPlan, generation: Path, model_key: str) -> bool:
    """Return whether a generation holds every view's vectors by that model: nothing to embed."""
    return all(
        _attached(generation, view, model_key, plan.preset.version(body=view == FULL))
        for view in plan.views
    )


def _attached(generation: Path, view: str, model_key: str, version: str) -> bool:
    part = SkillIndex.open_generation(generation).manifest.dense.get(view)
    return part is not None and (part.model_key, part.text_version) == (model_key, version)
