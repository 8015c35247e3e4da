"""Saved queries with what is known of each, read once for every change.

Responsible for the lines and for picking those that the filters want. Must not know how they are
drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from skillrouter_core.records import SavedQuery

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

JUDGED, UNJUDGED = "judged", "not judged"


@dataclass(frozen=True, slots=True)
class Line:
    """A saved query and how many skills somebody has graded for it."""

    query: SavedQuery
    pairs: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the filters ask for; an empty one asks for nothing."""

    words: str = ""
    suite: str = ""
    side: str = ""
    judged: str = ""

    def fits(self, line: Line) -> bool:
        """Tell whether a line is asked for: every word stands in its text or its skills."""
        query = line.query
        said = f"{query.text} {' '.join(query.expected)}".casefold()
        return (
            self.suite in ("", query.suite)
            and self.side in ("", query.split.value)
            and self.judged in ("", JUDGED if line.pairs else UNJUDGED)
            and all(word in said for word in self.words.casefold().split())
        )


def lines(ws: Workspace) -> tuple[Line, ...]:
    """Return every saved query, newest first."""
    return _lines(f"{ws.database_url} {ws.home} {ws.labels.version()}", ws)


@st.cache_resource(max_entries=4, show_spinner=False)
def _lines(version: str, _ws: Workspace) -> tuple[Line, ...]:
    del version
    pairs = Counter(one.query_text for one in _ws.agreement.consensus())
    return tuple(Line(query, pairs[query.text]) for query in _ws.labels.queries()[::-1])


def judged_by_set(found: Sequence[Line]) -> Counter[str]:
    """Return how many queries of each set have a graded skill."""
    return Counter(line.query.suite for line in found if line.pairs)
