"""Probes against every skill of a scan, and against one another.

Responsible for picking the skills worth showing, layer by layer, and for what is known of a
pair already. Must not know where probes come from or how a pair is valued.
"""

from __future__ import annotations

import tempfile
from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.dedup import PairTable, Prober, scan
from skillrouter_core.progress import Meter, ProgressListener
from skillrouter_core.records import Near, Skill, Thresholds
from skillrouter_core.workspace.duplicate_views import GroupsView
from skillrouter_core.workspace.probes import Probe

FloatMatrix = NDArray[np.float32]

MOST_DUPLICATES = 50
"""Near-copies listed for one skill; a new sibling of a template may have hundreds."""


@dataclass(frozen=True, slots=True)
class Nears:
    """What one probe is near to, best first; fields as in `CheckedSkill`."""

    by_name: tuple[Near, ...]
    by_text: tuple[Near, ...]
    by_embedding: tuple[Near, ...]
    duplicates: tuple[Near, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Probes and what they are compared with.

    `prober` answers for the scan of `view`; `vectors` are the probes' own, None without any.
    `limit` skills are listed a layer; `strict`: what the catalog has already is not excused.
    """

    prober: Prober
    view: GroupsView
    probes: Sequence[Probe]
    vectors: FloatMatrix | None
    limit: int
    strict: bool

    def run(self, listener: ProgressListener) -> tuple[Nears, ...]:
        """Return what each probe is near to: skills of the catalog and other probes."""
        meter = Meter(listener, "comparing", len(self.probes))
        replaced = {self._row(probe) for probe in self.probes} - {-1}
        left_out = np.zeros(len(self.view.scan.ids), dtype=np.bool_)
        left_out[list(replaced)] = True
        others = self._other_probes()
        found = []
        for place, probe in enumerate(self.probes):
            nears = [*self._in_catalog(place, probe, left_out), *others[place]]
            found.append(self._picked(nears))
            meter.advance()
        return tuple(found)

    def _in_catalog(self, place: int, probe: Probe, left_out: NDArray[np.bool_]) -> Iterable[Near]:
        """Yield the catalog's skills worth a look: the best by each layer, and all namesakes."""
        vector = None if self.vectors is None else self.vectors[place]
        table = self.prober.table(probe.skill, vector)
        positions = np.flatnonzero(~left_out)
        kept = table.take(positions)
        ids = (*self.view.scan.ids, probe.skill.skill_id)
        own = self._row(probe)
        twins = self._twins(own)
        for position in _worth_a_look(kept, self.view.thresholds, self.limit):
            row = int(positions[position])
            yield replace(
                self._near(kept, int(position), ids),
                name=self.view.scan.names[row],
                source=self.view.scan.sources[row],
                apart=(min(own, row), max(own, row)) in self.view.settled.apart,
                known=row in twins,
            )

    def _other_probes(self) -> list[list[Near]]:
        """Return for each probe the other probes that are near it."""
        found: list[list[Near]] = [[] for _ in self.probes]
        if len(self.probes) < 2:
            return found
        table = self._between()
        ids = tuple(probe.skill.skill_id for probe in self.probes)
        for position in range(len(table)):
            a, b = int(table.a[position]), int(table.b[position])
            rows = self._row(self.probes[a]), self._row(self.probes[b])
            near = replace(
                self._near(table, position, ids),
                apart=(min(rows), max(rows)) in self.view.settled.apart,
                known=rows[1] in self._twins(rows[0]),
            )
            found[a].append(_named(near, self.probes[b]))
            turned = replace(near, pair=replace(near.pair, a=near.pair.b, b=near.pair.a))
            found[b].append(_named(turned, self.probes[a]))
        return found

    def _between(self) -> PairTable:
        """Return the pairs of probes that are anything like each other, with exact values."""
        # Ids of their own: two probes outside every catalog may go by one name.
        skills = [
            replace(probe.skill, skill_id=f"{place:06d}") for place, probe in enumerate(self.probes)
        ]
        with tempfile.TemporaryDirectory(prefix="skillrouter-check-") as folder:
            proposed = scan(skills, self.vectors, Path(folder)).pairs
        pairs = np.stack([proposed.a, proposed.b], axis=1)
        return self.prober.between(skills, self.vectors, pairs)

    def _near(self, table: PairTable, position: int, ids: tuple[str, ...]) -> Near:
        pair = table.pair(position, ids)
        return Near(pair, pair.layers(self.view.thresholds), name="", source="", path="")

    def _picked(self, nears: Sequence[Near]) -> Nears:
        duplicates = [near for near in nears if near.pair.is_duplicate(self.view.thresholds)]
        duplicates.sort(key=lambda near: (not near.fails, -self._strength(near)))
        return Nears(
            by_name=self._best([near for near in nears if near.pair.same_name], self._strength),
            by_text=self._best(
                [near for near in nears if near.pair.jaccard > 0], lambda near: near.pair.jaccard
            ),
            by_embedding=self._best(
                [near for near in nears if near.pair.cosine is not None],
                lambda near: near.pair.cosine or 0.0,
            ),
            duplicates=tuple(duplicates[:MOST_DUPLICATES]),
        )

    def _best(self, nears: list[Near], value: Callable[[Near], float]) -> tuple[Near, ...]:
        ordered = sorted(nears, key=lambda near: (-value(near), near.pair.b))
        return tuple(ordered[: self.limit])

    def _strength(self, near: Near) -> float:
        return near.pair.strength(self.view.thresholds)

    def _row(self, probe: Probe) -> int:
        """Return the scan's row of the skill that a probe replaces, -1 for none."""
        if probe.before is None:
            return -1
        ids, skill_id = self.view.scan.ids, probe.before.skill_id
        place = bisect_left(ids, skill_id)
        return place if place < len(ids) and ids[place] == skill_id else -1

    def _twins(self, row: int) -> frozenset[int]:
        """Return the rows that the scan found to be near-copies of a row; none where strict."""
        if row < 0 or self.strict:
            return frozenset()
        pairs = self.view.scan.pairs
        own = pairs.take((pairs.a == row) | (pairs.b == row))
        twins = own.take(own.duplicates(self.view.thresholds))
        return frozenset((twins.a + twins.b - row).tolist())


def _worth_a_look(table: PairTable, thresholds: Thresholds, limit: int) -> NDArray[np.intp]:
    """Return positions: the best `limit` by either value, namesakes, and the nearest copies."""
    # A pair that is no near-copy by a layer's rules may still be the nearest by its value.
    cosine = np.nan_to_num(table.cosine, nan=-1.0)
    duplicates = np.flatnonzero(table.duplicates(thresholds))
    strength = table.take(duplicates).strength(thresholds)
    parts = [
        _highest(table.jaccard, limit),
        _highest(cosine, limit),
        np.flatnonzero(table.same_name),
        duplicates[_highest(strength, MOST_DUPLICATES)],
    ]
    return np.unique(np.concatenate(parts))


def _highest(values: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    return np.argsort(-values, kind="stable")[:count]


def _named(near: Near, other: Probe) -> Near:
    skill: Skill = other.skill
    return replace(near, name=skill.name, source=skill.source, path=other.file, file=other.file)
