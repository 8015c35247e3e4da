"""Everything people say, behind one name: `ws.labels`.

Responsible for joining saved queries, verdicts, settlements and the queue of skills. Must not
know how a query is routed or a model is trained.
"""

from __future__ import annotations

from db import label_version
from skillrouter_core.workspace.judging import Judging
from skillrouter_core.workspace.saved_queries import SavedQueries
from skillrouter_core.workspace.settling import Settling
from skillrouter_core.workspace.waiting import Waiting


class Labels(SavedQueries, Judging, Settling, Waiting):
    """What can be done with queries and labels; every call is one transaction of its own."""

    def version(self) -> str:
        """Return what differs once anything was said, saved, skipped, settled or taken back.

        One row is read, so caches ask it each time. Claims do not change it.
        """
        with self._database.read() as session:
            return label_version.version(session)
