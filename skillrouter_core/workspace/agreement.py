"""Whether labels can be trusted: consensus, agreement, conflicts, drift and progress.

Responsible for handing the stored verdicts to the rules of `labelling`, and for keeping what they
say until somebody says something new. Must not know how any of it is counted or drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import replace
from datetime import datetime
from threading import RLock
from typing import TYPE_CHECKING, Any, TypeVar

from skillrouter_core.errors import IndexNotReadyError, NotFoundError
from skillrouter_core.records import Judgement, Passage, PastJudgement, Skill
from skillrouter_core.records.agreement import (
    Agreed,
    AgreementReport,
    Conflict,
    CoverageRow,
    Drift,
    JudgedText,
    LabelProgress,
)
from skillrouter_core.records.maps import Level

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

PROFILE = "compact"
Value = TypeVar("Value")


class Agreement:
    """Reads what people say; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is read yet."""
        self._workspace = workspace
        self._kept: dict[Hashable, tuple[Hashable, Any]] = {}
        self._newest = 0
        self._lock = RLock()

    def consensus(self) -> tuple[Agreed, ...]:
        """Return the one grade of every pair that somebody judged; what training reads."""
        from skillrouter_core.labelling.consensus import consensus

        labels = self._workspace.labels
        return self._keep(
            "consensus",
            labels.version(),
            lambda: consensus(self._counted(), labels.settlements()),
        )

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return the pairs whose grades differ, settled ones too, the worst first."""
        from skillrouter_core.labelling.consensus import conflicts

        labels = self._workspace.labels
        return self._keep(
            "conflicts",
            labels.version(),
            lambda: conflicts(self._counted(), labels.settlements()),
        )

    def report(self) -> AgreementReport:
        """Return alpha with its interval, over everybody and over every two people."""
        from skillrouter_core.labelling.agreement_report import agreement_report

        return self._keep("report", self._said(), lambda: agreement_report(self._counted()))

    def drift(self) -> tuple[Drift, ...]:
        """Return how steady each person's verdicts on repeated pairs are, by name."""
        from skillrouter_core.labelling.drift import drift

        return self._keep("drift", self._said(), lambda: drift(self._standing()))

    def progress(self, now: datetime | None = None) -> LabelProgress:
        """Return how far the labelling has come at `now` (aware; its zone says when days begin)."""
        moment = now or datetime.now().astimezone()
        return self._progress(moment)

    def coverage(
        self, level: Level | str = Level.COARSE, profile: str = PROFILE
    ) -> tuple[tuple[CoverageRow, ...], CoverageRow | None] | None:
        """Return how much of each cluster of the map is judged, and of the skills in none.

        None before there is a map.
        """
        from skillrouter_core.labelling.tallies import coverage

        made = self._workspace.map.load(profile)
        if made is None:
            return None
        wanted = Level(level)
        return self._keep(
            ("coverage", wanted, profile),
            (self._workspace.labels.version(), made.version),
            lambda: coverage(made, wanted, self.consensus()),
        )

    def judged_text(self, pair: Agreed | Conflict) -> JudgedText:
        """Return the text that was judged, and whether the skill still has it.

        Raises `NotFoundError` where no text was ever known by the hash that was judged.
        """
        catalogs = self._workspace.catalogs
        # Copies of a text share its hash: the version found may be under another skill's id.
        skill = replace(catalogs.version(pair.content_hash), skill_id=pair.skill_id)
        try:
            present: Skill | None = catalogs.skill(pair.skill_id)
        except NotFoundError:
            present = None
        changed = present is not None and present.content_hash != pair.content_hash
        return JudgedText(skill, present=present is not None, changed=changed)

    def evidence(self, query: str, skill: Skill, profile: str = PROFILE) -> tuple[Passage, ...]:
        """Return the passages of a text that speak for a query; none before the first index."""
        from skillrouter_core.passages import evidence

        try:
            lexical = self._workspace.routing.index(profile).lexical()
        except IndexNotReadyError:
            return ()
        return evidence(query, skill, lexical.idf)

    # ------------------------------------------------------------------ inside

    def _counted(self) -> tuple[Judgement, ...]:
        return self._keep("counted", self._said(), self._workspace.labels.judgements)

    def _history(self) -> tuple[PastJudgement, ...]:
        return self._keep("history", self._said(), self._workspace.labels.history)

    def _standing(self) -> tuple[Judgement, ...]:
        """Return all that was said and not taken back, repeats and corrections too."""
        return tuple(one.judgement for one in self._history() if not one.undone)

    def _progress(self, now: datetime) -> LabelProgress:
        from skillrouter_core.labelling import tallies

        every, agreed = self._standing(), self.consensus()
        back = Counter(one.judgement.annotator for one in self._history() if one.undone)
        judged = [one for one in agreed if one.judges]
        return LabelProgress(
            today=tallies.pace(tallies.since(every, tallies.day_start(now))),
            all=tallies.pace(every),
            hours=tallies.by_hour(every, now),
            people=tallies.by_person(self._counted(), every, back, now),
            suites=tallies.by_suite(self._workspace.labels.queries(), self._counted()),
            balance=tallies.balance(one.grade for one in agreed),
            pairs=len(judged),
            doubled=sum(len(one.judges) > 1 for one in judged),
            contested=sum(one.contested for one in agreed),
            settled=sum(one.settled for one in agreed),
        )

    def _said(self) -> tuple[int, int]:
        """Return what changes with every verdict and every one taken back, and with nothing else.

        Settling therefore reads no verdict again. Both only grow, and numbers become visible in
        their order.
        """
        labels = self._workspace.labels
        keys = labels.verdict_keys(after=self._newest)
        if keys:
            self._newest = max(self._newest, keys[-1].judgement_id)
        return self._newest, len(labels.undone_ids())

    def _keep(self, name: Hashable, token: Hashable, make: Callable[[], Value]) -> Value:
        """Return what `make` made while the facts named by `token` are the same, made once.

        The caller reads the token first: what is said while `make` reads changes the next one.
        """
        with self._lock:
            kept = self._kept.get(name)
            if kept is not None and kept[0] == token:
                value: Value = kept[1]
                return value
            value = make()
            self._kept[name] = (token, value)
            return value
