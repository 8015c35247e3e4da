"""A skill's Markdown body, made fit to be drawn with its structure.

Responsible for keeping headings, lists, tables, emphasis and code of a stranger's Markdown
and nothing that loads, links, colours or draws formulas. Single lines are `safe_text`'s.
Pure; must not know streamlit or the pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pages.common.safe_text import JOINER, defused


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a body: Markdown source fit to be drawn, or code to be drawn as it is."""

    is_code: bool
    text: str


_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})(.*)$")
_HEADING = re.compile(r"(?m)^( {0,3})(#{1,6})(?=[ \t])")
_CODE_SPAN = re.compile(r"(?<![`\\])(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_REFERENCE = re.compile(r"\](?=[(\[:{])")
_TEXT_MARKUP = re.compile(rf"(\\*)([$<&]|:(?={JOINER}))")
_INFO_STRING = re.compile(r"([`~]{3,}[ \t]*)(?=\w)")
_HEADING_DROP = 2


def body_blocks(body: str) -> Iterator[Block]:
    """Split a skill's Markdown into blocks in order: prose made harmless, and fenced code."""
    prose: list[str] = []
    code: list[str] | None = None
    fence = ""
    for line in body.splitlines():
        mark = _FENCE.match(line)
        if code is None:
            if mark and not (mark[1][0] == "`" and "`" in mark[2]):
                yield from _prose_block(prose)
                prose, code, fence = [], [], mark[1]
            else:
                prose.append(line)
        elif mark and _closes(mark, fence):
            yield Block(True, "\n".join(code))
            code = None
        else:
            code.append(line)
    yield from _prose_block(prose)
    if code:
        yield Block(True, "\n".join(code))


def harmless(markdown: str) -> str:
    """Return Markdown source that keeps headings, lists, tables and emphasis of `markdown`.

    Images, links, HTML, LaTeX, icons and colours come out as the characters they were
    written with. What could load something is broken inside code spans too, so that
    nothing depends on where the renderer sees a code span begin.
    """
    parts, at = [], 0
    for span in _CODE_SPAN.finditer(markdown):
        parts += [_harmless_text(markdown[at : span.start()]), _without_loads(span[0])]
        at = span.end()
    parts.append(_harmless_text(markdown[at:]))
    return _HEADING.sub(_lower_heading, "".join(parts))


def _prose_block(lines: list[str]) -> Iterator[Block]:
    text = "\n".join(lines).strip("\n")
    if text.strip():
        yield Block(False, harmless(text))


def _closes(mark: re.Match[str], fence: str) -> bool:
    return mark[1].startswith(fence) and not mark[2].strip()


def _lower_heading(mark: re.Match[str]) -> str:
    """Keep a skill's own headings below the page's."""
    return mark[1] + "#" * min(len(mark[2]) + _HEADING_DROP, 6)


def _harmless_text(text: str) -> str:
    safe = defused(_without_loads(text))
    return _TEXT_MARKUP.sub(_escaped_once, safe)


def _escaped_once(mark: re.Match[str]) -> str:
    """Put a backslash before a character that has none of its own yet."""
    has_one = len(mark[1]) % 2 == 1
    return mark[0] if has_one else f"{mark[1]}\\{mark[2]}"


def _without_loads(text: str) -> str:
    """Break images, links, references, tags and diagrams without adding a visible character."""
    for pattern in ("![", "<", "://", ":material/"):
        text = text.replace(pattern, pattern[0] + JOINER + pattern[1:])
    return _INFO_STRING.sub(rf"\1{JOINER}", _REFERENCE.sub(f"]{JOINER}", text))
