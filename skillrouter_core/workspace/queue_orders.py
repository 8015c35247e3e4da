"""The order of pairs that a queue asks for, kept in memory until what it was made of changes.

Responsible for gathering what each strategy needs: candidates, saved queries, the map, the scan
for near-copies, the skills put aside. Must not know who is asked, nor what has been graded.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from db import decisions as stored_decisions
from db import queue_reads
from db.columns import text_key
from skillrouter_core.errors import IndexNotReadyError, NotFoundError, UsageError
from skillrouter_core.labelling.candidates import CandidateList
from skillrouter_core.labelling.strategies import (
    Order,
    QueuedPair,
    near_copies,
    ordered,
    queued_pair,
    queued_pairs,
    selected,
)
from skillrouter_core.labelling.turns import Standing
from skillrouter_core.records.maps import Level
from skillrouter_core.records.queues import QueueSpec, Strategy
from skillrouter_core.workspace.mapping import NO_MAP
from skillrouter_core.workspace.queue_candidates import Candidates

if TYPE_CHECKING:
    from skillrouter_core.lexical import LexicalIndex
    from skillrouter_core.workspace import Workspace

Value = TypeVar("Value")
Saved = Mapping[str, tuple[str, frozenset[str]]]
"""The saved queries: by text its key and the suites it is in."""

_Kept = tuple[CandidateList, frozenset[str], tuple[QueuedPair, ...]]

KEPT = 16
"""So many orders and what they are made of stay in memory: a few people, a few strategies."""

NEAREST = 3
"""Queries that a skill is paired with where no query's candidates hold it."""

NEEDS = {
    Strategy.CATALOG: "a catalog",
    Strategy.CLUSTER: "a cluster of the map",
    Strategy.QUERY: "a query",
}


class Orders:
    """One workspace's orders; its owner lets one thread in at a time."""

    def __init__(self, workspace: Workspace, candidates: Candidates) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace, self._candidates = workspace, candidates
        self._kept: OrderedDict[Hashable, tuple[Hashable, Any]] = OrderedDict()
        self._pairs: dict[tuple[str, str], _Kept] = {}

    def standing(self, spec: QueueSpec, profile: str) -> Standing:
        """Return a queue's order with its count of verdicts, made anew where it has changed.

        Raises UsageError for a queue that lacks what its strategy needs, NotFoundError for a
        cluster that the map does not have, IndexNotReadyError without the map or scan it needs.
        """
        _require_whole(spec)
        book, lists = self._candidates.read(profile)
        token = (book, self._queries_token(), self._workspace.catalogs.fingerprint())
        extra = self._extra_token(spec, profile)

        def make() -> Standing:
            pairs = self._pool(spec, lists, profile)
            return Standing(self._ordered(spec, pairs, profile))

        return self._keep(("order", spec, profile), (token, extra), make)

    def of_pair(self, text: str, skill_id: str, profile: str) -> Standing:
        """Return an order of one pair, whether or not the query's candidates hold the skill."""
        found, key = self._candidates.read(profile)[1].get(text), text_key(text)
        known = queued_pairs(found, key) if found else ()
        alone = queued_pair(text, (key, skill_id))
        pair = next((one for one in known if one.skill_id == skill_id), alone)
        return Standing(Order(Strategy.LEAST_CERTAIN, (pair,)))

    def saved(self) -> Saved:
        """Return the saved queries by text, read again when one comes or goes."""
        return self._keep("saved", self._queries_token(), self._read_saved)

    # ------------------------------------------------------------------ which pairs

    def _pool(
        self, spec: QueueSpec, lists: Mapping[str, CandidateList], profile: str
    ) -> list[QueuedPair]:
        """Return the candidates of the queries in scope, those narrowed away left out."""
        saved, live = self.saved(), self._live()
        inside = self._inside(spec, profile)
        if spec.query:
            texts: Iterable[str] = [spec.query.strip()]
        else:
            texts = [text for text, (_, suites) in saved.items() if spec.suite in (None, *suites)]
        found: list[QueuedPair] = []
        for text in texts:
            if text in lists:
                key = saved[text][0] if text in saved else text_key(text)
                found.extend(self._pairs_of(lists[text], key, live, profile))
        return found if inside is None else [one for one in found if inside(one.skill_id)]

    def _pairs_of(
        self, found: CandidateList, key: str, live: frozenset[str], profile: str
    ) -> tuple[QueuedPair, ...]:
        """Return a query's pairs of skills that are still there, made once a list and catalog."""
        before = self._pairs.get((profile, key))
        if before is None or before[0] is not found:
            before = (found, live, queued_pairs(found, key))
        elif before[1] is live:
            return before[2]
        # Those of the whole list are made anew where some had left and may be back.
        pairs = before[2] if len(before[2]) == len(found.candidates) else queued_pairs(found, key)
        before = (found, live, tuple(one for one in pairs if one.skill_id in live))
        self._pairs[profile, key] = before
        return before[2]

    def _inside(self, spec: QueueSpec, profile: str) -> Callable[[str], bool] | None:
        """Return whether a skill is in the catalog and the cluster that a queue is narrowed to.

        None where it is narrowed to neither.
        """
        prefix = f"{spec.catalog}/" if spec.catalog else ""
        if spec.cluster is None:
            return (lambda skill_id: skill_id.startswith(prefix)) if prefix else None
        members = self._members(*spec.cluster, profile)
        return lambda skill_id: skill_id in members and skill_id.startswith(prefix)

    def _members(self, level: Level, number: int, profile: str) -> frozenset[str]:
        made = self._workspace.map.load(profile)
        if made is None:
            raise IndexNotReadyError(NO_MAP)
        if all(one.number != number for one in made.at(level)):
            raise NotFoundError(
                f"the map has no {level.value} cluster {number}; choose one on the Map page"
            )
        rows = np.flatnonzero(made.numbers(level) == number)
        return frozenset(made.ids[row] for row in rows.tolist())

    def _live(self) -> frozenset[str]:
        catalogs = self._workspace.catalogs
        return self._keep("live", catalogs.fingerprint(), lambda: frozenset(catalogs.hashes()))

    # ------------------------------------------------------------------ in which order

    def _ordered(self, spec: QueueSpec, pairs: list[QueuedPair], profile: str) -> Order:
        if spec.strategy is Strategy.SELECTION:
            return Order(spec.strategy, self._selected(spec, pairs, profile))
        if spec.strategy is Strategy.DUPLICATES:
            return self._near_copies(pairs, profile)
        return Order(spec.strategy, ordered(pairs, spec.strategy))

    def _selected(
        self, spec: QueueSpec, pairs: Sequence[QueuedPair], profile: str
    ) -> tuple[QueuedPair, ...]:
        """Return the pairs of the skills put aside on the map."""
        inside, live = self._inside(spec, profile), self._live()
        queued = self._workspace.labels.queued()
        notes = {
            one.skill_id: f"Put aside by {one.author}{': ' + one.note if one.note else ''}."
            for one in queued
            if one.skill_id in live and (inside is None or inside(one.skill_id))
        }
        holding: dict[str, list[QueuedPair]] = defaultdict(list)
        for one in pairs:
            if one.skill_id in notes:
                holding[one.skill_id].append(replace(one, note=notes[one.skill_id]))
        alone = {one: note for one, note in notes.items() if one not in holding}
        return selected(notes, holding, self._nearest(spec, alone))

    def _nearest(
        self, spec: QueueSpec, notes: Mapping[str, str]
    ) -> dict[str, tuple[QueuedPair, ...]]:
        """Return, for each skill, its pairs with the queries that share most words with it."""
        saved = self.saved()
        wanted = spec.query.strip() or None
        texts = [
            text
            for text, (_, suites) in saved.items()
            if spec.suite in (None, *suites) and wanted in (None, text)
        ]
        if not notes or not texts:
            return {}
        words = self._words(tuple(texts))
        found = {}
        for skill_id, skill in self._workspace.catalogs.skills_by_id(list(notes)).items():
            scores = words.scores(f"{skill.name} {skill.description}")
            rows = [row for row in np.argsort(-scores, kind="stable")[:NEAREST] if scores[row] > 0]
            found[skill_id] = tuple(
                queued_pair(
                    texts[row],
                    (saved[texts[row]][0], skill_id),
                    note=f"{notes[skill_id]} No query's candidates hold it; this query shares "
                    f"words with it (BM25 {scores[row]:.1f}).",
                )
                for row in rows
            )
        return found

    def _words(self, texts: tuple[str, ...]) -> LexicalIndex:
        from skillrouter_core.lexical import LexicalIndex

        return self._keep("words", texts, lambda: LexicalIndex.build(texts))

    def _near_copies(self, pairs: Sequence[QueuedPair], profile: str) -> Order:
        """Return the pairs whose skill has a near-copy in the same list, or is contested."""
        view = self._workspace.duplicates.groups(profile=profile)
        table, size = view.scan.pairs, len(view.scan.ids)
        table = table.take(table.duplicates(view.thresholds))
        codes = np.sort(table.a.astype(np.int64) * size + table.b)
        apart = np.array([a * size + b for a, b in view.settled.apart], dtype=np.int64)
        codes = codes[~np.isin(codes, apart)]
        row_of = {one: row for row, one in enumerate(view.scan.ids)}
        in_order = ordered(pairs, Strategy.DUPLICATES)
        rows = np.array([row_of.get(one.skill_id, -1) for one in in_order], dtype=np.int64)
        by_query: dict[str, list[int]] = defaultdict(list)
        for position, one in enumerate(in_order):
            by_query[one.pair[0]].append(position)
        copies = near_copies(list(by_query.values()), rows, codes, size)
        contested = np.array(
            [row for row, standing in view.settled.standings.items() if standing.contested],
            dtype=np.int64,
        )
        marked = np.isin(rows, contested)
        kept = np.union1d(np.unique(copies), np.flatnonzero(marked)).astype(np.int64)
        return Order(
            Strategy.DUPLICATES,
            tuple(in_order[row] for row in kept.tolist()),
            np.searchsorted(kept, copies),
            marked[kept],
        )

    # ------------------------------------------------------------------ what changed

    def _queries_token(self) -> Hashable:
        with self._workspace.database.read() as session:
            return queue_reads.token(session)

    def _read_saved(self) -> Saved:
        with self._workspace.database.read() as session:
            rows = queue_reads.texts(session)
        found: dict[str, tuple[str, frozenset[str]]] = {}
        for key, text, suite in rows:
            found[text] = (key, found.get(text, (key, frozenset[str]()))[1] | {suite})
        return found

    def _extra_token(self, spec: QueueSpec, profile: str) -> Hashable:
        """Return what changes with what only some queues are made of."""
        made = self._workspace.map.version(profile) if spec.cluster else ""
        if spec.strategy is Strategy.SELECTION:
            return made, self._workspace.labels.queued()
        if spec.strategy is Strategy.DUPLICATES:
            with self._workspace.database.read() as session:
                decided = stored_decisions.token(session)
            return made, self._workspace.duplicates.version(profile), decided
        return made

    def _keep(self, key: Hashable, token: Hashable, make: Callable[[], Value]) -> Value:
        before = self._kept.get(key)
        if before is None or before[0] != token:
            before = (token, make())
            self._kept[key] = before
        self._kept.move_to_end(key)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        value: Value = before[1]
        return value


def _require_whole(spec: QueueSpec) -> None:
    given = {
        Strategy.CATALOG: bool(spec.catalog),
        Strategy.CLUSTER: spec.cluster is not None,
        Strategy.QUERY: bool(spec.query.strip()),
    }
    if not given.get(spec.strategy, True):
        raise UsageError(
            f"a queue by {spec.strategy.value} names none; choose {NEEDS[spec.strategy]}"
        )
