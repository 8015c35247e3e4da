"""Handing pairs to people: what has been graded, what is in whose hands, what comes next.

Responsible for reading verdicts as they come and for claims, in one transaction with the choice,
so that no pair goes to more people than wanted, whatever the number of processes. Must not know
how an order is made, nor how a pair is shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from db import claims, label_version, labels, settings, skips
from db.columns import utc_now
from db.session import Database
from skillrouter_core.errors import WorkspaceError
from skillrouter_core.labelling.ledger import Ledger
from skillrouter_core.labelling.overlap import OVERLAP_SHARE, Pair, checked_share, repeat
from skillrouter_core.labelling.turns import Standing, Turn
from skillrouter_core.records import Claim

CLAIM = timedelta(minutes=15)
"""How long a pair stays in a person's hands without a word from them."""

OVERLAP = "label_overlap"
"""Name of the setting that holds the share of pairs that want two people."""


@dataclass(frozen=True, slots=True)
class Handed:
    """One row of an order in a person's hands."""

    row: int
    repeat: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What a list shows of one row: whether the person may be asked, and how often they spoke."""

    row: int
    open: bool
    said: int


class Turns:
    """Verdicts and claims of one workspace; its owner lets one thread in at a time."""

    def __init__(self, database: Database) -> None:
        """Work on an open database; nothing is read yet."""
        self._database = database
        self._ledger = Ledger()
        self._version: str | None = None
        self._skipped: dict[str, tuple[str, tuple[Pair, ...]]] = {}

    def hand(self, standing: Standing, annotator: str, count: int) -> tuple[Handed, ...]:
        """Return up to `count` rows that are now in a person's hands, in order.

        What they hold already comes first, so that asking again hands out the same.
        """
        now = utc_now()
        with self._database.read() as session:
            turn, held = self._turn(session, standing, annotator, now)
            mine = self._in_hand(standing, turn, annotator, held)
            if len(mine) >= count and self._fresh(held, annotator, now):
                return tuple(mine[:count])
        with self._database.write() as session:
            # Nobody else says or claims anything from here to the end of the transaction.
            label_version.lock(session)
            turn, held = self._turn(session, standing, annotator, now)
            mine = self._in_hand(standing, turn, annotator, held)
            mine += self._second(session, standing, annotator, mine, now)
            missing = turn.next_rows(count - len(mine), [one.row for one in mine])
            rows = [*(one.row for one in mine), *missing]
            got = self._claim(session, standing, turn, rows, annotator, now)
        handed = {one.row: one for one in mine}
        fresh = [Handed(row, False) for row in missing if standing.order.pairs[row].pair in got]
        return tuple([*handed.values(), *fresh][:count])

    def listed(self, standing: Standing, annotator: str) -> tuple[Row, ...]:
        """Take what is free of an order into a person's hands; return all its rows."""
        now = utc_now()
        with self._database.write() as session:
            label_version.lock(session)
            turn, _ = self._turn(session, standing, annotator, now)
            free = [row for row, one in enumerate(turn.free.tolist()) if one]
            self._claim(session, standing, turn, free, annotator, now)
        pairs, taken = standing.order.pairs, set(free)
        return tuple(
            Row(row, row in taken or bool(turn.mine[row]), self.said(one.pair, annotator))
            for row, one in enumerate(pairs)
        )

    def turn(self, standing: Standing, annotator: str) -> Turn:
        """Return what a person's next pairs depend on; nothing is claimed."""
        with self._database.read() as session:
            return self._turn(session, standing, annotator, utc_now())[0]

    def release(self, annotator: str) -> int:
        """Give back what a person holds; return how many pairs that were."""
        with self._database.write() as session:
            return claims.release(session, annotator)

    def said(self, pair: Pair, annotator: str) -> int:
        """Return how many verdicts a person ever gave on a pair, as far as read."""
        return self._ledger.said(pair, annotator)

    def grade(self, standing: Standing, row: int) -> float:
        """Return the mean grade of a row, as far as read; NaN without one."""
        return standing.grade(self._ledger, row)

    # ------------------------------------------------------------------ the share of two

    def overlap(self) -> float:
        """Return the share of pairs that want two people."""
        with self._database.read() as session:
            return _share(session)

    def set_overlap(self, share: float) -> None:
        """Set the share, from 0 to 1; UsageError for another."""
        with self._database.write() as session:
            settings.put(session, OVERLAP, repr(checked_share(share)))

    # ------------------------------------------------------------------ reading

    def _turn(
        self, session: Session, standing: Standing, annotator: str, now: datetime
    ) -> tuple[Turn, tuple[Claim, ...]]:
        version = label_version.version(session)
        if version != self._version:
            # Fewer verdicts than before would be another database; they are never deleted.
            fresh = labels.verdict_keys(session, self._ledger.newest)
            self._ledger.take(fresh, labels.undone_ids(session))
            self._version = version
        held = claims.held(session, now)
        skipped = self._skips(session, annotator, version)
        share = _share(session)
        return standing.turn(self._ledger, annotator, skipped, _hands(held), share), held

    def _skips(self, session: Session, annotator: str, version: str) -> tuple[Pair, ...]:
        before = self._skipped.get(annotator)
        if before is None or before[0] != version:
            found = skips.skips(session, annotator)
            before = (version, tuple((one.query_key, one.skill_id) for one in found))
            self._skipped[annotator] = before
        return before[1]

    def _in_hand(
        self, standing: Standing, turn: Turn, annotator: str, held: Collection[Claim]
    ) -> list[Handed]:
        """Return the rows of an order that a person holds; one they graded is a second asking."""
        own = [(one.query_key, one.skill_id) for one in held if one.annotator == annotator]
        rows = [standing.row_of[pair] for pair in own if pair in standing.row_of]
        return [Handed(row, bool(turn.mine[row])) for row in turn.in_order(rows)]

    def _second(
        self,
        session: Session,
        standing: Standing,
        annotator: str,
        mine: Collection[Handed],
        now: datetime,
    ) -> list[Handed]:
        """Claim the pair that a person is to grade once more, if one is due and none is out."""
        if any(one.repeat for one in mine):
            return []
        pair = repeat(self._ledger.verdicts(annotator), standing.row_of)
        if pair is None:
            return []
        got = claims.claim(session, [pair], annotator, {pair: 2}, now, now + CLAIM)
        return [Handed(standing.row_of[one], True) for one in got]

    def _fresh(self, held: Collection[Claim], annotator: str, now: datetime) -> bool:
        """Return whether all that a person holds stays theirs for a while yet."""
        return all(one.until - now > CLAIM / 2 for one in held if one.annotator == annotator)

    def _claim(
        self,
        session: Session,
        standing: Standing,
        turn: Turn,
        rows: Collection[int],
        annotator: str,
        now: datetime,
    ) -> frozenset[Pair]:
        places = {standing.order.pairs[row].pair: turn.places(row) for row in rows}
        until = now + CLAIM
        return frozenset(claims.claim(session, list(places), annotator, places, now, until))


def _share(session: Session) -> float:
    found = settings.value(session, OVERLAP)
    if found is None:
        return OVERLAP_SHARE
    try:
        return float(found)
    except ValueError:
        raise WorkspaceError(
            f"the setting {OVERLAP} is {found!r}, not a share; set it again on the Label page"
        ) from None


def _hands(held: Collection[Claim]) -> Mapping[Pair, set[str]]:
    found: defaultdict[Pair, set[str]] = defaultdict(set)
    for one in held:
        found[one.query_key, one.skill_id].add(one.annotator)
    return found
