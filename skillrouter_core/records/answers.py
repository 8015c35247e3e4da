"""Saved queries and the skills that answer them, as seen from one skill or from a merge.

Responsible for the records. Must not know how a query is routed or an answer stored.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillrouter_core.records.labels import SavedQuery


@dataclass(frozen=True, slots=True)
class QueryAnswer:
    """Where one skill stands in the answer to a saved query.

    `place` counts from 1; None: the skill is not among the answers, which go 50 deep.
    `expected`: the query names this skill as its right answer.
    """

    query: SavedQuery
    place: int | None
    expected: bool

    @property
    def answers(self) -> bool:
        """Whether this skill is the query's first answer today."""
        return self.place == 1


@dataclass(frozen=True, slots=True)
class QueryEffect:
    """What becomes of a saved query's first answer when skills are taken out of the catalog.

    `after` is empty where no answer is left. `lost`: the answer was an expected one and no
    longer is; a skill that takes over from a removed one stands for it.
    """

    query: SavedQuery
    expected: tuple[str, ...]
    before: str
    after: str
    lost: bool
