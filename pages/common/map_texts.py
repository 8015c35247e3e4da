"""Names and descriptions of rows of the map, looked up when they are asked for.

Responsible for joining rows with what the workspace says of them. Must not know who asks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pages.common.map_ready import PROFILE
from pages.common.safe_text import one_line
from skillrouter_core.records.maps import CatalogMap

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

DESCRIPTION_CHARS = 240
GONE = "no longer in its catalog"


def row_texts(
    ws: Workspace, made: CatalogMap
) -> Callable[[Sequence[int]], list[tuple[int, str, str]]]:
    """Return what answers the drawing: (row, name, description) of each row there is."""

    def answer(rows: Sequence[int]) -> list[tuple[int, str, str]]:
        known = [row for row in rows if 0 <= row < len(made)]
        texts = {text.skill_id: text for text in ws.map.texts(known, PROFILE)}
        found = []
        for row in known:
            text = texts.get(made.ids[row])
            name = one_line(text.name, 120) if text else made.ids[row]
            description = one_line(text.description, DESCRIPTION_CHARS) if text else GONE
            found.append((row, name, description))
        return found

    return answer


def names_of(ws: Workspace, made: CatalogMap) -> list[str]:
    """Return the name of every row; some milliseconds per hundred skills."""
    texts = {text.skill_id: text.name for text in ws.map.texts(range(len(made)), PROFILE)}
    return [texts.get(one, one) for one in made.ids]
