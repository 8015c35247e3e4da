"""Candidate lists for stage 2: the right skill first, then what stage 1 put beside it.

Responsible for which candidates of a query make its list. Must not know how they were found.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from skillrouter_core.mining.filtering import FalseNegativeFilter, false_negative_layer
from skillrouter_core.records import Skill
from skillrouter_core.records.training import MiningReport, NegativeSource


@dataclass(frozen=True, slots=True)
class Scored:
    """A skill in a candidate list with its stage-1 features.

    `wording` are the numbers of `skillrouter_core.wording`, in its order; empty where nobody read
    the whole texts.
    """

    skill: Skill
    bm25: float
    dense: float
    wording: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class CandidateList:
    """One listwise example: candidate 0 is right, the others are hard negatives."""

    query: str
    candidates: tuple[Scored, ...]


def hard_list(
    query: str,
    right: Scored,
    candidates: Sequence[Scored],
    cosines: Mapping[str, float],
    *,
    size: int,
    rng: random.Random,
    dropped: Counter[str],
) -> CandidateList | None:
    """Return a list of `size` negatives drawn from a query's candidates, or None if there are none.

    Half of the negatives are the best-ranked ones, the rest a sample; those the filter finds
    to be right answers themselves are left out and counted by layer in `dropped`.
    """
    kept = []
    for candidate in candidates:
        if candidate.skill.skill_id == right.skill.skill_id:
            continue
        layer = false_negative_layer(candidate.skill, [right.skill], cosines)
        if layer is None:
            kept.append(candidate)
        else:
            dropped[layer] += 1
    if not kept:
        return None
    head = kept[: (size + 1) // 2]
    tail = kept[len(head) :]
    sample = rng.sample(tail, min(size - len(head), len(tail)))
    return CandidateList(query, (right, *head, *sample))


CANDIDATES = "candidates"
"""What a report calls the negatives of a list that nobody judged."""


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A query to make lists of, one for each of its `targets`, with what stage 1 found.

    `candidates` are best first; `rights` all skills that answer it, useful ones among them.
    `wrong` were judged wrong, whether found or not; `related` and `unsure` are ids judged
    related, and those nobody could tell. `cosines` gives, by skill id, a candidate's highest
    embedding cosine to any right answer.
    """

    text: str
    targets: tuple[Skill, ...]
    candidates: Sequence[Scored]
    rights: tuple[Skill, ...]
    wrong: tuple[Scored, ...]
    related: frozenset[str]
    unsure: frozenset[str]
    cosines: Mapping[str, float]


class ListMiner:
    """Makes lists query after query and counts what happened."""

    def __init__(self, size: int, *, filtered: bool = True) -> None:
        """Start with nothing counted; a list has at most `size` candidates, the right one among."""
        self._size, self._filtered = size, filtered
        self._filter = FalseNegativeFilter()
        self._taken: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self._queries = self._related = self._contradicted = self._short = 0

    def mine(self, query: ListQuery) -> tuple[CandidateList, ...]:
        """Return one list for each target that stage 1 found.

        One it did not find is left out and counted, as in the paper: stage 2 would never see it.
        Those judged wrong come first, then candidates by rank that pass the filter.
        """
        self._queries += 1
        found = {one.skill.skill_id: one for one in query.candidates}
        negatives = self._negatives(query)
        lists = []
        for target in query.targets:
            right = found.get(target.skill_id)
            if right is None:
                self._dropped["right skill not retrieved"] += 1
            elif not negatives:
                self._dropped["no negatives"] += 1
            else:
                first = replace(right, skill=target)
                lists.append(CandidateList(query.text, (first, *negatives)))
                self._count(query, negatives)
        return tuple(lists)

    def report(self) -> MiningReport:
        """Return what happened so far; a query counts once for each of its lists."""
        return MiningReport(
            queries=self._queries,
            negatives=dict(self._taken),
            filtered={layer: self._filter.counts[layer] for layer in ("name", "jaccard", "cosine")},
            shortfalls={},
            filled={},
            related=self._related,
            contradicted=self._contradicted,
            short=self._short,
            dropped=dict(self._dropped),
        )

    def _negatives(self, query: ListQuery) -> list[Scored]:
        kept = [one for one in query.wrong if not self._contradicts(one, query)]
        taken = {one.skill_id for one in query.rights} | query.unsure
        taken |= {one.skill.skill_id for one in query.wrong}
        for one in query.candidates:
            if one.skill.skill_id not in taken and self._allowed(one, query):
                kept.append(one)
        return kept[: self._size - 1]

    def _contradicts(self, one: Scored, query: ListQuery) -> bool:
        contradicts = self._filtered and self._filter.near_copy(one.skill, query.rights)
        self._contradicted += contradicts
        return contradicts

    def _allowed(self, one: Scored, query: ListQuery) -> bool:
        cosine = query.cosines.get(one.skill.skill_id, 0.0)
        return not self._filtered or self._filter.passes(one.skill, query.rights, cosine)

    def _count(self, query: ListQuery, negatives: Sequence[Scored]) -> None:
        wrong = {one.skill.skill_id for one in query.wrong}
        ids = [one.skill.skill_id for one in negatives]
        self._taken[NegativeSource.JUDGED.value] += sum(one in wrong for one in ids)
        self._taken[CANDIDATES] += sum(one not in wrong for one in ids)
        self._related += sum(one in query.related for one in ids)
        self._short += len(negatives) < self._size - 1
