"""Skill files as people really write them, and as nobody should."""

from __future__ import annotations

import unicodedata

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.parsing import (
    LONG_BODY_CHARS,
    MAX_NAME_CHARS,
    SHORT_BODY_CHARS,
    ParsedSkill,
    clean_text,
    health,
    parse_skill,
)
from skillrouter_core.parsing.frontmatter import (
    MAX_DEPTH,
    MAX_EVENTS,
    MAX_HEADER_CHARS,
    read_frontmatter,
)
from skillrouter_core.records import Problem


def parse(raw: bytes | str) -> ParsedSkill:
    data = raw.encode() if isinstance(raw, str) else raw
    return parse_skill(data, path="a/SKILL.md", fallback_name="folder")


def reasons(skill: ParsedSkill) -> str:
    return " | ".join(f"{issue.line}: {issue.reason}" for issue in skill.issues)


GOOD = {
    "plain": ("name: a\ndescription: b", "a", "b"),
    "quoted": ("name: 'a'\ndescription: \"b: c\"", "a", "b: c"),
    "folded": ("name: a\ndescription: >-\n  one\n  two", "a", "one two"),
    "literal": ("name: a\ndescription: |\n  one\n  two", "a", "one\ntwo"),
    "continued": ("name: a\ndescription: one\n  two", "a", "one two"),
    "number": ("name: 007\ndescription: 1e3", "007", "1e3"),
    "boolean": ("name: yes\ndescription: true", "yes", "true"),
    "date": ("name: 2024-01-01\ndescription: 12:30:45", "2024-01-01", "12:30:45"),
    "null": ("name: ~\ndescription: null", "folder", ""),
    "quoted null": ("name: 'null'\ndescription: '~'", "null", "~"),
    "list": ("name: [a, b]\ndescription: [c, ~, d]", "a, b", "c, d"),
    "mapping": ("name: a\ndescription: {use: x, not: [y, z]}", "a", "use: x; not: y, z"),
    "capital keys": ("Name: a\nDESCRIPTION: b", "a", "b"),
    "twice": ("name: a\nname: b", "b", ""),
    "python tag": ("name: !!python/object/apply:os.system ['id']\ndescription: b", "id", "b"),
    "comment": ("# note\nname: a # why\ndescription: b", "a", "b"),
    "cjk": ("name: 数据分析\ndescription: 用于：分析", "数据分析", "用于：分析"),
    "escape": ('name: "a\\tb"\ndescription: "\\u00e9"', "a b", "é"),
    "white space": ("name: '  a   b '\ndescription: '  c '", "a b", "c"),
    "merge": ("name: a\n? [x, y]\n: z\ndescription: b", "a", "b"),
    "empty": ("", "folder", ""),
}


@pytest.mark.parametrize(("header", "name", "description"), GOOD.values(), ids=GOOD)
def test_valid_headers(header: str, name: str, description: str) -> None:
    skill = parse(f"---\n{header}\n---\n# Body\n---\nend\n")
    assert (skill.name, skill.description) == (name, description)
    assert skill.body == "# Body\n---\nend"
    assert skill.issues == ()
    assert Problem.BROKEN_FRONTMATTER not in skill.problems


BROKEN = {
    "colon": ("name: a\ndescription: Use this: that", 3, "a", "Use this: that"),
    "colon, then more": ("name: a\ndescription: x: y\ntags: [p]", 3, "a", "x: y"),
    "colon over lines": ("name: a\ndescription: x: y\n  z", 3, "a", "x: y z"),
    "quote not closed": ("name: a\ndescription: 'b", 3, "a", "b"),
    "at sign": ("name: @a\ndescription: b", 2, "@a", "b"),
    "backtick": ("name: a\ndescription: `b` c", 3, "a", "`b` c"),
    "percent": ("name: a\ndescription: %b", 3, "a", "%b"),
    "not indented": ("name: a\ndescription: b\nc d", 5, "a", "b c d"),
    "tabs": ("name: a\nmetadata:\n\tx: y\ndescription: b", 4, "a", "b"),
    "literal, ragged": ("name: a\ndescription: |\n  one: x\n two", 5, "a", "one: x\ntwo"),
    "folded with tab": ("name: a\ndescription: >\n\tone\n\ttwo", 4, "a", "one two"),
    "list not closed": ("name: a\ntags: [x, y\ndescription: b", 4, "a", "b"),
    "bad escape": ('name: "a\\qb"\ndescription: c', 2, "a\\qb", "c"),
    "no such character": ('name: "\\UFFFFFFFF"\ndescription: c', 2, "\\UFFFFFFFF", "c"),
    "escaped quote": ('name: a\ndescription: "b \\"c\\" d" e', 3, "a", 'b "c" d" e'),
    "alias": ("name: &n a\ndescription: *n", 3, "a", "*n"),
}


@pytest.mark.parametrize(("header", "line", "name", "description"), BROKEN.values(), ids=BROKEN)
def test_broken_headers_are_read_line_by_line(
    header: str, line: int, name: str, description: str
) -> None:
    skill = parse(f"---\n{header}\n---\nBody\n")
    assert (skill.name, skill.description, skill.body) == (name, description, "Body")
    assert Problem.BROKEN_FRONTMATTER in skill.problems
    (issue,) = skill.issues
    assert (issue.path, issue.imported) == ("a/SKILL.md", True)
    assert issue.line == line, issue.reason


def test_unclosed_header_ends_at_the_first_prose() -> None:
    skill = parse("---\nname: a\ndescription: b\n\n# Title\n\nNote: text\n")
    assert (skill.name, skill.description) == ("a", "b")
    assert skill.body == "# Title\n\nNote: text"
    assert "not closed" in reasons(skill)


def test_header_that_runs_into_the_body_loses_none_of_it() -> None:
    skill = parse("---\nname: a\ndescription: b\n\n# Title\nText: x\ny z\n---\nmore\n")
    assert (skill.name, skill.description) == ("a", "b")
    assert skill.body.startswith("# Title")
    assert skill.body.endswith("more")


def test_known_keys_after_a_comment_still_count() -> None:
    skill = parse("---\nname: a: b\n\n# about\ndescription: c\n---\nBody")
    assert (skill.name, skill.description, skill.body) == ("a: b", "c", "Body")


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# Title\n\nText", "---", "---\n# Title\n---\nText", "---\nprose\n---\nx"]
)
def test_no_header_keeps_the_whole_text(text: str) -> None:
    skill = parse(text)
    assert (skill.name, skill.description, skill.body) == ("folder", "", text.strip())
    assert Problem.NO_FRONTMATTER in skill.problems
    assert "no frontmatter" in reasons(skill)


@pytest.mark.parametrize("fence", ["---", "--- ", "-----"])
def test_fences(fence: str) -> None:
    assert parse(f"\n\n{fence}\nname: a\n{fence}\nBody").name == "a"


CATEGORIES = {
    "top": ("category: ops", "ops"),
    "metadata": ("metadata:\n  category: ops", "ops"),
    "tool": ("metadata:\n  hermes:\n    category: ops", "ops"),
    "json": ('metadata: {"openclaw": {"emoji": "x", "category": "ops"}}', "ops"),
    "list": ("categories: [ops, dev]", "ops"),
    "top first": ("category: dev\nmetadata: {category: ops}", "dev"),
    "null": ("category: ~", ""),
    "text": ("metadata: none", ""),
    "empty list": ("category: []", ""),
    "in broken YAML": ("metadata:\n\tcategory: ops\n\tnote: a: b", "ops"),
}


@pytest.mark.parametrize(("header", "category"), CATEGORIES.values(), ids=CATEGORIES)
def test_category(header: str, category: str) -> None:
    assert parse(f"---\nname: a\n{header}\n---\n").category == category


TEXT = "---\nname: café\ndescription: naïve “x”\n---\nBody é\n"
ENCODINGS = {
    "utf-8": (TEXT.encode(), False),
    "utf-8 with mark": (TEXT.encode("utf-8-sig"), False),
    "crlf": (TEXT.replace("\n", "\r\n").encode(), False),
    "old mac": (TEXT.replace("\n", "\r").encode(), False),
    "utf-16-le": (b"\xff\xfe" + TEXT.encode("utf-16-le"), True),
    "utf-16-be": (b"\xfe\xff" + TEXT.encode("utf-16-be"), True),
    "utf-32-le": (b"\xff\xfe\0\0" + TEXT.encode("utf-32-le"), True),
    "windows-1252": (TEXT.encode("cp1252"), True),
}


@pytest.mark.parametrize(("raw", "bad"), ENCODINGS.values(), ids=ENCODINGS)
def test_encodings(raw: bytes, bad: bool) -> None:
    skill = parse(raw)
    assert (skill.name, skill.description, skill.body) == ("café", "naïve “x”", "Body é")
    assert (Problem.BAD_ENCODING in skill.problems) is bad
    assert bool(skill.issues) is bad


def test_latin_1_where_windows_1252_has_no_letter() -> None:
    skill = parse(b"---\nname: a\n---\n\xe9\x81t\xe9")
    assert skill.body == "été"  # the control character 0x81 is dropped
    assert "Latin-1" in reasons(skill)


def test_encoding_issue_names_the_line() -> None:
    assert parse(b"---\nname: a\n---\n\xe9t\xe9").issues[0].line == 4


def test_broken_byte_does_not_garble_utf_8() -> None:
    skill = parse("---\nname: 数据分析工具\n---\n正文".encode() + b"\xe6")
    assert (skill.name, skill.body) == ("数据分析工具", "正文\ufffd")
    assert Problem.BAD_ENCODING in skill.problems


def test_control_characters_are_removed_and_named() -> None:
    skill = parse("---\nname: a\n---\nx\x00y\x1b[31mz\x9b\x85end")
    assert skill.body == "xy[31mz\nend"
    assert "4: control characters" in reasons(skill)


def test_surrogates_cannot_come_in() -> None:
    assert clean_text("a\ud800b") == "a\ufffdb"
    assert parse(b"---\nname: a\n---\n\xed\xa0\x80").body.encode()


def test_long_name_is_cut_and_named() -> None:
    skill = parse(f"---\nname: {'x' * 500}\n---\n")
    assert skill.name == "x" * MAX_NAME_CHARS
    assert "500 characters" in reasons(skill)


BOMBS = {
    "aliases": "a: &a [x, x]\n" + "\n".join(f"b{i}: &b{i} [*a, *a]" for i in range(9)),
    "depth": "x: " + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2),
    "events": "x: [" + "y, " * MAX_EVENTS + "]",
    "size": "x: " + "y" * MAX_HEADER_CHARS,
    "open brackets": "x: " + "[" * 50_000,
    "open braces": "x: " + "{" * 50_000,
    "indents": "\n".join(" " * depth + "k:" for depth in range(300)),
    "questions": "x:\n  " + "? " * 20_000,
}


@pytest.mark.parametrize("bomb", BOMBS.values(), ids=BOMBS)
def test_bombs_are_defused_and_the_rest_is_read(bomb: str) -> None:
    skill = parse(f"---\nname: a\ndescription: b\n{bomb}\n---\nBody")
    assert (skill.name, skill.description) == ("a", "b")
    assert Problem.BROKEN_FRONTMATTER in skill.problems


def test_many_keys_in_a_broken_header() -> None:
    keys = "\n".join(f"k{number}: a: b" for number in range(20_000))
    assert parse(f"---\nname: a\n{keys}\n---\nBody").name == "a"


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, (Problem.EMPTY_BODY,)),
        (SHORT_BODY_CHARS - 1, (Problem.TOO_SHORT,)),
        (SHORT_BODY_CHARS, ()),
        (LONG_BODY_CHARS, ()),
        (LONG_BODY_CHARS + 1, (Problem.TOO_LONG,)),
        (500_000, (Problem.TOO_LONG,)),
    ],
)
def test_health_by_length(length: int, expected: tuple[Problem, ...]) -> None:
    assert health("described", "x" * length) == expected


def test_health_without_description() -> None:
    assert health(" \n", "x" * 300) == (Problem.NO_DESCRIPTION,)


# ---------------------------------------------------------------------- properties

LINES = st.sampled_from(
    [
        "---", "...", "name: a", "description: b: c", "description: |", "  indented", "\tx: y",
        "- item", "# Title", "", "metadata:", "  category: ops", "a: &x [*x]", "'", '"', "[[[",
        "{", "? k", ": v", "%TAG", "!!python/name:os.system", "\x00", "\ufeff", "é", "prose here",
    ]
)  # fmt: skip
RAW = st.one_of(
    st.binary(max_size=400),
    st.lists(LINES, max_size=12).map(lambda lines: "\n".join(["---", *lines]).encode()),
    st.text(max_size=200).map(lambda text: f"---\n{text}\n---\n{text}".encode("utf-8", "replace")),
)


@given(RAW)
def test_any_bytes_give_clean_text(raw: bytes) -> None:
    skill = parse(raw)
    for text in (skill.name, skill.description, skill.body, skill.category):
        assert not any(unicodedata.category(c) in ("Cs", "Cc") for c in text if c not in "\n\t")
        text.encode()
    assert skill.name
    assert all(issue.imported and issue.reason for issue in skill.issues)


@given(st.text(max_size=300).map(clean_text))
def test_text_without_a_header_is_never_lost(text: str) -> None:
    found = read_frontmatter(text)
    if not found.present:
        assert found.body == text


SAFE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=80)


@given(SAFE, SAFE, SAFE, SAFE)
def test_rendered_skill_parses_back(name: str, description: str, body: str, category: str) -> None:
    header = yaml.safe_dump(
        {"name": name, "description": description, "metadata": {"category": category}},
        allow_unicode=True,
    )
    skill = parse(f"---\n{header}---\n{body}\n")
    assert skill.name == (" ".join(name.split()) or "folder")
    assert skill.description == description.strip()
    assert skill.body == body.strip()
    assert skill.category == " ".join(category.split())
