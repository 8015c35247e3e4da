"""Scans on disk and in memory, and their groups at the thresholds asked for.

Responsible for what a scan is made of, for where it is kept and for the caches that make a
slider quick. Must not know what is drawn, nor who decides.
"""

from __future__ import annotations

import json
import os
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from db import skills as stored_skills
from skillrouter_core.dedup import (
    RULES,
    PairTable,
    PairValues,
    Scan,
    Settled,
    build_groups,
    current_scan_version,
    exact_pairs,
    load_scan,
    overview,
    save_scan,
    scan,
    settle,
)
from skillrouter_core.dedup.evidence import RowPairs
from skillrouter_core.dedup.keeper import quality
from skillrouter_core.dedup.pairs import FloatVector
from skillrouter_core.errors import IndexNotReadyError, UsageError
from skillrouter_core.progress import ProgressListener
from skillrouter_core.records import Thresholds
from skillrouter_core.workspace.answers import FILE, AnswerBook, load_answers
from skillrouter_core.workspace.deciding import Deciding
from skillrouter_core.workspace.duplicate_views import GroupsView

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

FloatMatrix = NDArray[np.float32]
Value = TypeVar("Value")

KEPT = 16
"""So many groupings are kept in memory: a slider comes back to values it has had."""

NO_SCAN = "There is no scan yet. Run `skillrouter dedup`, or look for duplicates on the page."
NO_VECTORS = (
    "no skill has a vector yet, so texts and names alone were compared; "
    "run `skillrouter index` and scan again"
)


@dataclass(frozen=True, slots=True)
class MadeOf:
    """What a scan was made of: the catalog, the index with the vectors, the rules."""

    version: str
    catalog: str
    index: str
    rules: int


class Scans:
    """One workspace's scans, by profile."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace = workspace
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = RLock()

    @property
    def cache(self) -> Path:
        """Where prepared texts are kept, by content hash, for all profiles."""
        return self._workspace.home / "duplicates" / "cache"

    def folder(self, profile: str) -> Path:
        """Return where a profile's scans and answers are kept."""
        name = self._workspace.indexing.place(profile).name
        return self._workspace.home / "duplicates" / name

    def make(self, listener: ProgressListener, profile: str) -> Scan:
        """Scan the catalogs as they are and publish the result."""
        folder, catalogs = self.folder(profile), self._workspace.catalogs
        fingerprint = catalogs.fingerprint()  # before the texts: what comes later makes it stale
        index = self._workspace.routing.version(profile)
        skills = catalogs.skills()
        vectors = self._vectors(profile, [one.content_hash for one in skills])
        found = scan(skills, vectors.matrix, self.cache, listener=listener)
        found = vectors.unknown_left_out(found)
        made = MadeOf(save_scan(folder, found), fingerprint, index, RULES)
        _write_json(folder / "made-of.json", made)
        return found

    def version(self, profile: str) -> str:
        """Return the newest scan's token; empty before the first."""
        return current_scan_version(self.folder(profile))

    def stale(self, profile: str) -> bool:
        """Return whether catalog, vectors or the rules changed after the newest scan."""
        made = MadeOf(
            self.version(profile),
            self._workspace.catalogs.fingerprint(),
            self._workspace.routing.version(profile),
            RULES,
        )
        return not made.version or _read_made_of(self.folder(profile)) != made

    def load(self, profile: str) -> Scan | None:
        """Return the newest scan, None before the first."""
        version = self.version(profile)
        if not version:
            return None
        return self.kept(("scan", profile), version, lambda: load_scan(self.folder(profile)))

    def needed(self, profile: str) -> tuple[str, Scan]:
        """Return the newest scan with its token; raise IndexNotReadyError before the first."""
        version = self.version(profile)
        found = self.load(profile)
        if found is None:
            raise IndexNotReadyError(NO_SCAN)
        return version, found

    def exact(self, scan: Scan, profile: str) -> PairValues:
        """Return what computes pairs of a scan's rows that the scan did not keep."""
        vectors = self.vectors(scan, profile)

        def values(pairs: RowPairs) -> PairTable:
            return vectors.known_only(exact_pairs(scan, self.cache, vectors.matrix, pairs))

        return values

    def vectors(self, scan: Scan, profile: str) -> ScanVectors:
        """Return the vectors of a scan's rows as they are published now."""
        token = (self.version(profile), self._workspace.routing.version(profile))
        return self.kept(("vectors", profile), token, lambda: self._vectors(profile, scan.hashes))

    def answers(self, profile: str) -> AnswerBook:
        """Return the stored answers to the saved queries."""
        folder = self.folder(profile)
        try:
            written: object = (folder / FILE).stat().st_mtime_ns
        except FileNotFoundError:
            written = None
        return self.kept(("answers", profile), written, lambda: load_answers(folder))

    def uses(self, profile: str) -> dict[str, int]:
        """Return by skill how many saved queries it answers first or should answer."""
        rankings = self.answers(profile).rankings
        counts: Counter[str] = Counter()
        for query in self._workspace.labels.queries():
            counts.update({*query.expected, *rankings.get(query.text, ())[:1]})
        return dict(counts)

    def groups(self, thresholds: Thresholds, deciding: Deciding, profile: str) -> GroupsView:
        """Return the groups at these thresholds; see `Duplicates.groups`."""
        version, found = self.needed(profile)
        _require_above(thresholds, found.floors)
        uses = self.uses(profile)
        state = (version, frozenset(uses.items()))
        settled_at = (version, self._workspace.catalogs.fingerprint(), deciding.token())
        values = self.kept(("quality", profile), state, lambda: self._quality(found, uses))
        settled = self.kept(
            ("settled", profile), settled_at, lambda: self._settled(found, deciding)
        )
        key = ("groups", profile, thresholds)
        return self.kept(
            key, (state, settled_at), lambda: _view(version, found, thresholds, settled, values)
        )

    def kept(self, key: Hashable, token: Hashable, make: Callable[[], Value]) -> Value:
        """Return what was made for `key` with this token, made now where it was not."""
        with self._lock:
            before = self._kept.get(key)
            if before is None or before[0] != token:
                before = (token, make())
                self._kept[key] = before
            self._kept.move_to_end(key)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        value: Value = before[1]
        return value

    def _quality(self, scan: Scan, uses: Mapping[str, int]) -> FloatVector:
        """Return one value a row; only skills that have a pair are read and valued."""
        rows = np.union1d(scan.pairs.a, scan.pairs.b).tolist()
        skills = self._workspace.catalogs.skills_by_id([scan.ids[row] for row in rows])
        present = [row for row in rows if scan.ids[row] in skills]
        values = np.zeros(len(scan.ids), dtype=np.float32)
        values[present] = quality([skills[scan.ids[row]] for row in present], uses)
        return values

    def _settled(self, scan: Scan, deciding: Deciding) -> Settled:
        with self._workspace.database.read() as session:
            first_seen = stored_skills.first_seen(session)
        return settle(scan.ids, scan.hashes, first_seen, deciding.all(undone=True))

    def _vectors(self, profile: str, hashes: Sequence[str]) -> ScanVectors:
        if not self._workspace.routing.version(profile):
            return ScanVectors(None, ())
        index = self._workspace.routing.index(profile)
        dense = index.dense()
        if dense is None:
            return ScanVectors(None, ())
        if tuple(hashes) == index.hashes:  # mapped, not copied
            return ScanVectors(dense.matrix, ())
        row_of = {digest: row for row, digest in enumerate(index.hashes)}
        found = np.array([row_of.get(digest, -1) for digest in hashes], dtype=np.int64)
        if not (found >= 0).any():
            return ScanVectors(None, ())
        matrix = np.zeros((len(hashes), dense.dimension), dtype=np.float32)
        matrix[found >= 0] = dense.matrix[found[found >= 0]]
        return ScanVectors(matrix, tuple(np.flatnonzero(found < 0).tolist()))


@dataclass(frozen=True, slots=True)
class ScanVectors:
    """Vectors row by row, None where there are none at all; zeros in the rows of `missing`."""

    matrix: FloatMatrix | None
    missing: tuple[int, ...]

    def unknown_left_out(self, scan: Scan) -> Scan:
        """Return the scan with cosines only where both skills have a vector, and a note."""
        if self.matrix is None:
            return replace(scan, notes=(*scan.notes, NO_VECTORS))
        if not self.missing:
            return scan
        note = (
            f"{len(self.missing)} skills have no vector yet and were compared by text and name "
            "alone; run `skillrouter index` and scan again"
        )
        return replace(scan, pairs=self.known_only(scan.pairs), notes=(*scan.notes, note))

    def known_only(self, pairs: PairTable) -> PairTable:
        """Return the pairs with cosines only where both skills have a vector."""
        if not self.missing:
            return pairs
        touched = np.isin(pairs.a, self.missing) | np.isin(pairs.b, self.missing)
        return replace(pairs, cosine=np.where(touched, np.float32(np.nan), pairs.cosine))


def _view(
    version: str, scan: Scan, thresholds: Thresholds, settled: Settled, quality: FloatVector
) -> GroupsView:
    grouping = build_groups(
        scan,
        thresholds,
        quality,
        apart=settled.apart,
        kept=settled.kept,
        gone=settled.gone,
    )
    return GroupsView(
        version=version,
        scan=scan,
        thresholds=thresholds,
        grouping=grouping,
        settled=settled,
        statuses=settled.statuses(grouping),
        quality=quality,
        counts=overview(scan, thresholds, grouping),
    )


def _require_above(thresholds: Thresholds, floors: Thresholds) -> None:
    for name in ("jaccard", "cosine"):
        wanted, least = getattr(thresholds, name), getattr(floors, name)
        if not least <= wanted <= 1:
            raise UsageError(
                f"{name} threshold {wanted:g}: the scan holds pairs above {least:g}; "
                f"choose a value from {least:g} to 1"
            )


def _write_json(path: Path, made: MadeOf) -> None:
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    fresh.write_text(json.dumps(asdict(made)), encoding="utf-8")
    fresh.replace(path)


def _read_made_of(folder: Path) -> MadeOf | None:
    """Return what the newest scan was made of; None where that is not known, as after a kill."""
    try:
        return MadeOf(**json.loads((folder / "made-of.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
