"""The page of one skill: text, problems, neighbours, history."""

from __future__ import annotations

import re

import pytest

from pages.common.health import ADVICE
from skillrouter_core.records import Problem
from tests.pages.conftest import HOSTILE, Studio, texts

MERGE = "mine/documents/pdf-merge"


def test_without_an_id_it_says_where_to_find_one(studio: Studio) -> None:
    assert "The address names none." in texts(studio.open("skill"))


def test_unknown_id_is_named(studio: Studio) -> None:
    studio.fill(index=False)
    assert "mine/nothing" in texts(studio.open("skill", id="mine/nothing"))


def test_skill_is_drawn_with_source_and_size(studio: Studio) -> None:
    studio.fill(index=False)
    said = texts(studio.open("skill", id=MERGE))
    assert "PDF merge" in said
    assert "category documents" in said
    assert "characters" in said
    assert "documents/pdf-merge/SKILL.md" in said
    assert "Join the files with pdfunite" in said


def test_problems_come_with_what_to_do(studio: Studio) -> None:
    studio.fill(index=False)
    said = texts(studio.open("skill", id="mine/writing/minutes"))
    assert "no description" in said
    assert ADVICE[Problem.NO_DESCRIPTION] in said


def test_every_problem_has_advice() -> None:
    assert set(ADVICE) == set(Problem)


def test_raw_view_shows_the_very_characters(studio: Studio) -> None:
    studio.write("evil", "Evil", "x", HOSTILE)
    studio.sync(index=False)
    at = studio.open("skill", id="mine/evil", view="raw")
    assert [block.value for block in at.code] == [HOSTILE]


def test_neighbours_are_listed_with_their_cosine(studio: Studio) -> None:
    studio.fill()
    said = texts(studio.open("skill", id=MERGE, view="neighbours"))
    assert "The nearest skills by meaning" in said
    assert "mine/documents/pdf-split" in said


def test_neighbours_without_an_index_say_so(studio: Studio) -> None:
    studio.fill(index=False)
    assert "There is no index yet." in texts(studio.open("skill", id=MERGE, view="neighbours"))


def test_history_shows_the_difference(studio: Studio) -> None:
    studio.fill(index=False)
    studio.write("documents/pdf-merge", "PDF merge", "Merge.", "Another text.\n")
    studio.sync(index=False)
    at = studio.open("skill", id=MERGE, view="history")
    assert list(at.dataframe[0].value["What"]) == ["changed", "added"]
    assert "+Another text." in at.code[0].value


def test_history_names_who_gave_which_category(studio: Studio) -> None:
    studio.fill(index=False)
    studio.ws.catalogs.assign_category([MERGE], "Office", "ann")
    studio.ws.catalogs.clear_category([MERGE], "bob")
    at = studio.open("skill", id=MERGE, view="history")
    assert list(at.dataframe[0].value["What"]) == [
        "category: the source's, by bob",
        "category: Office, by ann",
        "added",
    ]


def test_single_version_has_nothing_to_compare(studio: Studio) -> None:
    studio.fill(index=False)
    assert "nothing to compare" in texts(studio.open("skill", id=MERGE, view="history"))


def test_removed_skill_keeps_its_last_text(studio: Studio) -> None:
    studio.fill(index=False)
    (studio.source / "documents" / "pdf-merge" / "SKILL.md").unlink()
    studio.sync(index=False)
    said = texts(studio.open("skill", id=MERGE))
    assert "no longer in its catalog" in said
    assert "Join the files" in said


@pytest.mark.parametrize("view", ["rendered", "history"])
def test_hostile_text_is_never_drawn_as_markup(studio: Studio, view: str) -> None:
    studio.write("evil", HOSTILE, HOSTILE, f"# {HOSTILE}\n\n{HOSTILE}")
    studio.sync(index=False)
    at = studio.open("skill", id="mine/evil", view=view)
    for element in [*at.markdown, *at.header, *at.caption]:
        assert not re.search(r"(?<!\\)(!\[|<script|:red\[|\$x)", element.value)
        assert not getattr(element, "allow_html", False)
