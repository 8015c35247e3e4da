"""Who has graded which pair so far, kept in memory and brought up to date by what is new.

Responsible for counting verdicts that nobody took back. Must not know where verdicts are stored,
nor which pairs there are to be graded.
"""

from __future__ import annotations

from collections.abc import Sequence

from skillrouter_core.labelling.overlap import Pair
from skillrouter_core.records import VerdictKey


class Ledger:
    """Verdicts by pair and by person; not to be shared between threads without a lock."""

    def __init__(self) -> None:
        """Start with nothing said."""
        self._verdicts: dict[int, VerdictKey] = {}
        self._by_pair: dict[Pair, list[int]] = {}
        self._by_person: dict[str, list[int]] = {}
        self._undone: frozenset[int] = frozenset()
        self.newest = 0
        self.changes: list[Pair] = []
        """The pairs whose verdicts changed, oldest change first; it only ever grows."""

    def take(self, verdicts: Sequence[VerdictKey], undone: frozenset[int]) -> None:
        """Note the verdicts above `newest`, in order, and which of all were taken back."""
        for one in verdicts:
            pair = (one.query_key, one.skill_id)
            self._verdicts[one.judgement_id] = one
            self._by_pair.setdefault(pair, []).append(one.judgement_id)
            self._by_person.setdefault(one.annotator, []).append(one.judgement_id)
            self.changes.append(pair)
            self.newest = max(self.newest, one.judgement_id)
        for number in undone - self._undone:
            if number in self._verdicts:
                self.changes.append(self._pair(number))
        self._undone = undone

    def judges(self, pair: Pair) -> frozenset[str]:
        """Return who has a verdict on a pair that counts."""
        return frozenset(self._verdicts[one].annotator for one in self._counting(pair))

    def grades(self, pair: Pair) -> dict[str, int | None]:
        """Return each person's newest grade of a pair."""
        return {
            self._verdicts[one].annotator: self._verdicts[one].grade for one in self._counting(pair)
        }

    def said(self, pair: Pair, annotator: str) -> int:
        """Return how many verdicts a person ever gave on a pair, those taken back counted too."""
        numbers = self._by_pair.get(pair, ())
        return sum(self._verdicts[one].annotator == annotator for one in numbers)

    def verdicts(self, annotator: str) -> tuple[Pair, ...]:
        """Return the pairs a person graded, oldest first, each as often as it was."""
        numbers = self._by_person.get(annotator, ())
        return tuple(self._pair(one) for one in numbers if one not in self._undone)

    def _counting(self, pair: Pair) -> list[int]:
        return [one for one in self._by_pair.get(pair, ()) if one not in self._undone]

    def _pair(self, number: int) -> Pair:
        one = self._verdicts[number]
        return one.query_key, one.skill_id
