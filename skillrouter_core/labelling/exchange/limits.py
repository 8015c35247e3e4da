"""How much of a file from outside is read, and what a file that is too much is told.

Responsible for the caps. Must not know any format.
"""

from __future__ import annotations

from dataclasses import dataclass

from skillrouter_core.errors import SourceError


@dataclass(frozen=True, slots=True)
class Limits:
    """Caps on one file; whatever is beyond is refused or left out, and said so."""

    file_bytes: int = 50_000_000
    rows: int = 100_000
    columns: int = 200
    text_chars: int = 20_000
    """Longest query kept (characters)."""
    expected: int = 100
    """Most skills that one query may expect."""


_NO_TEXT = {
    b"PK\x03\x04": "a zip or a spreadsheet: unpack it, or save the sheet as CSV (UTF-8)",
    b"\x1f\x8b": "packed with gzip: unpack it first",
    b"\xd0\xcf\x11\xe0": "an old spreadsheet: save it as CSV (UTF-8)",
    b"%PDF": "a PDF: save the table as CSV (UTF-8)",
}


def refuse_unreadable(raw: bytes, name: str, limits: Limits) -> None:
    """Raise `SourceError` for a file that is empty, too large, or no text at all."""
    if len(raw) > limits.file_bytes:
        raise SourceError(
            f"{name} has {len(raw):,} bytes, more than {limits.file_bytes:,}: split it into "
            "several files"
        )
    if not raw.strip():
        raise SourceError(f"{name} is empty: choose a file with a header and rows")
    for start, what in _NO_TEXT.items():
        if raw.startswith(start):
            raise SourceError(f"{name} is {what}")
