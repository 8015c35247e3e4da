"""Near-copies in the workspace's catalogs: the scan, its groups, and what people decide.

Responsible for joining texts, vectors, scans, decisions and the answers to saved queries.
Must not know how a pair is valued, a group formed or a plan written: `dedup` does that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from skillrouter_core.progress import ProgressListener, silent
from skillrouter_core.records import (
    CheckReport,
    Choice,
    Decision,
    QueryEffect,
    Thresholds,
    Verdict,
)
from skillrouter_core.workspace.answers import answer_all, unanswered
from skillrouter_core.workspace.deciding import Deciding
from skillrouter_core.workspace.merging import effects

if TYPE_CHECKING:
    from skillrouter_core.dedup import DuplicateReport, Scan
    from skillrouter_core.workspace import Workspace
    from skillrouter_core.workspace.duplicate_views import GroupDetail, GroupsView
    from skillrouter_core.workspace.gate import CheckOptions
    from skillrouter_core.workspace.scans import Scans

DEFAULTS = Thresholds()
PROFILE = "compact"


class Duplicates:
    """Finds and decides near-copies; one instance per workspace, safe to share between threads."""

    def __init__(self, workspace: Workspace) -> None:
        """Bind to a workspace; nothing is loaded yet."""
        from skillrouter_core.workspace.scans import Scans

        self._workspace = workspace
        self._scans: Scans = Scans(workspace)
        self._deciding = Deciding(workspace.database)

    # ------------------------------------------------------------------ the scan

    def scan(self, listener: ProgressListener = silent, profile: str = PROFILE) -> Scan:
        """Compare all skills and keep what was found; return it.

        Vectors are those of the published index: no model is loaded. Skills without one are
        compared by text alone, and the scan's notes say so. What the listener raises ends it.
        """
        return self._scans.make(listener, profile)

    def version(self, profile: str = PROFILE) -> str:
        """Return a token that changes with every scan; empty before the first."""
        return self._scans.version(profile)

    def load(self, profile: str = PROFILE) -> Scan | None:
        """Return the newest scan, None before the first; kept in memory until another is made."""
        return self._scans.load(profile)

    def stale(self, profile: str = PROFILE) -> bool:
        """Return whether skills or vectors changed after the newest scan (or there is none)."""
        return self._scans.stale(profile)

    # ------------------------------------------------------------------ groups

    def groups(self, thresholds: Thresholds = DEFAULTS, profile: str = PROFILE) -> GroupsView:
        """Return the groups at these thresholds, decisions applied.

        Kept until the scan, the catalog, a decision or a saved query changes. Raises
        IndexNotReadyError before the first scan, UsageError for thresholds below the scan's.
        """
        return self._scans.groups(thresholds, self._deciding, profile)

    def group(
        self, skill_id: str, thresholds: Thresholds = DEFAULTS, profile: str = PROFILE
    ) -> GroupDetail:
        """Return the group that a skill is in, in full; raise NotFoundError where in none."""
        from skillrouter_core.workspace.group_detail import detail

        view = self.groups(thresholds, profile)
        return detail(self._workspace, self._scans, view, skill_id, profile)

    def report(self, thresholds: Thresholds = DEFAULTS, profile: str = PROFILE) -> DuplicateReport:
        """Return all groups with reasons, weakest pairs and decisions; errors as `groups`."""
        from skillrouter_core.workspace.exporting import report

        return report(self._workspace, self._scans, self.groups(thresholds, profile), profile)

    def export(self, name: str, thresholds: Thresholds = DEFAULTS, profile: str = PROFILE) -> str:
        """Return the report as csv, json, markdown, script or sarif, or raise UsageError."""
        from skillrouter_core.workspace.exporting import export

        return export(self._workspace, self.report(thresholds, profile), name)

    # ------------------------------------------------------------------ decisions

    def decide(
        self, verdict: Verdict, skill_id: str, *, other_id: str = "", note: str = "", author: str
    ) -> Decision:
        """Append one decision on a skill's present text and return it; errors as `decide_all`."""
        (decision,) = self.decide_all([Choice(verdict, skill_id, other_id, note)], author=author)
        return decision

    def decide_all(self, choices: Sequence[Choice], *, author: str) -> tuple[Decision, ...]:
        """Append decisions in one transaction, all or none; return them in order.

        Raises UsageError for a choice that means nothing, NotFoundError for a skill never
        imported.
        """
        return self._deciding.decide(choices, author)

    def undo(self, decision_id: int, author: str) -> Decision:
        """Take a decision back and return it; a second time changes nothing."""
        return self._deciding.undo([decision_id], author)[0]

    def undo_all(self, decision_ids: Sequence[int], author: str) -> tuple[Decision, ...]:
        """Take decisions back in one transaction, all or none."""
        return self._deciding.undo(decision_ids, author)

    def decisions(
        self, skill_ids: Sequence[str] | None = None, *, undone: bool = False
    ) -> tuple[Decision, ...]:
        """Return decisions, oldest first; of some skills if given, undone ones if asked for."""
        return self._deciding.all(skill_ids, undone=undone)

    def last(self, author: str) -> Decision | None:
        """Return an author's newest decision that was not taken back, None without one."""
        return self._deciding.last(author)

    # ------------------------------------------------------------------ the gate

    def check(
        self,
        paths: Path | Sequence[Path],
        options: CheckOptions | None = None,
        listener: ProgressListener = silent,
    ) -> CheckReport:
        """Hold SKILL.md files or folders of them against the catalogs; see `gate.check`.

        Scans first where there is no scan of the catalogs as they are. Raises SourceError for a
        path without skills, UsageError, NotFoundError, and the ModelError family.
        """
        from skillrouter_core.workspace.gate import CheckOptions, check

        options = options or CheckOptions()
        wanted = [paths] if isinstance(paths, Path) else list(paths)
        if self.stale(options.profile):
            self.scan(listener, options.profile)
        view = self.groups(options.thresholds, options.profile)
        return check(self._workspace, self._scans, view, wanted, options, listener)

    # ------------------------------------------------------------------ saved queries

    def answer_queries(self, listener: ProgressListener = silent, profile: str = PROFILE) -> int:
        """Route the saved queries that the published index has not answered; return how many.

        The answers are kept in a file. Loads models only where a query waits.
        """
        waiting = self.unanswered(profile)
        answer_all(self._workspace, self._scans.folder(profile), profile, listener)
        return waiting

    def unanswered(self, profile: str = PROFILE) -> int:
        """Return how many saved queries `answer_queries` would route."""
        version, queries = (
            self._workspace.routing.version(profile),
            self._workspace.labels.queries(),
        )
        return len(unanswered(self._scans.answers(profile), version, queries))

    def merge_effect(
        self, removed: Collection[str], into: str = "", profile: str = PROFILE
    ) -> tuple[QueryEffect, ...]:
        """Return the saved queries whose first answer changes when skills are taken out.

        `into` is the skill that takes over from them: an expectation of theirs then is its own.
        Taken from the stored answers, nothing is routed; queries without one are left out.
        """
        queries = self._workspace.labels.queries()
        rankings = self._scans.answers(profile).rankings
        return tuple(effects(removed, into, queries, rankings))
