"""CSV, JSON and Markdown: shapes, decisions, and names that mean something to their readers."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.dedup.exports import COLUMNS, to_csv, to_json
from skillrouter_core.dedup.markdown import code, to_markdown
from skillrouter_core.dedup.report import DuplicateReport
from tests.decisions import Log
from tests.reports import HOSTILE, report_of
from tests.scans import pair

IDS = ("cat/a", "cat/b", "cat/c", "cat/d", "cat/e")
PAIRS = {
    (0, 1): pair(jaccard=0.9, cosine=0.95, same_name=True),
    (0, 2): pair(jaccard=0.8, raw_jaccard=0.85),
    (1, 2): pair(jaccard=0.5),
}


@pytest.fixture
def report() -> DuplicateReport:
    log = Log({skill_id: skill_id for skill_id in IDS})
    log.add("merge", "cat/b", "cat/a", author="ann")
    log.add("retire", "cat/e", author="bob")
    paths = {skill_id: f"{skill_id[4:]}/SKILL.md" for skill_id in IDS}
    return report_of(
        IDS, PAIRS, log.decisions, paths=paths, reasons=("has a body of 10 characters",)
    )


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_csv_has_a_line_for_each_member(report: DuplicateReport) -> None:
    found = rows(to_csv(report))
    assert tuple(found[0]) == COLUMNS
    assert [(row["group"], row["role"], row["skill_id"]) for row in found] == [
        ("1", "keeper", "cat/a"),
        ("1", "member", "cat/b"),
        ("1", "member", "cat/c"),
        ("", "", "cat/e"),
    ]
    keeper, member, third, outside = found
    assert (keeper["jaccard"], keeper["verdict"], keeper["status"]) == ("", "", "undecided")
    assert (member["jaccard"], member["cosine"], member["same_name"]) == ("0.9000", "0.9500", "yes")
    assert member["layers"] == "name text embedding"
    assert (member["verdict"], member["merge_into"]) == ("merge", "cat/a")
    assert (member["removed"], member["contested"], member["author"]) == ("yes", "no", "ann")
    assert member["decided_at"] == "2026-01-02T00:00:00+00:00"
    assert (third["raw_jaccard"], third["cosine"], third["verdict"]) == ("0.8500", "", "")
    assert (outside["verdict"], outside["removed"]) == ("retire", "yes")


@pytest.mark.parametrize(
    "name", ["=1+1", "+1", "-1", "@sum", "\t=1", "\r=1", " =1", "=cmd|' /C calc'!A0", "\n=1"]
)
def test_no_cell_is_a_formula(name: str) -> None:
    ids = ("cat/a", name)
    log = Log({skill_id: skill_id for skill_id in ids})
    log.add("merge", name, "cat/a", author="=author")
    text = to_csv(report_of(ids, {(0, 1): 0.9}, log.decisions, paths={name: f"{name}/SKILL.md"}))
    for row in rows(text):
        assert not any(cell.lstrip().startswith(tuple("=+-@")) for cell in row.values())
    assert rows(text)[1]["skill_id"] == "'" + name.replace("\r", "\n")


@given(st.text(max_size=30))
def test_csv_keeps_any_name_in_its_cell(name: str) -> None:
    found = rows(to_csv(report_of(("cat/a", name), {(0, 1): 0.9})))
    assert [row["role"] for row in found] == ["keeper", "member"]
    lines = name.replace("\r\n", "\n").replace("\r", "\n")
    assert found[1]["name"] in {lines, f"'{lines}"}


def test_json_has_the_shape_of_the_command_line(report: DuplicateReport) -> None:
    document = json.loads(to_json(report))
    assert [(found["a"], found["b"]) for found in document["pairs"]] == [
        ("cat/a", "cat/b"),
        ("cat/a", "cat/c"),
    ]
    assert document["pairs"][0]["name"] is True
    assert document["pairs"][0]["jaccard"] == pytest.approx(0.9, abs=1e-6)
    assert document["pairs"][1]["cosine"] is None
    (group,) = document["groups"]
    assert (group["keeper"], group["members"]) == ("cat/a", ["cat/a", "cat/b", "cat/c"])
    assert (group["weakest"]["a"], group["weakest"]["b"]) == ("cat/b", "cat/c")
    assert group["weakest"].keys() >= {"a", "b", "name", "jaccard", "cosine"}
    assert group["reasons"] == ["has a body of 10 characters"]
    (decision,) = group["decisions"]
    assert (decision["skill_id"], decision["merge_into"]) == ("cat/b", "cat/a")
    assert decision["removed"] is True
    assert document["same_name"] == []
    assert document["seconds"] == 2.0
    assert document["decided_outside"][0]["skill_id"] == "cat/e"
    assert document["layers"]["text"] == 1
    assert document["layers"]["name+text+embedding"] == 1


def test_json_holds_any_name_and_nothing_a_terminal_acts_on() -> None:
    ids = ("cat/a", "\x1b[31m\u202e\ud800")
    text = to_json(report_of(ids, {(0, 1): 0.9}))
    assert text.isascii()
    assert json.loads(text)["groups"][0]["members"][1] == ids[1]


def test_markdown_says_what_goes_and_why(report: DuplicateReport) -> None:
    text = to_markdown(report)
    assert "- `cat/b`: merge into `cat/a` (`ann`)\n" in text
    assert "- `cat/e`: retire (`bob`)\n" in text
    assert "### Group 1: 3 skills, undecided\n" in text
    assert "Keep `cat/a`: has a body of 10 characters.\n" in text
    assert "- `cat/c`: text 0.800, no vector (by text)\n" in text
    assert "Least alike: `cat/b` and `cat/c`, text 0.500, no vector.\n" in text
    assert "2 near-duplicate pairs (text above 0.6, embedding above 0.92)" in text
    assert "| name + text + embedding | 1 |" in text


def test_markdown_says_what_it_leaves_out() -> None:
    ids = tuple(f"cat/{number}" for number in range(8))
    pairs = {(0, 1): 0.9, (2, 3): 0.9, (4, 5): 0.9, (6, 7): 0.9}
    text = to_markdown(report_of(ids, pairs), limit=3)
    assert "### Group 3" in text
    assert "### Group 4" not in text
    assert "- 1 of 4 left out here: the CSV and JSON have all" in text
    assert "No skill is to be removed." in text


def test_markdown_ends_before_a_code_host_cuts_it() -> None:
    ids = tuple(f"cat/{number:03d}" for number in range(400))
    pairs = {(number, number + 1): 0.9 for number in range(0, 400, 2)}
    log = Log({skill_id: skill_id for skill_id in ids})
    for number in range(0, 400, 2):
        log.add("retire", ids[number])
    text = to_markdown(report_of(ids, pairs, log.decisions), max_chars=4000)
    assert 3000 < len(text) < 4300  # the lines that say what is left out come on top
    assert "of 200 left out here" in text
    assert "- 200 of 200 left out here" in text


def test_markdown_names_what_is_not_followed() -> None:
    ids = ("cat/a", "cat/b")
    log = Log({skill_id: skill_id for skill_id in ids})
    log.add("merge", "cat/a", "cat/b")
    log.add("merge", "cat/b", "cat/a")
    text = to_markdown(report_of(ids, {(0, 1): 0.9}, log.decisions))
    assert "- `cat/a`: not removed, the skill it was to be merged into goes into this one" in text


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("has a body of 1,200 characters, the others 40 to 60.", None),
        ("see www.example.org", "`see www.example.org`"),
        ("**bold**", "`**bold**`"),
        ("[a](b)", "`[a](b)`"),
        ("ask @ann", "`ask @ann`"),
    ],
)
def test_reasons_are_prose_unless_they_could_be_markup(reason: str, shown: str | None) -> None:
    text = to_markdown(report_of(("cat/a", "cat/b"), {(0, 1): 0.9}, reasons=(reason,)))
    assert f"Keep `cat/a`: {shown or reason}." in text


def outside_code(text: str) -> str:
    """Return Markdown without its code spans, as CommonMark finds them."""
    return re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", text, flags=re.DOTALL)


@pytest.mark.parametrize(
    "name", [*HOSTILE, "``", "`", "a``b`c", "", " ", "# title", "- x", "\u2028"]
)
def test_markdown_shows_hostile_names_only_as_code(name: str) -> None:
    quiet = ("cat/aaa", "cat/bbb", "cat/ccc")
    loud = (f"{name}QQ1", f"{name}QQ2", f"QQ3{name}")
    texts = []
    for ids in (quiet, loud):
        log = Log({skill_id: skill_id for skill_id in ids})
        log.add("merge", ids[1], ids[0], author=ids[2])
        made = report_of(
            ids, {(0, 1): 0.9, (0, 2): 0.9}, log.decisions, notes=(ids[0],), reasons=("short",)
        )
        texts.append(to_markdown(made))
    assert outside_code(texts[0]) == outside_code(texts[1])
    assert len(texts[0].splitlines()) == len(texts[1].splitlines())
    assert not set(texts[1]) & {"\x1b", "\u202e", "\u2028"}


@given(st.text(max_size=40))
def test_code_is_one_span_whatever_is_inside(text: str) -> None:
    found = code(text)
    assert "\n" not in found
    assert outside_code(f"before {found} after") == "before  after"
    (span,) = re.findall(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", found)
    assert len(span[0]) * 2 + len(span[1]) == len(found)
