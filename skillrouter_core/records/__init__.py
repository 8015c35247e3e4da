"""Frozen records that cross module borders.

Responsible for naming the things the project talks about. Must not know how any
of them is read, stored, scored or drawn: no I/O and no third-party imports.

Read in this order they follow a skill into the catalog, a query through the
router, a person's verdict back, and the copies people find on the way.
"""

from skillrouter_core.records.answers import QueryAnswer, QueryEffect
from skillrouter_core.records.checks import CheckedSkill, CheckReport, Near, StolenQuery
from skillrouter_core.records.duplicates import (
    MOSTLY_BOILERPLATE,
    Choice,
    Decision,
    DuplicateGroup,
    DuplicatePair,
    Layer,
    Thresholds,
    Verdict,
)
from skillrouter_core.records.jobs import Job, JobState
from skillrouter_core.records.label_events import (
    Claim,
    EventKind,
    LabelAck,
    LabelAction,
    LabelEvent,
    PastJudgement,
    Skip,
    VerdictKey,
)
from skillrouter_core.records.labels import (
    Judgement,
    NewJudgement,
    NewQuery,
    QuerySource,
    QueuedSkill,
    SavedCounts,
    SavedQuery,
    Settlement,
    Split,
    SuiteSize,
)
from skillrouter_core.records.routes import (
    Candidate,
    Hit,
    Passage,
    Route,
    RouteOptions,
    Span,
    Stage1,
    Timings,
)
from skillrouter_core.records.skills import (
    Catalog,
    CategoryChange,
    CategoryEvent,
    ImportIssue,
    Problem,
    Skill,
    SkillEvent,
    SyncReport,
    content_hash,
    normalised_name,
)

__all__ = [
    "MOSTLY_BOILERPLATE",
    "Candidate",
    "Catalog",
    "CategoryChange",
    "CategoryEvent",
    "CheckReport",
    "CheckedSkill",
    "Choice",
    "Claim",
    "Decision",
    "DuplicateGroup",
    "DuplicatePair",
    "EventKind",
    "Hit",
    "ImportIssue",
    "Job",
    "JobState",
    "Judgement",
    "LabelAck",
    "LabelAction",
    "LabelEvent",
    "Layer",
    "Near",
    "NewJudgement",
    "NewQuery",
    "Passage",
    "PastJudgement",
    "Problem",
    "QueryAnswer",
    "QueryEffect",
    "QuerySource",
    "QueuedSkill",
    "Route",
    "RouteOptions",
    "SavedCounts",
    "SavedQuery",
    "Settlement",
    "Skill",
    "SkillEvent",
    "Skip",
    "Span",
    "Split",
    "Stage1",
    "StolenQuery",
    "SuiteSize",
    "SyncReport",
    "Thresholds",
    "Timings",
    "Verdict",
    "VerdictKey",
    "content_hash",
    "normalised_name",
]
