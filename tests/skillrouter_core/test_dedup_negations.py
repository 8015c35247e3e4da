"""Clauses that say what a skill is not for are found, cut, and matched with whom they name."""

from __future__ import annotations

import numpy as np
import pytest

from skillrouter_core.dedup.negations import clauses, cut, names, set_apart


@pytest.mark.parametrize(
    ("text", "left", "count"),
    [
        (
            "reads pdf files. not for word files, use docx instead. fast.",
            "reads pdf files.  . fast.",
            1,
        ),
        ("do not use for images\nnext line", " \nnext line", 1),
        ("don't use this with excel; ask first", " ; ask first", 1),
        ("should not be empty", "should not be empty", 0),
        ("is not intended for version 2.0 files. yes.", " . yes.", 1),
        ("use docx-reader instead.", " .", 1),
        ("never use eval", " ", 1),
        ("when not to use: tables", " ", 1),
        ("notes for people who use it", "notes for people who use it", 0),
        ("if it is not there, create it", "if it is not there, create it", 0),
        ("", "", 0),
    ],
)
def test_a_clause_is_cut_to_the_end_of_its_sentence(text: str, left: str, count: int) -> None:
    assert cut(text) == (left, count)


def test_a_line_full_of_clauses_is_cut_at_once() -> None:
    # One line of a megabyte: looking for its beginning at every sign would take minutes.
    left, count = cut("not for x; " * 100_000)
    assert count == 100_000
    assert left.strip(" ;") == ""


def test_clauses_come_from_the_description_and_sections_of_what_not_to_use_it_for() -> None:
    stated = clauses(
        "edits word files. not for pdf-reader jobs.",
        "# steps\nopen it\n## when not to use\n- scans: see ocr-tool\n## after\nclose it",
    )
    assert names(stated, "pdf reader")
    assert names(stated, "ocr tool")
    assert not names(stated, "close it")
    assert not names(stated, "steps")


def test_a_negation_in_the_midst_of_a_body_names_nobody() -> None:
    assert clauses("", "do not use pdf-reader here") == ""


@pytest.mark.parametrize(
    ("stated", "name", "named"),
    [
        ("not for pdf reader jobs", "pdf reader", True),
        ("not for pdf readers", "pdf reader", False),
        ("not for anything", "", False),
        ("", "pdf reader", False),
    ],
)
def test_names_are_whole_words(stated: str, name: str, named: bool) -> None:
    assert names(stated, name) is named


def test_either_may_set_itself_apart_but_not_from_its_own_name() -> None:
    stated = ["not for docx tool", "", "not for pdf tool", ""]
    called = ["pdf tool", "docx tool", "pdf tool", "csv tool"]
    a, b = np.array([0, 0, 1, 0, 2]), np.array([1, 2, 2, 3, 3])
    assert set_apart(stated, called, a, b).tolist() == [True, False, False, False, False]
