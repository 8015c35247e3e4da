"""The tables, as SQLAlchemy models.

Responsible for what is stored and what constrains it. Must not know any query;
rows never leave the package `db`. Every change here needs a migration beside it
(a test compares the two).
"""

from db.models.base import (
    CATALOG_FINGERPRINT,
    HASH,
    ID_CHARS,
    NAME_CHARS,
    Base,
)
from db.models.catalogs import (
    CatalogRow,
    CategoryEventRow,
    ImportIssueRow,
    MetaRow,
    SkillEventRow,
    SkillRecord,
    TextRow,
)
from db.models.decisions import (
    DecisionRow,
    DecisionUndoRow,
)
from db.models.jobs import (
    JobRow,
)
from db.models.labels import (
    JudgementRow,
    JudgementUndoRow,
    LabelClaimRow,
    LabelSkipRow,
    QueryRow,
    QueuedRemovalRow,
    QueuedRow,
    SettlementRow,
    SettlementUndoRow,
)
from db.models.suites import (
    SuiteAnswerRow,
    SuiteRunRow,
)

__all__ = [
    "CATALOG_FINGERPRINT",
    "HASH",
    "ID_CHARS",
    "NAME_CHARS",
    "Base",
    "CatalogRow",
    "CategoryEventRow",
    "DecisionRow",
    "DecisionUndoRow",
    "ImportIssueRow",
    "JobRow",
    "JudgementRow",
    "JudgementUndoRow",
    "LabelClaimRow",
    "LabelSkipRow",
    "MetaRow",
    "QueryRow",
    "QueuedRemovalRow",
    "QueuedRow",
    "SettlementRow",
    "SettlementUndoRow",
    "SkillEventRow",
    "SkillRecord",
    "SuiteAnswerRow",
    "SuiteRunRow",
    "TextRow",
]
