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
from skillrouter_core.records.labels import (
    Judgement,
    QuerySource,
    QueuedSkill,
    SavedQuery,
    Settlement,
    Split,
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
    "Decision",
    "DuplicateGroup",
    "DuplicatePair",
    "Hit",
    "ImportIssue",
    "Job",
    "JobState",
    "Judgement",
    "Layer",
    "Near",
    "Passage",
    "Problem",
    "QueryAnswer",
    "QueryEffect",
    "QuerySource",
    "QueuedSkill",
    "Route",
    "RouteOptions",
    "SavedQuery",
    "Settlement",
    "Skill",
    "SkillEvent",
    "Span",
    "Split",
    "Stage1",
    "StolenQuery",
    "SyncReport",
    "Thresholds",
    "Timings",
    "Verdict",
    "content_hash",
    "normalised_name",
]
