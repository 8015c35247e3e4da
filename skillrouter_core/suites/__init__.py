"""Saved queries run again, held against the run before.

Responsible for what changed between two runs of a suite and how sure that is. Must not know
the database, a page or a model.
"""

from skillrouter_core.suites.changes import diff
from skillrouter_core.suites.scores import CANDIDATES, estimate, is_right, score

__all__ = ["CANDIDATES", "diff", "estimate", "is_right", "score"]
