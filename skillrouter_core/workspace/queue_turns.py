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

from db import claims, label_version, queue_reads, settings
from db.columns import utc_now
from db.queue_reads import News
from db.session import Database
from skillrouter_core.errors import WorkspaceError
from skillrouter_core.labelling.ledger import Ledger
from skillrouter_core.labelling.overlap import OVERLAP_SHARE, Pair, checked_share, repeat
from skillrouter_core.labelling.turns import Standing, Turn
from skillrouter_core.records import Claim

CLAIM = timedelta(minutes=15)
"""How long a pair stays in a person's hands without a word from them."""

SECOND = 2
"""Places of a pair that one person grades again: another may have it in hand meanwhile."""

NEVER = "-"
"""A version that labels never have: nothing was read yet."""


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
        self._version = NEVER

    def hand(self, standing: Standing, annotator: str, count: int) -> tuple[Handed, ...]:
        """Return up to `count` rows that are now in a person's hands, in order.

        What they hold already comes first, so that asking again hands out the same.
        """
        now = utc_now()
        with self._database.read() as session:
            news = queue_reads.news(session, annotator, now, self._version, self._ledger.newest)
        mine = _in_hand(standing, self._turn(standing, annotator, news), annotator, news.held)
        if len(mine) >= count and _lasting(news.held, annotator, now):
            return tuple(mine[:count])
        with self._database.write() as session:
            # Nobody else says or claims anything from here to the end of the transaction.
            label_version.lock(session)
            news = queue_reads.news(session, annotator, now, self._version, self._ledger.newest)
            turn = self._turn(standing, annotator, news)
            mine = _in_hand(standing, turn, annotator, news.held)
            asked = [*mine, *self._second(standing, annotator, mine)]
            missing = turn.next_rows(count - len(asked), [one.row for one in asked])
            asked += [Handed(row, False) for row in missing]
            places = _places(standing, turn, asked)
            got = claims.claim(session, list(places), annotator, places, now, now + CLAIM)
        return tuple(one for one in asked if standing.order.pairs[one.row].pair in got)[:count]

    def listed(self, standing: Standing, annotator: str) -> tuple[Row, ...]:
        """Take what is free of an order into a person's hands; return all its rows."""
        now = utc_now()
        with self._database.write() as session:
            label_version.lock(session)
            news = queue_reads.news(session, annotator, now, self._version, self._ledger.newest)
            turn = self._turn(standing, annotator, news)
            free = [Handed(row, False) for row in turn.free.nonzero()[0].tolist()]
            places = _places(standing, turn, free)
            got = claims.claim(session, list(places), annotator, places, now, now + CLAIM)
        return tuple(
            Row(row, one.pair in got or bool(turn.mine[row]), self.said(one.pair, annotator))
            for row, one in enumerate(standing.order.pairs)
        )

    def turn(self, standing: Standing, annotator: str) -> Turn:
        """Return what a person's next pairs depend on; nothing is claimed."""
        with self._database.read() as session:
            news = queue_reads.news(
                session, annotator, utc_now(), self._version, self._ledger.newest
            )
        return self._turn(standing, annotator, news)

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

    def overlap(self) -> float:
        """Return the share of pairs that want two people."""
        with self._database.read() as session:
            return _share(settings.value(session, queue_reads.OVERLAP))

    def set_overlap(self, share: float) -> None:
        """Set the share, from 0 to 1; UsageError for another."""
        with self._database.write() as session:
            settings.put(session, queue_reads.OVERLAP, repr(checked_share(share)))

    def _turn(self, standing: Standing, annotator: str, news: News) -> Turn:
        if news.version != self._version:
            self._ledger.take(news.verdicts, news.undone)
            self._version = news.version
        hands, share = _hands(news.held), _share(news.overlap)
        return standing.turn(self._ledger, annotator, news.skipped, hands, share)

    def _second(self, standing: Standing, annotator: str, mine: Collection[Handed]) -> list[Handed]:
        """Return the row that a person is to grade once more, if one is due and none is out."""
        if any(one.repeat for one in mine):
            return []
        pair = repeat(self._ledger.verdicts(annotator), standing.row_of)
        return [] if pair is None else [Handed(standing.row_of[pair], True)]


def _in_hand(
    standing: Standing, turn: Turn, annotator: str, held: Collection[Claim]
) -> list[Handed]:
    """Return the rows of an order that a person holds; one they graded is a second asking."""
    own = [(one.query_key, one.skill_id) for one in held if one.annotator == annotator]
    rows = [standing.row_of[pair] for pair in own if pair in standing.row_of]
    return [Handed(row, bool(turn.mine[row])) for row in turn.in_order(rows)]


def _lasting(held: Collection[Claim], annotator: str, now: datetime) -> bool:
    """Return whether all that a person holds stays theirs for a while yet."""
    return all(one.until - now > CLAIM / 2 for one in held if one.annotator == annotator)


def _places(standing: Standing, turn: Turn, rows: Collection[Handed]) -> dict[Pair, int]:
    """Return how many people may hold each pair; a second asking keeps nobody else away."""
    return {
        standing.order.pairs[one.row].pair: SECOND if one.repeat else turn.places(one.row)
        for one in rows
    }


def _share(found: str | None) -> float:
    if found is None:
        return OVERLAP_SHARE
    try:
        return float(found)
    except ValueError:
        raise WorkspaceError(
            f"the share of pairs for two people is kept as {found!r}; set it again"
        ) from None


def _hands(held: Collection[Claim]) -> Mapping[Pair, set[str]]:
    found: defaultdict[Pair, set[str]] = defaultdict(set)
    for one in held:
        found[one.query_key, one.skill_id].add(one.annotator)
    return found
