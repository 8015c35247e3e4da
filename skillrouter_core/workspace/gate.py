"""The gate: new and changed skills held against the catalog before they are added to it.

Responsible for the order of the work and for the report. Must not know how a pair is valued
(`dedup`), how files are read (`probes`) or which queries a newcomer wins (`stealing`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup import Prober
from skillrouter_core.errors import IndexNotReadyError, UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import (
    CheckedSkill,
    CheckReport,
    Near,
    Skill,
    StolenQuery,
    Thresholds,
)
from skillrouter_core.texts import (
    TextPreset,
    encoder_document,
    lexical_document,
    preset_named,
)
from skillrouter_core.workspace.answers import answer_all
from skillrouter_core.workspace.comparing import Comparison, Nears
from skillrouter_core.workspace.probes import Probe, read_probes
from skillrouter_core.workspace.stealing import Newcomer, Stages, stolen

if TYPE_CHECKING:
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupsView
    from skillrouter_core.workspace.scans import Scans

FloatMatrix = NDArray[np.float32]

MAX_CHECKED = 1_000
"""More new or changed skills are refused: a whole collection is imported and scanned instead."""

NO_INDEX = "there is no index, so names and texts alone were compared; run `skillrouter index`"
NO_VECTORS = "vectors are still being made: names and texts alone were compared"


@dataclass(frozen=True, slots=True)
class CheckOptions:
    """How skills are checked.

    `limit` skills are listed for each layer. `catalog` names the catalog that the paths are a
    working copy of, "" to find it by the files' place. `strict` checks unchanged files too and
    lets near-copies fail that the catalog has already. `queries=False` leaves the saved queries
    out.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    limit: int = 5
    catalog: str = ""
    strict: bool = False
    queries: bool = True
    profile: str = "compact"


class _Clock:
    """Seconds by step."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


def check(
    ws: Workspace,
    scans: Scans,
    view: GroupsView,
    paths: Sequence[Path],
    options: CheckOptions,
    listener: ProgressListener,
) -> CheckReport:
    """Return what the skills below `paths` are near to and which saved queries they would win.

    `view` is of the newest scan. Loads the encoder where the index has vectors, the reranker
    where a skill enters some query's candidates. Raises what `read_probes` raises, UsageError
    for too many skills, IndexNotReadyError for an empty workspace, and the ModelError family.
    """
    if not view.scan.ids:  # a gate that compares with nothing would let everything pass
        raise IndexNotReadyError(
            f"the workspace {ws.home} holds no skill to compare with; import a catalog and index "
            "it, or set SKILLROUTER_HOME to the workspace that has them"
        )
    clock, notes = _Clock(), list[str]()
    with clock.step("read"):
        probes, issues = read_probes(ws, paths, options.catalog, listener)
    checked = [probe for probe in probes if options.strict or not probe.unchanged]
    if len(checked) > MAX_CHECKED:
        raise UsageError(
            f"{len(checked)} new or changed skills, over {MAX_CHECKED}; check fewer at a time, or "
            "import their folder and run `skillrouter dedup`"
        )
    with clock.step("load"):
        prober = Prober(view.scan, scans.cache, scans.vectors(view.scan, options.profile).matrix)
        ready = _warm(ws, options, notes) if checked else False
    with clock.step("encode"):
        vectors = _encode(ws, [one.skill for one in checked], options) if ready else None
    with clock.step("compare"):
        comparison = Comparison(prober, view, checked, vectors, options.limit, options.strict)
        nears = comparison.run(listener)
    queries, won = 0, tuple[tuple[StolenQuery, ...], ...]()
    if options.queries and checked and ready:
        queries, won = _queries(ws, scans, checked, vectors, options, clock, listener)
    found = [
        _checked(ws, probe, near, won[place] if won else ())
        for place, (probe, near) in enumerate(zip(checked, nears, strict=True))
    ]
    return CheckReport(
        thresholds=options.thresholds,
        skills=tuple(found),
        unchanged=tuple(one.file for one in probes if one.unchanged and not options.strict),
        issues=issues,
        queries=queries,
        seconds=clock.seconds,
        notes=tuple(notes),
    )


def _checked(
    ws: Workspace, probe: Probe, nears: Nears, won: tuple[StolenQuery, ...]
) -> CheckedSkill:
    """Return a probe's part of the report, the skills it names with their own names and files."""
    everyone = (*nears.by_name, *nears.by_text, *nears.by_embedding, *nears.duplicates)
    skills = ws.catalogs.skills_by_id(sorted({near.pair.b for near in everyone if not near.file}))

    def named(found: tuple[Near, ...]) -> tuple[Near, ...]:
        return tuple(_named(near, skills.get(near.pair.b)) for near in found)

    return CheckedSkill(
        skill=probe.skill,
        file=probe.file,
        replaces="" if probe.before is None else probe.before.skill_id,
        by_name=named(nears.by_name),
        by_text=named(nears.by_text),
        by_embedding=named(nears.by_embedding),
        duplicates=named(nears.duplicates),
        stolen=won,
    )


def _named(near: Near, skill: Skill | None) -> Near:
    if near.file or skill is None:
        return near
    return replace(near, name=skill.name, source=skill.source, path=skill.path)


def _warm(ws: Workspace, options: CheckOptions, notes: list[str]) -> bool:
    """Load what encodes the skills; return False, with a note, where nothing can be compared."""
    if not ws.routing.version(options.profile):
        notes.append(NO_INDEX)
        return False
    if ws.routing.index(options.profile).dense() is None:
        notes.append(NO_VECTORS)
        return False
    ws.routing.encoder(options.profile)
    return True


def _encode(ws: Workspace, skills: Sequence[Skill], options: CheckOptions) -> FloatMatrix:
    encoder, preset = ws.routing.encoder(options.profile)
    vectors = np.empty((len(skills), encoder.dimension), dtype=np.float32)
    for batch in encoder.encode_batches([encoder_document(one, preset) for one in skills]):
        vectors[batch.rows] = batch.vectors
    return vectors


def _queries(
    ws: Workspace,
    scans: Scans,
    probes: Sequence[Probe],
    vectors: FloatMatrix | None,
    options: CheckOptions,
    clock: _Clock,
    listener: ProgressListener,
) -> tuple[int, tuple[tuple[StolenQuery, ...], ...]]:
    """Return how many saved queries were held against the probes, and which each would win."""
    queries = ws.labels.queries()
    if not queries:
        return 0, ()
    with clock.step("answer saved queries"):
        book = answer_all(ws, scans.folder(options.profile), options.profile, listener)
    with clock.step("queries"):
        index, profile = ws.routing.serving(options.profile)
        preset = preset_named(profile.preset)
        stages = Stages(
            lexical=index.lexical(),
            average=_average_terms(ws, index, preset),
            preset=preset,
            fusion=ws.models.tuning(profile).fusion,
            reranker=lambda: ws.models.reranker(profile),
        )
        newcomers = [
            Newcomer(
                probe.skill,
                None if vectors is None else vectors[place],
                "" if probe.before is None else probe.before.skill_id,
            )
            for place, probe in enumerate(probes)
        ]
        return len(queries), stolen(newcomers, queries, book, stages)


def _average_terms(ws: Workspace, index: SkillIndex, preset: TextPreset) -> float:
    """Return the mean number of terms of the indexed texts, from one of them."""
    for row, skill_id in enumerate(index.ids):
        skill = ws.catalogs.skills_by_id([skill_id]).get(skill_id)
        if skill is not None and skill.content_hash == index.hashes[row]:
            average = index.lexical().average_terms(row, lexical_document(skill, preset))
            if average > 0:
                return average
    return 0.0
