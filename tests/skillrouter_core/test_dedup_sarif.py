"""SARIF: what a code host requires, and names that mean something to it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.dedup.sarif import RULES, check_sarif, report_sarif
from skillrouter_core.records import (
    CheckedSkill,
    CheckReport,
    DuplicatePair,
    ImportIssue,
    Near,
    SavedQuery,
    StolenQuery,
    Thresholds,
)
from tests.decisions import START
from tests.fakes import skill
from tests.reports import HOSTILE, report_of
from tests.scans import pair

DEFAULT = Thresholds()


def near(found: DuplicatePair, **fields: Any) -> Near:
    return Near(found, found.layers(DEFAULT), "its name", "its source", "its/SKILL.md", **fields)


def checked(
    name: str = "cat/new",
    *,
    file: str = "skills/new/SKILL.md",
    duplicates: tuple[Near, ...] = (),
    by_name: tuple[Near, ...] = (),
    stolen: tuple[StolenQuery, ...] = (),
) -> CheckedSkill:
    return CheckedSkill(skill(name, name=name), file, "", by_name, (), (), duplicates, stolen)


def report(*skills: CheckedSkill, issues: tuple[ImportIssue, ...] = ()) -> CheckReport:
    return CheckReport(DEFAULT, skills, (), issues, 3, {"all": 1.0}, ("a note",))


def run_of(text: str) -> dict[str, Any]:
    """Return the one run of a document, after what every reader requires of it."""
    document = json.loads(text)
    assert document["version"] == "2.1.0"
    assert document["$schema"].endswith("sarif-schema-2.1.0.json")
    (run,) = document["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"]
    rules = [rule["id"] for rule in driver["rules"]]
    assert rules == [rule for rule, _, _ in RULES]
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    for result in run["results"]:
        check_result(result, rules)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is True
    assert all(each["message"]["text"] for each in invocation["toolExecutionNotifications"])
    found: dict[str, Any] = run
    return found


def check_result(result: dict[str, Any], rules: list[str]) -> None:
    assert rules[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in {"error", "warning", "note"}
    assert result["message"]["text"].strip()
    # Brackets would make a link, braces a placeholder.
    assert not set(result["message"]["text"]) & set("[]{}\n")
    (location,) = result["locations"]
    physical = location["physicalLocation"]
    assert physical["region"]["startLine"] == 1
    uri = physical["artifactLocation"]["uri"]
    assert uri.isascii()
    assert not set(uri) & set(' <>"{}|\\^`[]')
    assert ("uriBaseId" in physical["artifactLocation"]) == (urlsplit(uri).scheme == "")
    (fingerprint,) = result["partialFingerprints"].values()
    assert len(fingerprint) == 64


def notes(run: dict[str, Any]) -> list[str]:
    found = run["invocations"][0]["toolExecutionNotifications"]
    return [each["message"]["text"] for each in found]


def test_nothing_found_is_a_document_without_results() -> None:
    run = run_of(check_sarif(report(checked())))
    assert run["results"] == []
    assert notes(run) == ["a note"]


def test_a_near_copy_is_an_error_at_its_file() -> None:
    found = pair("cat/new", "cat/old", jaccard=0.875, cosine=0.9375, same_name=True)
    (result,) = run_of(check_sarif(report(checked(duplicates=(near(found),)))))["results"]
    assert (result["ruleId"], result["level"]) == ("near-duplicate", "error")
    assert result["message"]["text"] == (
        "cat/new is a near-copy of cat/old by text and embedding: text 0.875, embedding 0.938. "
        "Change that skill instead of adding one, or make the difference plain."
    )
    where = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert where == {"uri": "skills/new/SKILL.md", "uriBaseId": "%SRCROOT%"}
    assert result["properties"] == {
        "other": "cat/old",
        "same_name": True,
        "jaccard": 0.875,
        "raw_jaccard": 0.875,
        "cosine": 0.9375,
    }


def test_what_was_there_before_is_a_note_and_what_people_told_apart_nothing() -> None:
    found = pair("cat/new", "cat/old", jaccard=0.9)
    both = (near(found, known=True), near(found, apart=True))
    (result,) = run_of(check_sarif(report(checked(duplicates=both))))["results"]
    assert result["level"] == "note"
    assert "It was so before this change." in result["message"]["text"]


def test_a_near_copy_in_the_same_change_names_its_file() -> None:
    found = near(pair("cat/new", "cat/twin", jaccard=0.9), file="skills/twin/SKILL.md")
    (result,) = run_of(check_sarif(report(checked(duplicates=(found,)))))["results"]
    assert "cat/twin (also checked: skills/twin/SKILL.md)" in result["message"]["text"]


@pytest.mark.parametrize(("lost", "count"), [(True, 1), (False, 0)])
def test_queries_taken_from_their_right_answer_are_warnings(lost: bool, count: int) -> None:
    query = SavedQuery(1, "merge two PDFs", "suite", ("cat/old",), "ann", START)
    stolen = StolenQuery(query, "cat/old", lost, 0.25)
    results = run_of(check_sarif(report(checked(stolen=(stolen,)))))["results"]
    assert [result["level"] for result in results] == ["warning"] * count
    if count:
        assert results[0]["message"]["text"] == (
            "The saved query 'merge two PDFs' would load cat/new in place of cat/old."
        )
        assert results[0]["properties"]["margin"] == 0.25


def test_a_taken_name_is_a_note_unless_it_is_a_copy() -> None:
    other = near(pair("cat/new", "cat/other", same_name=True, jaccard=0.1))
    copy = near(pair("cat/new", "cat/copy", same_name=True, jaccard=1.0))
    found = run_of(check_sarif(report(checked(by_name=(other, copy), duplicates=(copy,)))))
    assert [(each["ruleId"], each["level"]) for each in found["results"]] == [
        ("near-duplicate", "error"),
        ("same-name", "note"),
    ]


def test_files_left_out_are_told() -> None:
    issue = ImportIssue("skills/x/SKILL.md", 3, "broken frontmatter", imported=True)
    run = run_of(check_sarif(report(checked(), issues=(issue,))))
    assert notes(run) == ["a note", "skills/x/SKILL.md, line 3: broken frontmatter"]


def test_findings_above_the_limit_are_counted() -> None:
    found = tuple(near(pair("cat/new", f"cat/{n}", jaccard=0.9)) for n in range(5))
    run = run_of(check_sarif(report(checked(duplicates=found)), limit=2))
    assert len(run["results"]) == 2
    assert "3 of 5 findings are left out" in notes(run)


def test_fingerprints_tell_pairs_apart_and_stay() -> None:
    found = tuple(near(pair("cat/new", f"cat/{n}", jaccard=0.9)) for n in range(2))
    runs = [run_of(check_sarif(report(checked(duplicates=found)))) for _ in range(2)]
    marks = [[each["partialFingerprints"] for each in run["results"]] for run in runs]
    assert marks[0] == marks[1]
    assert marks[0][0] != marks[0][1]


def test_a_whole_scan_has_a_finding_for_each_copy() -> None:
    ids = ("cat/a", "cat/b", "cat/c")
    paths = {skill_id: f"{skill_id[4:]}/SKILL.md" for skill_id in ids}
    run = run_of(report_sarif(report_of(ids, {(0, 1): 0.9, (0, 2): 0.8}, paths=paths)))
    uris = [
        each["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        for each in run["results"]
    ]
    assert uris == ["b/SKILL.md", "c/SKILL.md"]
    assert run["results"][0]["message"]["text"] == (
        "cat/b is a near-copy of cat/a: text 0.900, no vector."
    )


@pytest.mark.parametrize(
    "file", ["/abs/a b/SKILL.md", "a:b/SKILL.md", "../x/SKILL.md", "é/SKILL.md"]
)
def test_any_path_is_a_uri(file: str) -> None:
    found = near(pair("cat/new", "cat/old", jaccard=0.9))
    (result,) = run_of(check_sarif(report(checked(file=file, duplicates=(found,)))))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert unquote(uri).removeprefix("file://") == file


@given(st.sampled_from(HOSTILE) | st.text(min_size=1, max_size=30))
def test_hostile_names_leave_a_valid_document(name: str) -> None:
    found = near(pair(name, f"{name}2", jaccard=0.9, same_name=True), file=name)
    text = check_sarif(report(checked(name, file=f"{name}/SKILL.md", duplicates=(found,))))
    assert text.isascii()
    run_of(text)
