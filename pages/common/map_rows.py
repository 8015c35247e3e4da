"""The skills that a lasso or a search leaves on the table: which, in what order, their lines.

Responsible for order and texts of rows of the map. Must not know how the table is drawn.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from pages.common.map_ready import PROFILE
from skillrouter_core.records.maps import CatalogMap, PointText

if TYPE_CHECKING:
    from skillrouter_core.workspace import Workspace

Rows = NDArray[np.int64]
NAME, ID, CATEGORY, CLUSTER, SOURCE, BODY = "name", "id", "category", "cluster", "source", "body"
ORDERS = (CLUSTER, NAME, ID, CATEGORY, SOURCE, BODY)
"""What a table may be sorted by; by cluster and by id no text is read."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def cluster_names(made: CatalogMap) -> dict[int, str]:
    """Return the names of the fine clusters by number."""
    return {one.number: one.name for one in made.clusters if one.level == "fine"}


def ordered(ws: Workspace, made: CatalogMap, rows: Rows, order: str, *, down: bool) -> Rows:
    """Return rows sorted by a column, `down` from its end; rows of skills gone since are kept."""
    if order == ID:
        by_id = sorted(rows.tolist(), key=lambda row: made.ids[row])
        found = np.array(by_id, dtype=np.int64)
    elif order == CLUSTER:
        # Largest coarse cluster first, then the fine ones inside it; noise comes last.
        coarse, fine = made.coarse[rows].astype(int), made.fine[rows].astype(int)
        last = len(made) + 1
        keys = np.where(fine < 0, last, fine), np.where(coarse < 0, last, coarse)
        found = rows[np.lexsort(keys)]
    else:
        found = _by_text(ws, made, rows, order)
    return found[::-1] if down else found


def lines(ws: Workspace, made: CatalogMap, rows: Sequence[int]) -> list[dict[str, Any]]:
    """Return a line per row whose skill is still there, in order."""
    names = cluster_names(made)
    cluster = {made.ids[row]: names.get(int(made.fine[row]), "noise") for row in rows}
    return [_line(text, cluster[text.skill_id]) for text in ws.map.texts(rows, PROFILE)]


def as_csv(found: list[dict[str, Any]]) -> str:
    """Return lines as CSV; a spreadsheet runs none of them as a formula."""
    if not found:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(found[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: _harmless(value) for key, value in line.items()} for line in found)
    return out.getvalue()


def as_json(found: list[dict[str, Any]]) -> str:
    """Return lines as a JSON list."""
    return json.dumps(found, ensure_ascii=False, indent=1)


def _by_text(ws: Workspace, made: CatalogMap, rows: Rows, order: str) -> Rows:
    texts = {text.skill_id: text for text in ws.map.texts(rows.tolist(), PROFILE)}

    def key(row: int) -> tuple[bool, Any, str]:
        text = texts.get(made.ids[row])
        value = _value(text, order) if text else ""
        return (value == "", value, made.ids[row])

    known = [row for row in rows.tolist() if made.ids[row] in texts]
    return np.array(sorted(known, key=key), dtype=np.int64)


def _value(text: PointText, order: str) -> Any:
    if order == BODY:
        return text.body_chars
    value: str = getattr(text, order)
    return value.casefold()


def _line(text: PointText, cluster: str) -> dict[str, Any]:
    return {
        "id": text.skill_id,
        "name": text.name,
        "description": text.description,
        "category": text.category,
        "cluster": cluster,
        "source": text.source,
        "body_chars": text.body_chars,
    }


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
