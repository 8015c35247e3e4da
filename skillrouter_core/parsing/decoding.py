"""From bytes to clean text.

Responsible for guessing the encoding and for removing what no later part can
carry: NUL and control characters (databases and terminals), unpaired
surrogates (anything that encodes), CRLF. Must not know what the text means.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

Note = tuple[int | None, str]
"""A line number (from 1; None where no line is to blame) and a reason."""

_UNWANTED = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_LINE_ENDS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_ANY_OF_THESE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")

_BOMS = (  # UTF-32's little-endian mark starts with UTF-16's, so it is looked for first
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Clean text and what was done to get it."""

    text: str
    bad_encoding: bool
    notes: tuple[Note, ...]


def decode(raw: bytes) -> Decoded:
    """Return `raw` as clean text with Unix line ends; never raises.

    UTF-8 with or without a mark is taken silently. UTF-16 and UTF-32 by their mark,
    Windows-1252 and Latin-1 are taken with a note. UTF-8 with a few broken bytes among
    more sound letters stays UTF-8: reading it as Windows-1252 would garble the rest.
    """
    text, note = _to_text(raw.removeprefix(codecs.BOM_UTF8))
    notes = [note] if note else []
    unwanted = _UNWANTED.search(text)
    if unwanted:
        line = clean_text(text[: unwanted.start()]).count("\n") + 1
        notes.append((line, "control characters removed (binary data or terminal codes)"))
    return Decoded(clean_text(text).removeprefix("\ufeff"), note is not None, tuple(notes))


def clean_text(text: str) -> str:
    """Return `text` with Unix line ends, no control characters and no unpaired surrogates."""
    if not _ANY_OF_THESE.search(text):  # one pass instead of three, for nearly all text
        return text
    text = _LINE_ENDS.sub("\n", text)
    return _SURROGATE.sub("\ufffd", _UNWANTED.sub("", text))


def _to_text(raw: bytes) -> tuple[str, Note | None]:
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            text = raw[len(mark) :].decode(encoding, errors="replace")
            return text, (1, f"{encoding} read by its byte order mark: save the file as UTF-8")
    try:
        return raw.decode("utf-8"), None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
    text, encoding = _legacy_text(raw)
    return text, (line, f"not UTF-8: read as {encoding}; save the file as UTF-8")


def _legacy_text(raw: bytes) -> tuple[str, str]:
    repaired = raw.decode("utf-8", errors="replace")
    broken = repaired.count("\ufffd")
    sound = sum(1 for character in repaired if character > "\x7f") - broken
    if sound >= broken:
        return repaired, "UTF-8 with broken bytes replaced"
    try:
        return raw.decode("cp1252"), "Windows-1252"
    except UnicodeDecodeError:
        return raw.decode("latin-1"), "Latin-1"
