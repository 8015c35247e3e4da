"""Skill text stays text, whatever it is written to look like."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.common.safe_body import Block, body_blocks, harmless
from pages.common.safe_text import JOINER, breakable, escape, highlighted, one_line
from skillrouter_core.records import Passage, Span


def shown(markdown: str) -> str:
    """What a reader sees of escaped source: backslashes before punctuation and joiners are gone."""
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown).replace(JOINER, "")


@given(st.text())
def test_escape_shows_the_same_characters(text: str) -> None:
    assert shown(escape(text)) == one_line(text).replace(JOINER, "")


@given(st.text(alphabet="ab :[]()!<>*_`$#|~\\@.-\n"))
def test_escape_leaves_no_markup_unescaped(text: str) -> None:
    source = re.sub(r"\\.", "", escape(text))
    assert not re.search(r"[!\[\]()<>*_`$#|~\\@.\n-]", source)


@pytest.mark.parametrize(
    ("hostile", "pattern"),
    [
        (":red[stop]", r":red"),
        (":material/home:", r":material/"),
        (":smile:", r":smile"),
        ("see https://example.org/x", r"https:\\?/"),
        ("www.example.org", r"www\\?\."),
        ("a@example.org", r"@example"),
        ("a -> b", r"(^|\s)\\?-\\?>(\s|$)"),
        ("a -- b", r"(^|\s)\\?-\\?-(\s|$)"),
    ],
)
def test_escape_breaks_what_is_replaced_after_parsing(hostile: str, pattern: str) -> None:
    assert not re.search(pattern, shown_with_joiners(escape(hostile)))


def shown_with_joiners(markdown: str) -> str:
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)


def test_one_line_cuts_with_an_ellipsis() -> None:
    assert one_line("a  b\n c", 5) == "a b c"
    assert one_line("abcdef", 4) == "abc…"


def test_highlighted_marks_the_terms_and_escapes_the_rest() -> None:
    passage = Passage("body", "use *pdf* [merge]", 0, 1.0, (Span(5, 8), Span(11, 16)))
    assert highlighted(passage).replace(JOINER, "") == (
        r"use \*:yellow-background[pdf]\* \[:yellow-background[merge]\]"
    )


def test_highlighted_survives_overlapping_and_outlying_matches() -> None:
    passage = Passage(
        "body", "abc def", 0, 1.0, (Span(0, 3), Span(1, 2), Span(4, 99), Span(50, 60))
    )
    assert (
        highlighted(passage).replace(JOINER, "")
        == ":yellow-background[abc] :yellow-background[def]"
    )


def test_highlighted_term_cannot_close_its_mark() -> None:
    passage = Passage("body", "a]b", 0, 1.0, (Span(0, 3),))
    assert highlighted(passage).replace(JOINER, "") == r":yellow-background[a\]b]"


LOADS = [
    "![x](http://evil.example/a.png)",
    "[x](javascript:alert(1))",
    "![x][1]\n\n[1]: http://evil.example/a.png",
    "<img src=http://evil.example/a.png onerror=alert(1)>",
    "<script>alert(1)</script>",
    "<http://evil.example>",
    "`![x](http://evil.example/a.png)`",
    "``` `![x](http://evil.example)",
]


@pytest.mark.parametrize("text", LOADS)
def test_body_cannot_load_or_link(text: str) -> None:
    source = "\n".join(block.text for block in body_blocks(text) if not block.is_code)
    assert not re.search(r"!\[|\]\(|\]\[|\]:|<\w|https?:/", source)


@given(st.text(alphabet="`~![]()<:ab$ \n\\", max_size=60))
def test_no_body_can_load_or_link(text: str) -> None:
    source = "\n".join(block.text for block in body_blocks(text) if not block.is_code)
    assert not re.search(r"!\[|\]\(|\]\[|\]:|<\w", source)


def test_body_keeps_structure() -> None:
    blocks = list(body_blocks("# Use\n\n- a\n- **b**\n\n```mermaid\ngraph $x$\n```\nend"))
    assert blocks == [
        Block(False, "### Use\n\n- a\n- **b**"),
        Block(True, "graph $x$"),
        Block(False, "end"),
    ]


def test_unclosed_fence_is_code_to_the_end() -> None:
    assert list(body_blocks("~~~\na\n```\nb")) == [Block(True, "a\n```\nb")]


def test_code_span_keeps_its_dollar_and_prose_shows_it() -> None:
    assert harmless("`$A` costs $5$") == r"`$A` costs \$5\$"


@pytest.mark.parametrize(
    ("text", "source"),
    [("$a$", r"\$a\$"), (r"\$a\$", r"\$a\$"), (r"\\$a", r"\\\$a"), (":red[x]", r"\:red[x]")],
)
def test_formulas_and_colours_are_escaped_once(text: str, source: str) -> None:
    assert harmless(text).replace(JOINER, "") == source


def test_long_words_may_break_and_stay_the_same() -> None:
    word = "x" * 40
    assert breakable(f"a {word}").split("\u200b") == ["a " + "x" * 16, "x" * 16, "x" * 8]
    assert breakable("short words stay") == "short words stay"
