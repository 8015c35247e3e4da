"""A published generation in memory: rows, and BM25 and vectors by view.

Responsible for building a generation's parts from skills and vectors, and for
loading each at first use. Must not know how texts become vectors, how retrievers
are mixed, or the database.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock

from skillrouter_core.errors import IndexNotReadyError, UsageError, WorkspaceError
from skillrouter_core.index.dense import EXACT_ROWS, DenseIndex, FloatMatrix, measured_recall
from skillrouter_core.index.generations import (
    FORMAT,
    FULL,
    REBUILD,
    VIEWS,
    DensePart,
    IndexManifest,
    checked_view,
    current_generation,
    fingerprint,
    next_generation,
    publish,
    read_json,
    read_manifest,
    version_of,
    write_json,
    write_manifest,
)
from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.records import Skill
from skillrouter_core.texts import TextPreset, lexical_document
from skillrouter_core.tokens import TOKENS_VERSION, Tokeniser


@dataclass(frozen=True, slots=True)
class DenseSource:
    """The vectors of one view to attach: unit rows [n, d] in the index's order."""

    matrix: FloatMatrix
    model_key: str
    text_version: str


class SkillIndex:
    """One published generation, read-only; safe to share between threads.

    Row i everywhere is `ids[i]` with content `hashes[i]`.
    """

    def __init__(
        self, generation: Path, manifest: IndexManifest, rows: Sequence[tuple[str, str]]
    ) -> None:
        """Wrap a generation's rows; its parts are loaded at first use. See `load`."""
        self.generation, self.manifest = generation, manifest
        self.ids = tuple(skill_id for skill_id, _ in rows)
        self.hashes = tuple(content_hash for _, content_hash in rows)
        self._row_of = {skill_id: row for row, skill_id in enumerate(self.ids)}
        self._tokeniser = Tokeniser()
        self._lexical: dict[str, LexicalIndex] = {}
        self._dense: dict[str, DenseIndex] = {}
        self._lock = Lock()

    @classmethod
    def load(cls, folder: Path) -> SkillIndex:
        """Return the published index of a profile's folder.

        Raises IndexNotReadyError where none was built or this program cannot read it,
        WorkspaceError where it is damaged.
        """
        return cls.open_generation(current_generation(folder))

    @classmethod
    def open_generation(cls, generation: Path) -> SkillIndex:
        """Return one generation, published or not; errors as `load`."""
        manifest = read_manifest(generation)
        rows = read_json(generation / "rows.json")
        if len(rows) != manifest.rows:
            raise WorkspaceError(
                f"{generation}: {len(rows)} rows where {manifest.rows} were written; delete this "
                "folder and run `skillrouter index`"
            )
        return cls(generation, manifest, [(skill_id, digest) for skill_id, digest in rows])

    def __len__(self) -> int:
        """Return the number of skills."""
        return len(self.ids)

    @property
    def version(self) -> str:
        """What `current_version` said when this was loaded; differs when it is worth reloading."""
        return version_of(self.generation.name, self.manifest)

    def row(self, skill_id: str) -> int:
        """Return a skill's row; raise IndexNotReadyError where the index lacks it."""
        if skill_id not in self._row_of:
            raise IndexNotReadyError(f"{skill_id!r} is not in the index; {REBUILD}")
        return self._row_of[skill_id]

    def lexical(self, view: str = FULL) -> LexicalIndex:
        """Return a view's BM25 index."""
        with self._lock:
            if view not in self._lexical:
                folder = self.generation / checked_view(view) / "lexical"
                self._lexical[view] = LexicalIndex.load(folder, self._tokeniser)
            return self._lexical[view]

    def dense(self, view: str = FULL) -> DenseIndex | None:
        """Return a view's vectors, or None while they are still being made."""
        part = self.manifest.dense.get(checked_view(view))
        if part is None:
            return None
        with self._lock:
            if view not in self._dense:
                graph = self.generation / part.graph if part.graph else None
                self._dense[view] = DenseIndex.load(self.generation / part.matrix, graph)
            return self._dense[view]


def write_lexical(
    folder: Path,
    skills: Sequence[Skill],
    preset: TextPreset,
    *,
    published: bool = True,
    model: str = "",
    former: SkillIndex | None = None,
) -> Path:
    """Write a new generation with both views' BM25 indexes, no vectors; return its folder.

    Published at once unless told otherwise: BM25 then answers while vectors are made. `model`
    names the trained model that is to answer with it. The BM25 files of `former` are taken over
    where it is of the same texts: no file of a generation is ever written again.
    """
    generation = next_generation(folder)
    rows = [(skill.skill_id, skill.content_hash) for skill in skills]
    if former is not None and _reads_the_same(former, rows, preset):
        for view in VIEWS:
            place = Path(view) / "lexical"
            shutil.copytree(former.generation / place, generation / place, copy_function=_linked)
    else:
        _build_lexical(generation, skills, preset)
    write_json(generation / "rows.json", rows)
    manifest = IndexManifest(
        FORMAT, TOKENS_VERSION, len(rows), fingerprint(rows), preset.name, model=model
    )
    write_manifest(generation, manifest)
    if published:
        publish(folder, generation)
    return generation


def _reads_the_same(
    former: SkillIndex, rows: Sequence[tuple[str, str]], preset: TextPreset
) -> bool:
    """Return whether a generation's BM25 read the very same texts and is whole.

    A manifest that could be read is of today's format and token rules.
    """
    manifest = former.manifest
    if (manifest.preset, manifest.fingerprint) != (preset.name, fingerprint(rows)):
        return False
    try:
        return all(len(former.lexical(view)) == len(rows) for view in VIEWS)
    except (IndexNotReadyError, WorkspaceError):
        return False  # damaged: made anew


def _build_lexical(generation: Path, skills: Sequence[Skill], preset: TextPreset) -> None:
    tokeniser = Tokeniser()
    for view in VIEWS:
        texts = (lexical_document(skill, preset, body=view == FULL) for skill in skills)
        index = LexicalIndex.build(texts, tokeniser=tokeniser)
        index.save(generation / view / "lexical")


def _linked(source: str, target: str) -> str:
    """Give a file a second name, which outlives the first; copy it where that cannot be."""
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target


def attach_dense(
    generation: Path, sources: Mapping[str, DenseSource], *, exact_rows: int = EXACT_ROWS
) -> None:
    """Add vectors to a generation, by view; those views' earlier vectors are replaced.

    Beyond `exact_rows` a graph is built and its recall measured and recorded. Readers that
    loaded the generation before go on without.
    """
    manifest = read_manifest(generation)
    dense = dict(manifest.dense)
    for view, source in sources.items():
        folder = generation / checked_view(view)
        dense[view] = _write_dense(folder, source, manifest.rows, exact_rows)
    write_manifest(generation, replace(manifest, dense=dense))


def _write_dense(folder: Path, source: DenseSource, rows: int, exact_rows: int) -> DensePart:
    if source.matrix.ndim != 2 or len(source.matrix) != rows:
        raise UsageError(
            f"vectors of shape {source.matrix.shape} for {rows} rows; gather one for each row"
        )
    stem = sha256(f"{source.model_key}\x1f{source.text_version}".encode()).hexdigest()[:12]
    matrix, graph = f"dense-{stem}.npy", f"graph-{stem}.faiss"
    index = DenseIndex.build(source.matrix, exact_rows=exact_rows)
    index.save(folder / matrix, folder / graph)
    return DensePart(
        source.model_key,
        source.text_version,
        matrix=f"{folder.name}/{matrix}",
        graph="" if index.exact else f"{folder.name}/{graph}",
        recall=1.0 if index.exact else measured_recall(index),
    )
