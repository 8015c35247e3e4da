"""What the gate says of skills that are not in the catalog yet.

Responsible for the records of a check. Must not know how a file is read or a pair valued.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillrouter_core.records.duplicates import DuplicatePair, Layer, Thresholds
from skillrouter_core.records.labels import SavedQuery
from skillrouter_core.records.skills import ImportIssue, Skill


@dataclass(frozen=True, slots=True)
class Near:
    """A skill near a checked one.

    `pair.a` is the checked skill, `pair.b` the other one, whatever their order. `layers` are
    those that the pair passes. `file` is set where the other one is checked too. `apart`: people
    decided that the two are distinct. `known`: the catalog holds this pair already, the change
    only touched it.
    """

    pair: DuplicatePair
    layers: tuple[Layer, ...]
    name: str
    source: str
    path: str
    file: str = ""
    apart: bool = False
    known: bool = False

    @property
    def is_duplicate(self) -> bool:
        """Whether the two are near-copies and nobody decided that they are distinct."""
        return not self.apart and any(layer is not Layer.NAME for layer in self.layers)

    @property
    def fails(self) -> bool:
        """Whether this pair makes the gate fail: a near-copy that was not there before."""
        return self.is_duplicate and not self.known


@dataclass(frozen=True, slots=True)
class StolenQuery:
    """A saved query whose first answer would be the checked skill.

    `holder` answers it today ("" where nothing does). `lost`: the holder is a right answer and
    the checked skill is not known to be one. `margin` is by how much its score is higher.
    """

    query: SavedQuery
    holder: str
    lost: bool
    margin: float


@dataclass(frozen=True, slots=True)
class CheckedSkill:
    """One new or changed SKILL.md.

    `file` is its path as a person would write it. `replaces` is the id of the indexed skill
    that it is the next version of, "" for a new one. The nearest skills by each layer are best
    first; `duplicates` are the skills that pass the text or the embedding layer, best first,
    those that do not fail the check among them.
    """

    skill: Skill
    file: str
    replaces: str
    by_name: tuple[Near, ...]
    by_text: tuple[Near, ...]
    by_embedding: tuple[Near, ...]
    duplicates: tuple[Near, ...]
    stolen: tuple[StolenQuery, ...]


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check found; it failed when any checked skill is a new near-copy of another.

    `unchanged` are files whose text is that of the catalog, which are not checked again;
    `issues` name files left out or repaired; `queries` counts the saved queries held against
    the skills; `seconds` has each step's duration.
    """

    thresholds: Thresholds
    skills: tuple[CheckedSkill, ...]
    unchanged: tuple[str, ...]
    issues: tuple[ImportIssue, ...]
    queries: int
    seconds: dict[str, float]
    notes: tuple[str, ...] = ()

    @property
    def duplicates(self) -> int:
        """How many of the checked skills are near-copies of one that they were not before."""
        return sum(any(near.fails for near in checked.duplicates) for checked in self.skills)

    @property
    def failed(self) -> bool:
        """Whether any checked skill is such a near-copy."""
        return self.duplicates > 0
