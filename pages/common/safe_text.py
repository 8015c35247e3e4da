"""Text written by strangers, made fit for Streamlit's Markdown.

Responsible for turning any string into Markdown source that shows exactly that string, on
one line. Whole bodies with their headings and lists are `safe_body`'s. Pure; must not know
streamlit or the pages.

Two means, because no single one is enough. A backslash stops CommonMark's own syntax.
Streamlit adds replacements that run after parsing, on text in which backslashes are gone
(emoji and icon shortcodes, `:red[...]`, automatic links, arrows); an invisible word
joiner inside their patterns stops those.
"""

from __future__ import annotations

import re

from skillrouter_core.records import Passage

JOINER = "\u2060"
"""Word joiner: no width, no line break, no meaning to Markdown."""

BREAK = "\u200b"
"""Zero-width space: no width, and a line may break there."""
LONG_WORD = 16

_LONG_WORD = re.compile(rf"[^\s-]{{{LONG_WORD + 1},}}")
_CHUNK = re.compile(rf".{{1,{LONG_WORD}}}")
_MARKUP = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_ARROW_STARTS = re.compile(r"(?<!\S)(<->|<-|->|--|>=|<=|~=)(?!\S)")
_COLON = re.compile(r":(?=\S)")
_ADDRESS = re.compile(r"(?i)\b(www)(?=\.)|@(?=\w)")
_SPACES = re.compile(r"\s+")


def one_line(text: str, limit: int = 0) -> str:
    """Return `text` with every run of white space as one space, cut to `limit` characters.

    A cut is marked by an ellipsis; `limit` 0 cuts nothing.
    """
    line = _SPACES.sub(" ", text).strip()
    return line if not limit or len(line) <= limit else line[: limit - 1].rstrip() + "…"


def breakable(text: str) -> str:
    """Return `text` with chances to break a line inside words longer than `LONG_WORD`."""
    return _LONG_WORD.sub(lambda word: BREAK.join(_CHUNK.findall(word[0])), text)


def escape(text: str) -> str:
    """Return Markdown source on one line that shows `text` and does nothing else."""
    broken = defused(one_line(text))
    return _MARKUP.sub(r"\\\1", broken)


def highlighted(passage: Passage) -> str:
    """Return Markdown source of a passage with the query's terms marked, on one line."""
    parts, at = [], 0
    for span in sorted(passage.matches, key=lambda each: each.start):
        start, end = max(span.start, at), min(span.end, len(passage.text))
        if start >= end:
            continue
        parts.append(_piece(passage.text[at:start]))
        # A colon right before a directive would swallow it, hence the joiner.
        parts.append(f"{JOINER}:yellow-background[{_piece(passage.text[start:end])}]")
        at = end
    parts.append(_piece(passage.text[at:]))
    return "".join(parts).strip()


def defused(text: str) -> str:
    """Break what Streamlit replaces after parsing: shortcodes, directives, addresses, arrows."""
    broken = _ARROW_STARTS.sub(lambda mark: mark[1][0] + JOINER + mark[1][1:], text)
    broken = _COLON.sub(f":{JOINER}", broken)
    return _ADDRESS.sub(lambda mark: mark[0] + JOINER, broken)


def _piece(text: str) -> str:
    """Escape a part of a line and keep the spaces at its ends."""
    if not text.strip():
        return " " if text else ""
    return " " * text[0].isspace() + escape(text) + " " * text[-1].isspace()
