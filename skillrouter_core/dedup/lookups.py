"""Exact values of single pairs, and the skills nearest to one text.

Responsible for answering about a scanned catalog without another scan: any pair of its skills,
or a new skill against all of them. Must not know who asks.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup.atoms import IntVector, ranges
from skillrouter_core.dedup.boilerplate import Boilerplate, contains
from skillrouter_core.dedup.negations import set_apart
from skillrouter_core.dedup.pairs import BoolVector, PairTable, Scan
from skillrouter_core.dedup.shingles import GramVector, Shingler
from skillrouter_core.dedup.store import load_boilerplate
from skillrouter_core.dedup.texts import TextStore, prepare
from skillrouter_core.dedup.values import Counts, FloatMatrix, FloatVector, TextValues, cosines
from skillrouter_core.errors import UsageError
from skillrouter_core.records import DuplicatePair, Skill, Thresholds, normalised_name

RowPairs = NDArray[np.int32]

PAPER_THRESHOLDS = Thresholds()

_FILTER_BITS = 20


def exact_pairs(
    scan: Scan,
    cache: Path,
    vectors: FloatMatrix | None,
    pairs: RowPairs | Sequence[tuple[int, int]],
) -> PairTable:
    """Return the values of any pairs of a scan's rows, in the order given, as the scan has them.

    `vectors` are unit rows in the order of the scan, None where there are none. Meant for the
    pairs of a group, which are some hundred. Raises IndexNotReadyError where the cache no
    longer holds the scan's texts, UsageError for a row paired with itself.
    """
    ordered = np.sort(np.asarray(pairs, dtype=np.int64).reshape(-1, 2), axis=1)
    a, b = ordered[:, 0], ordered[:, 1]
    if (a == b).any():
        raise UsageError(f"row {int(a[a == b][0])} paired with itself; name two different skills")
    kind, boilerplate = load_boilerplate(cache, scan.hashes, scan.sources)
    rows = np.unique(np.concatenate([a, b]))
    texts = TextStore(cache, kind).gather([scan.hashes[row] for row in rows.tolist()])
    sources = [scan.sources[row] for row in rows.tolist()]
    names = [scan.names[row] for row in rows.tolist()]
    bags = [texts.bags.row(row) for row in range(len(rows))]
    left, right = np.searchsorted(rows, a), np.searchsorted(rows, b)
    values = _compared(bags, sources, boilerplate, left, right).values()
    apart = set_apart(texts.stated, names, left, right)
    return _table(a, b, _same(names, left, right), values, cosines(vectors, a, b), apart)


def _table(
    a: IntVector,
    b: IntVector,
    same_name: BoolVector,
    values: TextValues,
    cosine: FloatVector,
    apart: BoolVector,
) -> PairTable:
    return PairTable(
        a.astype(np.int32),
        b.astype(np.int32),
        same_name,
        values.jaccard,
        values.raw_jaccard,
        cosine,
        values.shared_boilerplate,
        apart,
    )


def _same(names: Sequence[str], a: IntVector, b: IntVector) -> BoolVector:
    same = [names[i] == names[j] != "" for i, j in zip(a.tolist(), b.tolist(), strict=True)]
    return np.array(same, dtype=np.bool_)


def _compared(
    bags: Sequence[GramVector],
    sources: Sequence[str],
    boilerplate: Boilerplate,
    a: IntVector,
    b: IntVector,
) -> Counts:
    """Return the counts of pairs of sets, one pair at a time."""
    found = np.zeros((6, len(a)), dtype=np.int64)
    for place, (i, j) in enumerate(zip(a.tolist(), b.tolist(), strict=True)):
        templates = boilerplate.of(sources[i]), boilerplate.of(sources[j])
        shared = contains(bags[i], bags[j])
        of_a, of_b = _either(templates, bags[i]), _either(templates, bags[j])
        found[:, place] = (
            shared.sum(),
            (shared & of_b).sum(),
            len(bags[i]),
            len(bags[j]),
            (~of_a).sum(),
            (~of_b).sum(),
        )
    return Counts(*found)


def _either(templates: tuple[GramVector, GramVector], grams: GramVector) -> NDArray[np.bool_]:
    return contains(templates[0], grams) | contains(templates[1], grams)


class Prober:
    """Finds what a new or changed skill is nearest to; made once for many probes."""

    def __init__(self, scan: Scan, cache: Path, vectors: FloatMatrix | None) -> None:
        """Load the texts of a scan; `vectors` are unit rows in its order, None without any.

        Raises IndexNotReadyError where the cache no longer holds the scan's texts.
        """
        kind, self._boilerplate = load_boilerplate(cache, scan.hashes, scan.sources)
        self._texts = TextStore(cache, kind).gather(scan.hashes)
        self._scan, self._vectors, self._shingler = scan, vectors, Shingler(kind)
        self._flagged = self._flags()
        self._row_of = np.repeat(np.arange(len(scan.ids), dtype=np.int32), self._texts.bags.sizes)

    def nearest(
        self,
        skill: Skill,
        vector: FloatVector | None,
        limit: int,
        *,
        thresholds: Thresholds = PAPER_THRESHOLDS,
    ) -> tuple[DuplicatePair, ...]:
        """Return the `limit` pairs of a skill with the catalog's, best first; `a` is the skill.

        Values and discounts are those of a scan; the near-copies at `thresholds` come first,
        the strongest ahead, then the rest by the measure that comes closest to its threshold. A
        skill whose id is in the catalog is not paired with itself. A source that the catalog does
        not have counts as the source of each skill it is compared with, so that a new skill of a
        known template is not taken for all the others.
        """
        table = self.table(skill, vector)
        others = np.array([key != skill.skill_id for key in self._scan.ids], dtype=np.bool_)
        table = table.take(others)
        order = np.argsort(-_likeness(table, thresholds), kind="stable")[: max(limit, 0)]
        ids = (*self._scan.ids, skill.skill_id)
        return tuple(table.pair(int(place), ids) for place in order)

    def between(
        self, skills: Sequence[Skill], vectors: FloatMatrix | None, pairs: RowPairs
    ) -> PairTable:
        """Return the values of pairs of new skills, without what the catalog has as boilerplate.

        `pairs` [n, 2] are positions in `skills`, the smaller first; `vectors` are unit rows in
        their order, None without any.
        """
        texts = prepare(skills, self._shingler)
        bags = [texts.bags.row(row) for row in range(len(skills))]
        a, b = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
        names = [normalised_name(skill.name) for skill in skills]
        sources = [skill.source for skill in skills]
        values = _compared(bags, sources, self._boilerplate, a, b).values()
        apart = set_apart(texts.stated, names, a, b)
        return _table(a, b, _same(names, a, b), values, cosines(vectors, a, b), apart)

    def table(self, skill: Skill, vector: FloatVector | None) -> PairTable:
        """Return a skill's pairs with every row of the scan, in their order.

        `a` is the skill, as the row after the scan's last; `b` are the scan's rows, a skill of
        the same id among them.
        """
        scan, rows = self._scan, len(self._scan.ids)
        text = prepare([skill], self._shingler)
        values = self._values(text.bags.row(0), skill.source)
        name, probe = normalised_name(skill.name), np.full(rows, rows, dtype=np.int64)
        others = np.arange(rows, dtype=np.int64)
        cosine = np.full(rows, np.nan, dtype=np.float32)
        if vector is not None and self._vectors is not None:
            cosine = np.asarray(self._vectors @ vector, dtype=np.float32)
        stated, names = (*self._texts.stated, text.stated[0]), (*scan.names, name)
        same = np.array([other == name != "" for other in scan.names], dtype=np.bool_)
        apart = set_apart(stated, names, probe, others)
        return _table(probe, others, same, values, cosine, apart)

    def _values(self, grams: GramVector, source: str) -> TextValues:
        """Return the text layer's values of one set against every row."""
        bags, rows = self._texts.bags, len(self._scan.ids)
        hits = _members(grams, bags.values)
        owners = self._row_of[hits]
        common = np.bincount(owners, minlength=rows)
        template = self._boilerplate.of(source)
        flags = self._flagged.copy()
        flags[_members(template, bags.values)] = True
        boilerplate = np.bincount(owners[flags[hits]], minlength=rows)
        size = np.full(rows, len(grams), dtype=np.int64)
        return Counts(
            common,
            boilerplate,
            size,
            bags.sizes,
            size - self._probe_discount(grams, template),
            bags.sizes - np.bincount(self._row_of[flags], minlength=rows),
        ).values()

    def _probe_discount(self, grams: GramVector, template: GramVector) -> IntVector:
        """Return how many of the probe's trigrams are boilerplate of either, for every row."""
        own = contains(template, grams)
        of_source = {
            name: int((own | contains(theirs, grams)).sum())
            for name, theirs in self._boilerplate.grams.items()
        }
        found = [of_source.get(name, int(own.sum())) for name in self._scan.sources]
        return np.array(found, dtype=np.int64)

    def _flags(self) -> NDArray[np.bool_]:
        """Return which entry of all sets is boilerplate of its skill's source."""
        bags, sources = self._texts.bags, np.array(self._scan.sources)
        flags = np.zeros(len(bags.values), dtype=np.bool_)
        for source, template in self._boilerplate.grams.items():
            rows = np.flatnonzero(sources == source)
            entries = ranges(bags.offsets[rows], bags.sizes[rows])
            flags[entries] = contains(template, bags.values[entries])
        return flags


def _likeness(table: PairTable, thresholds: Thresholds) -> FloatVector:
    """Return above 1 for near-copies, by strength; below it the better share of a threshold."""
    text = table.jaccard / max(thresholds.jaccard, 1e-9)
    cosine = np.nan_to_num(table.cosine / max(thresholds.cosine, 1e-9))
    below = np.minimum(np.maximum(text, np.where(table.discounted(), 0, cosine)), 1)
    above = 1 + table.strength(thresholds)
    return np.asarray(np.where(table.duplicates(thresholds), above, below), dtype=np.float32)


def _members(wanted: GramVector, values: GramVector) -> IntVector:
    """Return the positions in `values` of those that occur in an ascending set.

    A table of the lowest bits turns nearly all away before the search.
    """
    low = np.uint64((1 << _FILTER_BITS) - 1)
    table = np.zeros(1 << _FILTER_BITS, dtype=np.bool_)
    table[wanted & low] = True
    maybe = np.flatnonzero(table[values & low])
    return maybe[contains(wanted, values[maybe])]
