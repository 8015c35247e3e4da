"""The label queue: what a person is asked next, and what is left.

Responsible for joining candidates, orders, turns and items into the calls that the Label page
makes. Must not know what a verdict is used for, nor how a pair is drawn.
"""

from __future__ import annotations

from threading import RLock
from typing import TYPE_CHECKING

from db.models import NAME_CHARS
from skillrouter_core.errors import UsageError
from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records.queues import (
    LabelItem,
    Prepared,
    QueueSpec,
    Remaining,
    Strategy,
)
from skillrouter_core.workspace.queue_candidates import Candidates
from skillrouter_core.workspace.queue_items import Items, Wanted
from skillrouter_core.workspace.queue_orders import Orders
from skillrouter_core.workspace.queue_turns import Turns

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

PROFILE = "compact"

AHEAD = 5
"""So many pairs a person has in hand: the one on the screen and what comes after."""


class Queueing:
    """Hands out pairs to be graded; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is loaded yet."""
        self._workspace = workspace
        self._candidates = Candidates(workspace)
        self._orders = Orders(workspace, self._candidates)
        self._turns = Turns(workspace.database)
        self._items = Items(workspace, self._turns.grade)
        self._lock = RLock()

    def prepare(
        self,
        listener: ProgressListener = silent,
        suite: str | None = None,
        profile: str = PROFILE,
    ) -> Prepared:
        """Route the saved queries (of one suite) that have no candidates of the published index.

        Every query is kept as soon as it is routed. Where models cannot be used BM25 answers
        alone, and the notes say so. Raises IndexNotReadyError before the first index, and what
        the listener raises.
        """
        return self._candidates.prepare(listener, suite, profile)

    def next(
        self, spec: QueueSpec, annotator: str, count: int = AHEAD, profile: str = PROFILE
    ) -> tuple[LabelItem, ...]:
        """Return the next pairs for a person, at most `count`, the first one first.

        They are in the person's hands for a quarter of an hour (`queue_turns.CLAIM`); asking
        again returns what they hold and, once that is graded, more. Never a pair they graded,
        unless as a repeat, nor one that others hold or graded as often as wanted. Only queries
        with candidates take part, except the one that QUERY names, which is routed now. Raises
        UsageError for a queue without what its strategy needs or an empty name, and
        IndexNotReadyError where the map or the scan that it needs is missing.
        """
        annotator = _person(annotator)
        self._route_named(spec, profile)
        with self._lock:
            standing = self._orders.standing(spec, profile)
            handed = self._turns.hand(standing, annotator, count)
            pairs = standing.order.pairs
            wanted = [
                Wanted(one.row, self._turns.said(pairs[one.row].pair, annotator), one.repeat)
                for one in handed
            ]
            _, lists = self._candidates.read(profile)
            return self._items.make(wanted, standing, lists, spec, annotator, profile)

    def of_query(
        self, query_text: str, annotator: str, profile: str = PROFILE
    ) -> tuple[LabelItem, ...]:
        """Return a query's candidates, best first, with the person's own verdicts.

        Routes the query if need be. What is free goes into the person's hands; the rest has
        `open` False unless they graded it. Candidates that left their catalog are left out.
        """
        annotator = _person(annotator)
        spec = QueueSpec(Strategy.QUERY, query=query_text)
        self._route_named(spec, profile)
        own = {
            one.skill_id: one
            for one in self._workspace.labels.judgements(query_text)
            if one.annotator == annotator
        }
        with self._lock:
            standing = self._orders.standing(spec, profile)
            rows = self._turns.listed(standing, annotator)
            wanted = [
                Wanted(
                    one.row,
                    one.said,
                    open=one.open,
                    judged=own.get(standing.order.pairs[one.row].skill_id),
                )
                for one in rows
            ]
            _, lists = self._candidates.read(profile)
            return self._items.make(wanted, standing, lists, spec, annotator, profile)

    def pair(
        self,
        spec: QueueSpec,
        query_text: str,
        skill_id: str,
        annotator: str,
        profile: str = PROFILE,
    ) -> LabelItem | None:
        """Return one pair, as after a verdict was taken back, and put it into the person's hands.

        Nothing else is handed out and nothing routed. None where the skill has left its catalog;
        `open` is False where others hold the pair or graded it as often as wanted.
        """
        annotator, query_text = _person(annotator), query_text.strip()
        with self._lock:
            standing = self._orders.of_pair(query_text, skill_id, profile)
            (row,) = self._turns.listed(standing, annotator)
            wanted = [Wanted(row.row, row.said, open=row.open)]
            _, lists = self._candidates.read(profile)
            items = self._items.make(wanted, standing, lists, spec, annotator, profile)
        return items[0] if items else None

    def next_query(
        self, spec: QueueSpec, annotator: str, after: str = "", profile: str = PROFILE
    ) -> str | None:
        """Return the query that a queue would ask of next, another than `after`; None without one.

        Nothing is handed out. Errors as `next`, but nothing is routed.
        """
        annotator, after = _person(annotator), after.strip()
        with self._lock:
            standing = self._orders.standing(spec, profile)
            turn = self._turns.turn(standing, annotator)
        rows = turn.next_rows(len(standing.order))
        texts = (standing.order.pairs[row].query_text for row in rows)
        return next((text for text in texts if text != after), None)

    def remaining(self, spec: QueueSpec, annotator: str, profile: str = PROFILE) -> Remaining:
        """Return what a queue still holds for a person; errors as `next`, but nothing is routed."""
        annotator = _person(annotator)
        with self._lock:
            standing = self._orders.standing(spec, profile)
            left = self._turns.turn(standing, annotator).left.nonzero()[0].tolist()
            saved = self._orders.saved()
        texts = {text for text, (_, suites) in saved.items() if spec.suite in (None, *suites)}
        if spec.query.strip():
            texts &= {spec.query.strip()}
        return Remaining(
            pairs=len(left),
            queries=len({standing.order.pairs[row].pair[0] for row in left}),
            prepared_queries=self._candidates.ready(texts, profile),
            all_queries=len(texts),
        )

    def release(self, annotator: str) -> int:
        """Give back every pair that a person holds; return how many that were."""
        return self._turns.release(_person(annotator))

    def overlap(self) -> float:
        """Return the share of pairs, 0 to 1, that two people are to grade."""
        return self._turns.overlap()

    def set_overlap(self, share: float) -> None:
        """Set that share; which pairs they are is drawn by their text, the same for everybody.

        Raises UsageError for a share outside 0 to 1.
        """
        self._turns.set_overlap(share)

    def _route_named(self, spec: QueueSpec, profile: str) -> None:
        """Route the query that a queue names if it has no candidates; that may take seconds."""
        if spec.strategy is Strategy.QUERY and spec.query.strip():
            self._candidates.of(spec.query.strip(), profile)


def _person(name: str) -> str:
    name = name.strip()
    if not name or len(name) > NAME_CHARS:
        raise UsageError(f"annotator {name[:80]!r}; give a name of 1 to {NAME_CHARS} characters")
    return name
