"""One scan of a catalog: every pair of near-copies with all its values.

Responsible for the order of the steps and for what is kept. Must not know how groups are made,
how decisions are kept, or where texts and vectors come from.

Steps: texts to trigrams and signatures (only new ones), boilerplate, proposals by name, MinHash
and vector, the exact values of every proposed pair, then the pairs above the floors.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from skillrouter_core.dedup.atoms import IntVector
from skillrouter_core.dedup.bodies import Bodies, alike_bodies, gather_bodies
from skillrouter_core.dedup.boilerplate import Boilerplate
from skillrouter_core.dedup.lookups import Prober, exact_pairs
from skillrouter_core.dedup.negations import set_apart
from skillrouter_core.dedup.pairs import PairTable, Scan
from skillrouter_core.dedup.proposals import Found, by_equal_sets, by_key, by_vector, union
from skillrouter_core.dedup.shingles import Kind, Shingler
from skillrouter_core.dedup.store import save_boilerplate
from skillrouter_core.dedup.texts import Prepared, TextStore, prepare
from skillrouter_core.dedup.values import FloatMatrix, chunks, cosines
from skillrouter_core.errors import UsageError
from skillrouter_core.progress import Meter, ProgressListener, silent
from skillrouter_core.records import Skill, Thresholds, normalised_name

__all__ = ["RULES", "Prober", "ScanOptions", "exact_pairs", "scan"]

RULES = 2
"""Goes up when the same texts and vectors would give other values than before."""

PREPARE_TEXTS = 5000
"""New texts written to disk at a time: so many at most are lost if the work is stopped."""

NAMED_SOURCES = 12
"""So many sources are named in the note about boilerplate, those with the most."""


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """How a scan is made.

    `shingles`: trigrams of words or characters. `floors`: pairs below both are not kept.
    `boilerplate_skills`: a trigram in so many skills of a source is its boilerplate.
    `neighbours`: nearest vectors looked at for each skill. `bucket_skills`: in a bucket (name
    or MinHash) of more skills each is compared with so many after it only.
    """

    shingles: Kind = "word"
    floors: Thresholds = field(default_factory=lambda: Thresholds(0.4, 0.80))
    boilerplate_skills: int = 50
    neighbours: int = 50
    bucket_skills: int = 300


class _Clock:
    """Names each step's seconds and tells the listener which one runs."""

    def __init__(self, listener: ProgressListener) -> None:
        self.listener, self.seconds = listener, dict[str, float]()

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        meter = Meter(self.listener, name, 1, unit="step")
        started = time.monotonic()
        yield
        self.seconds[name] = time.monotonic() - started
        meter.advance()


def scan(
    skills: Sequence[Skill],
    vectors: FloatMatrix | None,
    cache: Path,
    *,
    options: ScanOptions = ScanOptions(),
    listener: ProgressListener = silent,
) -> Scan:
    """Return all near-copies among skills, rows sorted by skill id.

    `vectors` [skills, d] are unit rows in the order of `skills`, None where there are none: then
    no cosine is known. Prepared texts are kept below `cache`. Raises UsageError for vectors that
    do not fit, WorkspaceError where the cache cannot be written, and what the listener raises;
    prepared texts are kept then.
    """
    order = sorted(range(len(skills)), key=lambda row: skills[row].skill_id)
    rows = [skills[row] for row in order]
    matrix = None if vectors is None else _ordered(vectors, order)
    clock = _Clock(listener)
    hashes = [skill.content_hash for skill in rows]
    sources = [skill.source for skill in rows]
    texts = _texts(rows, hashes, cache, options.shingles, clock)
    with clock.step("boilerplate"):
        bodies = gather_bodies(texts, sources, options.boilerplate_skills)
        save_boilerplate(cache, hashes, sources, options.shingles, bodies.boilerplate)
    names = [normalised_name(skill.name) for skill in rows]
    proposed, notes = _proposals(names, bodies, matrix, options, clock)
    with clock.step("exact values"):
        codes = proposed.codes
        a, b = codes // max(len(rows), 1), codes % max(len(rows), 1)
        pairs = _kept(_table(a, b, names, bodies, matrix), options.floors)
    return Scan(
        ids=tuple(skill.skill_id for skill in rows),
        hashes=tuple(hashes),
        names=tuple(names),
        sources=tuple(sources),
        chars=np.array([len(skill.body) for skill in rows], dtype=np.int64),
        pairs=pairs,
        floors=options.floors,
        seconds=clock.seconds,
        notes=(*_discount_notes(bodies), *notes),
    )


def _ordered(vectors: FloatMatrix, order: Sequence[int]) -> FloatMatrix:
    if vectors.ndim != 2 or len(vectors) != len(order):
        raise UsageError(
            f"vectors of shape {vectors.shape} for {len(order)} skills; pass one row a skill"
        )
    if not np.isfinite(vectors).all():
        raise UsageError("vectors hold values that are not finite; run `skillrouter index` again")
    return np.ascontiguousarray(vectors[np.array(order, dtype=np.int64)], dtype=np.float32)


def _texts(
    skills: Sequence[Skill], hashes: Sequence[str], cache: Path, kind: Kind, clock: _Clock
) -> Prepared:
    """Return the prepared texts of all skills; new ones are prepared and kept first."""
    with clock.step("texts"):
        store, shingler = TextStore(cache, kind), Shingler(kind)
        missing = store.missing(hashes)
        meter = Meter(clock.listener, "new texts", len(missing))
        for part in chunks(len(missing), PREPARE_TEXTS):
            chosen = missing[part]
            texts = prepare([skills[row] for row in chosen], shingler, meter.advance)
            store.append([hashes[row] for row in chosen], texts)
        store.tidy(hashes)
        return store.gather(hashes)


def _proposals(
    names: Sequence[str],
    bodies: Bodies,
    vectors: FloatMatrix | None,
    options: ScanOptions,
    clock: _Clock,
) -> tuple[Found, list[str]]:
    """Return every pair worth an exact look, and which caps bit."""
    with clock.step("names"):
        by_name = by_key(_name_numbers(names), options.bucket_skills)
        texts = bodies.texts
        equal = by_equal_sets(texts.signatures, texts.bags.sizes, options.bucket_skills)
    with clock.step("minhash"):
        alike = alike_bodies(bodies, options.bucket_skills)
    parts = [by_name, equal, alike]
    notes = []
    capped = sum(part.capped for part in parts)
    if capped:
        notes.append(
            f"{capped:,} families of more than {options.bucket_skills:,} skills were compared "
            f"only with the next {options.bucket_skills:,} each"
        )
    if vectors is not None and len(vectors):
        with clock.step("neighbours"):
            near = by_vector(vectors, options.neighbours, options.floors.cosine)
        parts.append(near)
        if near.capped:
            notes.append(
                f"{near.capped:,} skills have more than {options.neighbours} neighbours above "
                f"cosine {options.floors.cosine:g}; only the nearest were looked at"
            )
    return union(parts), notes


def _name_numbers(names: Sequence[str]) -> IntVector:
    """Return a number for each name, equal for equal names; -1 where there is none."""
    number = {name: place for place, name in enumerate(dict.fromkeys(names))}
    number[""] = -1
    return np.array([number[name] for name in names], dtype=np.int64)


def _table(
    a: IntVector,
    b: IntVector,
    names: Sequence[str],
    bodies: Bodies,
    vectors: FloatMatrix | None,
) -> PairTable:
    text = bodies.overlaps.counts(a, b).values()
    name_of = _name_numbers(names)
    return PairTable(
        a=a.astype(np.int32),
        b=b.astype(np.int32),
        same_name=(name_of[a] == name_of[b]) & (name_of[a] >= 0),
        jaccard=text.jaccard,
        raw_jaccard=text.raw_jaccard,
        cosine=cosines(vectors, a, b),
        shared_boilerplate=text.shared_boilerplate,
        set_apart=set_apart(bodies.texts.stated, names, a, b),
    )


def _kept(table: PairTable, floors: Thresholds) -> PairTable:
    return table.take(
        table.same_name
        | (table.jaccard > floors.jaccard)
        | (table.raw_jaccard > floors.jaccard)
        | (table.cosine > floors.cosine)
    )


def _discount_notes(bodies: Bodies) -> Iterator[str]:
    cut, found = bodies.texts.cut, bodies.boilerplate
    clauses, skills = int(cut.sum()), int(np.count_nonzero(cut))
    if clauses:
        yield f'{clauses:,} clauses such as "not for X" in {skills:,} skills were not compared'
    if found.grams:
        yield _boilerplate_note(found)


def _boilerplate_note(found: Boilerplate) -> str:
    """Say how much of which sources was discounted, the most first."""
    counts = {source: len(grams) for source, grams in found.grams.items()}
    ordered = sorted(counts, key=lambda source: (-counts[source], source))
    named = [f"{source or 'no source'} {counts[source]:,}" for source in ordered[:NAMED_SOURCES]]
    if len(ordered) > NAMED_SOURCES:
        named.append(f"and {len(ordered) - NAMED_SOURCES} more sources")
    return f"{sum(counts.values()):,} boilerplate trigrams were discounted: {', '.join(named)}"
