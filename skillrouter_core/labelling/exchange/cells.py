"""Cells of CSV that survive a spreadsheet.

Responsible for quotes, for the guard against formulas, and for taking it off again. Pure; must
not know what a cell means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\n", "\r")
_GUARDED = (*_FORMULA, "'")


def guarded(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula: an apostrophe goes before one."""
    hidden = cell.startswith("'") and cell[1:].startswith(_GUARDED)
    return f"'{cell}" if cell.startswith(_FORMULA) or hidden else cell


def unguarded(cell: str) -> str:
    """Return the cell that `guarded` was given."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_GUARDED) else cell


def to_csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return CSV text with guarded cells; `unguarded` of each cell read gives them back."""
    guarded_rows = ([guarded(cell) for cell in row] for row in rows)
    return "".join(line(cells) for cells in (header, *guarded_rows))


def line(cells: Sequence[str], delimiter: str = ",") -> str:
    """Return one line of CSV; unlike the library's, a carriage return is put in quotes too."""
    return delimiter.join(_quoted(cell, delimiter) for cell in cells) + "\n"


def _quoted(cell: str, delimiter: str) -> str:
    if not cell:
        return ""
    plain = not any(mark in cell for mark in (delimiter, '"', "\r", "\n"))
    return cell if plain else '"' + cell.replace('"', '""') + '"'
