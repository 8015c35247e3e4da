"""One run of a suite of saved queries: what each query was answered.

Responsible for the records. Must not know how a query is routed nor how two runs compare.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SuiteAnswer:
    """What one query of a suite was answered.

    `expected` is what was expected of it at the time. Both rankings are skill ids, best first;
    `stage1_ranking` holds the candidates as stage 1 had them. `milliseconds` is the whole route.
    """

    query_text: str
    expected: tuple[str, ...]
    stage1_ranking: tuple[str, ...]
    ranking: tuple[str, ...]
    confidence: float | None
    none_fits: bool
    milliseconds: float


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of a suite over one index; never changed once kept.

    `held`: the index that answered was not yet published. `seconds` is the whole run.
    """

    run_id: int
    suite: str
    profile: str
    index_version: str
    models: str
    options: Mapping[str, str] = field(hash=False)
    held: bool
    note: str
    seconds: float
    created_at: datetime
