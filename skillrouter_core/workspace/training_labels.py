"""What people said, as training reads it: queries with their right and wrong skills.

Responsible for joining agreed verdicts and expected skills, for keeping what is held out apart,
and for counting what is left out and why. Must not know how a negative is mined or a network
trained.

A query's right answers are the skills graded 3 and those a saved query expects and nobody judged
otherwise. Useful ones (2) stand in where none is right, and are protected from serving as
negatives otherwise. Contested verdicts that nobody settled count as "can't tell".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from skillrouter_core.errors import IndexNotReadyError, NotFoundError
from skillrouter_core.labelling.splits import split_of
from skillrouter_core.mining import HeldOut, LeakageGuard, Texts
from skillrouter_core.records import QuerySource, SavedQuery, Skill, Split
from skillrouter_core.records.agreement import USEFUL, Agreed
from skillrouter_core.records.training import LabelCount, LabelRole, LabelSource, TrainLabel

if TYPE_CHECKING:
    from skillrouter_core.mining.leakage import FloatVector
    from skillrouter_core.workspace import Workspace

RIGHT, RELATED, WRONG = 3, 1, 0
IMPORT = "import"
"""The origin of judgements that were read from a file."""


@dataclass(frozen=True, slots=True)
class TrainQuery:
    """One query to train on.

    `targets` are the skills it is trained to find, `protected` others that answer it as well.
    """

    text: str
    targets: tuple[Skill, ...]
    protected: tuple[Skill, ...]
    wrong: tuple[Skill, ...]
    related: tuple[Skill, ...]
    unsure: frozenset[str]
    source: LabelSource

    @property
    def rights(self) -> tuple[Skill, ...]:
        """Every skill that answers the query."""
        return (*self.targets, *self.protected)

    def labels(self) -> tuple[TrainLabel, ...]:
        """Return all that is known of this query, as a run's folder keeps it."""
        skills = (
            (LabelRole.TARGET, self.targets),
            (LabelRole.PROTECTED, self.protected),
            (LabelRole.RELATED, self.related),
            (LabelRole.WRONG, self.wrong),
        )
        known = [
            TrainLabel(self.text, one.skill_id, one.content_hash, role, self.source)
            for role, members in skills
            for one in members
        ]
        unsure = [
            TrainLabel(self.text, skill_id, "", LabelRole.UNSURE, self.source)
            for skill_id in sorted(self.unsure)
        ]
        return (*known, *unsure)


def queries_from(labels: Iterable[TrainLabel], texts: Texts) -> tuple[TrainQuery, ...]:
    """Return the queries that a run's labels speak of, in their order."""
    groups: dict[tuple[str, LabelSource], dict[LabelRole, list[TrainLabel]]] = {}
    for label in labels:
        group = groups.setdefault((label.query, label.source), defaultdict(list))
        group[label.role].append(label)

    def skills(members: Sequence[TrainLabel]) -> tuple[Skill, ...]:
        return tuple(texts.skill(one.skill_id, one.content_hash) for one in members)

    return tuple(
        TrainQuery(
            text,
            skills(group[LabelRole.TARGET]),
            skills(group[LabelRole.PROTECTED]),
            skills(group[LabelRole.WRONG]),
            skills(group[LabelRole.RELATED]),
            frozenset(one.skill_id for one in group[LabelRole.UNSURE]),
            source,
        )
        for (text, source), group in groups.items()
    )


@dataclass(frozen=True, slots=True)
class Collected:
    """All labels: the queries to train on, the guard of the rest, and what is left out.

    `held_out` are those of the rest that have a right answer and that nobody declared a
    benchmark's: the numbers around the networks may be fitted on them.
    """

    queries: tuple[TrainQuery, ...]
    held_out: tuple[TrainQuery, ...]
    guard: LeakageGuard
    counts: tuple[LabelCount, ...]
    left_out: Counter[str] = field(hash=False)


@dataclass(slots=True)
class _Said:
    """What is known of one query's text, from all sides."""

    agreed: dict[str, Agreed] = field(default_factory=dict)
    expected: dict[str, None] = field(default_factory=dict)
    imported: bool = False
    judged: bool = False
    declared: bool = False


class Collector:
    """Reads the labels of a workspace once."""

    def __init__(self, workspace: Workspace, *, shared_answers: bool, profile: str) -> None:
        """Bind to a workspace; `profile`'s vectors show which answers are near-copies."""
        self._ws, self._shared, self._profile = workspace, shared_answers, profile
        self._live = {one.skill_id: one for one in workspace.catalogs.skills()}
        self._left_out: Counter[str] = Counter()

    @property
    def live(self) -> Mapping[str, Skill]:
        """The skills of the catalogs by id."""
        return self._live

    def collect(self) -> Collected:
        """Return the training queries, with nothing among them that is held out."""
        said = self._said()
        splits = self._ws.labels.splits(said)
        known = {text: self._query(text, one) for text, one in said.items()}
        held_out = [
            HeldOut(text, known[text].rights, _declared(text, said[text]))
            for text in said
            if splits[text] is Split.HELD_OUT
        ]
        own = [known[one.query] for one in held_out if not one.benchmark]
        fitting = tuple(one for one in own if one.targets)
        guard = LeakageGuard(
            held_out, shared_answers=self._shared, vectors=self._vectors(known.values())
        )
        training = [known[text] for text in said if splits[text] is Split.TRAIN]
        queries = tuple(kept for one in training if (kept := self._kept(one, guard)) is not None)
        counts = _counts(known, said, splits)
        return Collected(queries, fitting, guard, counts, self._left_out)

    def _said(self) -> dict[str, _Said]:
        """Return everything said, by the query's text, in order of first mention."""
        said: dict[str, _Said] = defaultdict(_Said)
        origins = defaultdict(set)
        for verdict in self._ws.labels.judgements():
            origins[verdict.query_text.strip()].add(verdict.origin)
        for agreed in self._ws.agreement.consensus():
            entry = said[agreed.query_text.strip()]
            entry.agreed[agreed.skill_id] = agreed
            entry.judged = True
        saved = self._ws.labels.queries()
        benchmarks = _benchmarks(saved)
        for query in saved:
            entry = said[query.text.strip()]
            entry.expected |= dict.fromkeys(query.expected)
            entry.declared |= query.suite in benchmarks or query.source == QuerySource.EVAL_CORE
        for text, entry in said.items():
            entry.imported = origins.get(text, set()) == {IMPORT}
        return dict(said)

    def _query(self, text: str, said: _Said) -> TrainQuery:
        graded: dict[int, list[Skill]] = defaultdict(list)
        unsure = set()
        for skill_id, agreed in said.agreed.items():
            skill = self._judged(agreed)
            if agreed.grade is None or (agreed.contested and not agreed.settled) or skill is None:
                unsure.add(skill_id)
            else:
                graded[agreed.grade].append(skill)
        for skill_id in said.expected:
            if skill_id not in said.agreed and skill_id in self._live:
                graded[RIGHT].append(self._live[skill_id])
        targets = graded[RIGHT] or graded[USEFUL]
        protected = graded[USEFUL] if graded[RIGHT] else []
        source = LabelSource.IMPORTED if said.imported else LabelSource.JUDGED
        return TrainQuery(
            text,
            tuple(targets),
            tuple(protected),
            tuple(graded[WRONG]),
            tuple(graded[RELATED]),
            frozenset(unsure),
            source if said.judged else LabelSource.EXPECTED,
        )

    def _judged(self, agreed: Agreed) -> Skill | None:
        """Return the skill with the text that was judged, None where it is known no more."""
        live = self._live.get(agreed.skill_id)
        if live is not None and live.content_hash == agreed.content_hash:
            return live
        try:
            past = self._ws.catalogs.version(agreed.content_hash)
        except NotFoundError:
            return None
        return replace(past, skill_id=agreed.skill_id)

    def _kept(self, query: TrainQuery, guard: LeakageGuard) -> TrainQuery | None:
        """Return a query without the right answers that are held out, None where nothing stays."""
        if not query.targets:
            self._left_out["no right answer known"] += 1
            return None
        if guard.query_leak(query.text):
            self._left_out["nearly a held-out query"] += 1
            return None
        leaking = [one for one in query.targets if guard.answer_leak(one, generated=False)]
        targets = tuple(one for one in query.targets if one not in leaking)
        if not targets:
            self._left_out["asks for what a held-out query asks for"] += 1
            return None
        return replace(query, targets=targets, protected=(*query.protected, *leaking))

    def _vectors(self, queries: Iterable[TrainQuery]) -> dict[str, FloatVector]:
        """Return the vectors of right answers' texts that the index holds, by content hash."""
        try:
            index = self._ws.routing.index(self._profile)
        except IndexNotReadyError:
            return {}
        dense = index.dense()
        if dense is None:
            return {}
        row_of = {digest: row for row, digest in enumerate(index.hashes)}
        hashes = {skill.content_hash for one in queries for skill in one.rights}
        return {digest: dense.matrix[row_of[digest]] for digest in hashes if digest in row_of}


def _declared(text: str, said: _Said) -> bool:
    """Return whether somebody declared a held-out text a benchmark's, rather than its hash."""
    return said.declared or split_of(text) is Split.TRAIN


def _benchmarks(queries: Sequence[SavedQuery]) -> frozenset[str]:
    """Return the suites that somebody declared held out: all of it is, and not by chance."""
    suites: dict[str, list[SavedQuery]] = defaultdict(list)
    for query in queries:
        suites[query.suite].append(query)
    return frozenset(
        name
        for name, members in suites.items()
        if all(one.split is Split.HELD_OUT for one in members)
        and any(split_of(one.text) is Split.TRAIN for one in members)
    )


def _counts(
    known: Mapping[str, TrainQuery], said: Mapping[str, _Said], splits: Mapping[str, Split]
) -> tuple[LabelCount, ...]:
    """Return how many labels there are, by source and side of the split."""
    groups: dict[tuple[str, str], list[TrainQuery]] = defaultdict(list)
    for text, one in known.items():
        if said[text].judged or one.targets:
            groups[one.source.value, splits[text].value].append(one)
    return tuple(_count(*key, groups[key]) for key in sorted(groups))


def _count(source: str, split: str, queries: Sequence[TrainQuery]) -> LabelCount:
    return LabelCount(
        source,
        split,
        len(queries),
        sum(len(one.rights) for one in queries),
        sum(len(one.related) for one in queries),
        sum(len(one.wrong) for one in queries),
    )
