"""Rows of an order as items that a screen can show.

Responsible for texts, evidence, scores and the words that say why a pair is asked. Must not know
who is handed what.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from db import queue_reads
from skillrouter_core.labelling.candidates import CandidateList
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.labelling.strategies import QueuedPair
from skillrouter_core.labelling.turns import Standing
from skillrouter_core.labelling.uncertainty import doubts, reason
from skillrouter_core.passages import evidence
from skillrouter_core.records import Judgement, Passage, Skill
from skillrouter_core.records.queues import (
    LabelItem,
    LabelScores,
    QueryCopy,
    QueueSpec,
    Strategy,
)

if TYPE_CHECKING:
    from skillrouter_core.index import SkillIndex
    from skillrouter_core.workspace import Workspace

TOKEN_CHARS = 32

EVIDENCE_KEPT = 500
"""Pairs whose evidence stays in memory: what some twenty people have in hand."""

REPEAT = "repeat"
"""The origin of a verdict on a pair that its person graded before."""

CHANGED = "The text of this skill changed after the candidates were found."
TAKEN = "Others have this pair in hand, or have graded it as often as wanted."


@dataclass(frozen=True, slots=True)
class Wanted:
    """A row to be shown; `said` counts the verdicts that the person ever gave on it."""

    row: int
    said: int
    repeat: bool = False
    open: bool = True
    judged: Judgement | None = None


class Items:
    """Makes items for one workspace; its owner lets one thread in at a time."""

    def __init__(self, workspace: Workspace, grade: Callable[[Standing, int], float]) -> None:
        """Bind to a workspace; `grade` gives the mean grade of a row, NaN without one."""
        self._workspace, self._grade = workspace, grade
        self._passages: OrderedDict[tuple[str, str, str], tuple[Passage, ...]] = OrderedDict()

    def make(
        self,
        wanted: Sequence[Wanted],
        standing: Standing,
        lists: Mapping[str, CandidateList],
        spec: QueueSpec,
        annotator: str,
        profile: str,
    ) -> tuple[LabelItem, ...]:
        """Return the items of some rows; without skills that have just left."""
        if not wanted:
            return ()  # before the first index there is nothing to take evidence by
        index = self._workspace.routing.index(profile)
        pairs = [standing.order.pairs[one.row] for one in wanted]
        skills = self._workspace.catalogs.skills_by_id([one.skill_id for one in pairs])
        with self._workspace.database.read() as session:
            copies = queue_reads.copies(session, {pair.pair[0] for pair in pairs})
        found = []
        for one, pair in zip(wanted, pairs, strict=True):
            skill = skills.get(pair.skill_id)
            if skill is None:
                continue  # it left its catalog since the order was made
            item = _item(pair, skill, _copy(copies.get(pair.pair[0], ()), spec, pair), lists)
            found.append(
                replace(
                    item,
                    token=token(annotator, pair, one.said),
                    evidence=self._evidence(pair.query_text, skill, index),
                    reason=self._reason(standing, one.row, lists),
                    origin=REPEAT if one.repeat else spec.strategy.value,
                    repeat=one.repeat,
                    judged=one.judged,
                    notes=_notes(pair, skill, one),
                    open=one.open,
                )
            )
        return tuple(found)

    def _evidence(self, query: str, skill: Skill, index: SkillIndex) -> tuple[Passage, ...]:
        """Return a skill's evidence; what a person has in hand is asked for again and again."""
        key = (index.version, query, skill.content_hash)
        if key not in self._passages:
            self._passages[key] = evidence(query, skill, index.lexical().idf)
        self._passages.move_to_end(key)
        while len(self._passages) > EVIDENCE_KEPT:
            self._passages.popitem(last=False)
        return self._passages[key]

    def _reason(self, standing: Standing, row: int, lists: Mapping[str, CandidateList]) -> str:
        pair = standing.order.pairs[row]
        strategy = standing.order.strategy
        if strategy is Strategy.RANDOM:
            return "Drawn at random."
        if strategy is Strategy.QUERY and pair.candidate is not None:
            return f"Place {pair.candidate.place} of {pair.count} candidates."
        said = self._copy_words(standing, row) if strategy is Strategy.DUPLICATES else pair.note
        return " ".join(part for part in (said, _doubt_words(pair, lists)) if part)

    def _copy_words(self, standing: Standing, row: int) -> str:
        """Return what is at odds about the near-copies of a row."""
        own = self._grade(standing, row)
        for other in standing.copies(row):
            theirs = self._grade(standing, other)
            if math.isnan(theirs) or theirs == own:
                continue
            twin = standing.order.pairs[other].skill_id
            mine = "has no grade" if math.isnan(own) else f"has {own:g}"
            return f"Its near-copy {twin} was graded {theirs:g} for this query, this one {mine}."
        if standing.order.contested[row]:
            return "People disagree on the Duplicates page about what to do with this skill."
        return "It has a near-copy among the candidates."


def token(annotator: str, pair: QueuedPair, said: int) -> str:
    """Return the name of a verdict that a person is about to give on a pair; hex digits."""
    parts = (annotator, *pair.pair, str(said))
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:TOKEN_CHARS]


def _item(
    pair: QueuedPair, skill: Skill, copy: QueryCopy, lists: Mapping[str, CandidateList]
) -> LabelItem:
    one = pair.candidate
    listed = lists.get(pair.query_text)
    scores = (
        LabelScores()
        if one is None
        else LabelScores(
            one.bm25, one.dense, one.stage1, one.stage2, listed.confidence if listed else None
        )
    )
    return LabelItem(
        token="",
        query_text=pair.query_text,
        suite=copy.suite,
        split=copy.split,
        skill=skill,
        evidence=(),
        reason="",
        stage1_rank=one.stage1_rank if one else None,
        place=one.place if one else None,
        scores=scores,
        origin="",
        expected=skill.skill_id in copy.expected,
    )


def _notes(pair: QueuedPair, skill: Skill, wanted: Wanted) -> tuple[str, ...]:
    scored = pair.candidate.content_hash if pair.candidate else skill.content_hash
    changed = () if skill.content_hash == scored else (CHANGED,)
    return changed if wanted.open else (*changed, TAKEN)


def _copy(copies: Sequence[QueryCopy], spec: QueueSpec, pair: QueuedPair) -> QueryCopy:
    """Return the copy of a query in the suite asked for, with what any suite expects of it."""
    if not copies:
        return QueryCopy("", split_of(pair.query_text), ())
    chosen = next((one for one in copies if one.suite == spec.suite), copies[0])
    expected = tuple(dict.fromkeys(skill for one in copies for skill in one.expected))
    return replace(chosen, expected=expected)


def _doubt_words(pair: QueuedPair, lists: Mapping[str, CandidateList]) -> str:
    listed = lists.get(pair.query_text)
    if pair.candidate is None or listed is None or pair.candidate not in listed.candidates:
        return ""
    return reason(doubts(listed)[listed.candidates.index(pair.candidate)])
