"""Why a row cannot be used, on its way from where it is noticed to the file's list of errors.

Responsible for that one exception. Must not know any column.
"""

from __future__ import annotations

import json

from skillrouter_core.records.exchange import RowError


class Refused(Exception):  # noqa: N818  # carries an error of a row, not of the program
    """A value that cannot be used; `at` makes it the error of a row."""

    def __init__(self, column: str, value: object, reason: str, remedy: str) -> None:
        """Take what `RowError` holds, but for the row."""
        super().__init__(reason)
        text = value if isinstance(value, str) else json.dumps(value, default=str)
        self._said = (column, text, reason, remedy)

    def at(self, row: int) -> RowError:
        """Return the error of a row."""
        return RowError(row, *self._said)
