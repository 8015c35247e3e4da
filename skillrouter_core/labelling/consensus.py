"""From several people's verdicts on a pair to one grade, and to what they disagree about.

Responsible for the rules: which verdicts are on the same text, which grade they add up to, when
they conflict. Must not know where verdicts are kept.

A verdict belongs to the text that was judged. Of a query and a skill, those on the text that was
judged last count; a settlement counts until somebody judges another text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from skillrouter_core.records import Judgement, Settlement
from skillrouter_core.records.agreement import USEFUL, Agreed, Conflict

Key = tuple[str, str]


@dataclass(slots=True)
class _Pair:
    """All that was said of one query and one skill, oldest first."""

    verdicts: list[Judgement] = field(default_factory=list)
    settlement: Settlement | None = None

    @property
    def text(self) -> str:
        """The content hash of the text that counts."""
        settled = self.settlement
        if not self.verdicts:
            return settled.content_hash if settled else ""
        last = self.verdicts[-1]
        if settled is not None and settled.created_at >= last.created_at:
            return settled.content_hash
        return last.content_hash

    @property
    def standing(self) -> Settlement | None:
        """The settlement, unless another text was judged since."""
        settled = self.settlement
        return settled if settled is not None and settled.content_hash == self.text else None

    @property
    def counted(self) -> list[Judgement]:
        return [one for one in self.verdicts if one.content_hash == self.text]


def consensus(
    judgements: Iterable[Judgement], settlements: Iterable[Settlement]
) -> tuple[Agreed, ...]:
    """Return one grade for each query and skill that somebody judged, in order of first mention.

    `judgements` are those that count, the newest of each person and pair; `settlements` those
    that stand, the newest of a pair winning. A settled grade wins; else people agree on the median
    of their grades, rounded down; "can't tell" weighs nothing beside a grade.
    """
    return tuple(_agreed(key, pair) for key, pair in _pairs(judgements, settlements).items())


def conflicts(
    judgements: Iterable[Judgement], settlements: Iterable[Settlement]
) -> tuple[Conflict, ...]:
    """Return the pairs whose grades differ, settled ones too: widest spread, then newest, first."""
    found = list(_conflicts(_pairs(judgements, settlements)))
    return tuple(
        sorted(found, key=lambda one: (-one.serious, -one.spread, -one.newest.timestamp()))
    )


def grade_table(
    judgements: Iterable[Judgement],
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Return grades [pairs, people], NaN where somebody said nothing or "can't tell", and names.

    Only verdicts on the same text share a row; people come in the order of their names.
    """
    rows: dict[tuple[str, str, str], dict[str, float]] = defaultdict(dict)
    for one in judgements:
        grade = np.nan if one.grade is None else float(one.grade)
        rows[one.query_text, one.skill_id, one.content_hash][one.annotator] = grade
    names = tuple(sorted({name for row in rows.values() for name in row}))
    column = {name: at for at, name in enumerate(names)}
    table = np.full((len(rows), len(names)), np.nan)
    for at, row in enumerate(rows.values()):
        table[at, [column[name] for name in row]] = list(row.values())
    return table, names


def differ(grades: Sequence[int]) -> bool:
    """Return whether grades differ seriously: by more than one, or across `USEFUL`."""
    if not grades:
        return False
    low, high = min(grades), max(grades)
    return high - low > 1 or low < USEFUL <= high


def middle(grades: Sequence[int]) -> int | None:
    """Return the median, rounded down where two grades share the middle; None without grades."""
    if not grades:
        return None
    ranked, half = sorted(grades), len(grades) // 2
    return ranked[half] if len(ranked) % 2 else (ranked[half - 1] + ranked[half]) // 2


def _pairs(judgements: Iterable[Judgement], settlements: Iterable[Settlement]) -> dict[Key, _Pair]:
    pairs: dict[Key, _Pair] = defaultdict(_Pair)
    for one in judgements:
        pairs[one.query_text, one.skill_id].verdicts.append(one)
    for settled in sorted(settlements, key=lambda each: each.settlement_id):
        pairs[settled.query_text, settled.skill_id].settlement = settled
    for pair in pairs.values():
        pair.verdicts.sort(key=lambda each: (each.created_at, each.judgement_id))
    return dict(pairs)


def _agreed(key: Key, pair: _Pair) -> Agreed:
    settled, counted = pair.standing, pair.counted
    grades = _grades(counted)
    return Agreed(
        query_text=key[0],
        skill_id=key[1],
        content_hash=pair.text,
        grade=middle(grades) if settled is None else settled.grade,
        judges=tuple(sorted({one.annotator for one in counted})),
        settled=settled is not None,
        contested=settled is None and differ(grades),
    )


def _conflicts(pairs: dict[Key, _Pair]) -> Iterator[Conflict]:
    for (query, skill_id), pair in pairs.items():
        counted = pair.counted
        grades = _grades(counted)
        if len(set(grades)) > 1:
            older = tuple(one for one in pair.verdicts if one.content_hash != pair.text)
            yield Conflict(
                query, skill_id, pair.text, tuple(counted), older, differ(grades), pair.standing
            )


def _grades(verdicts: Iterable[Judgement]) -> list[int]:
    return [one.grade for one in verdicts if one.grade is not None]
