"""What the parts of `Labels` share: the database they work on.

Must not know what any part does.
"""

from __future__ import annotations

from db.session import Database


class LabelPart:
    """Works on an open database; every call of a part is one transaction of its own."""

    def __init__(self, database: Database) -> None:
        """Work on an open database."""
        self._database = database
