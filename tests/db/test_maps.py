"""What the map asks the database: facts without texts, words, and texts of some skills."""

import pytest

from db import maps
from skillrouter_core.records.maps import PointText
from tests.stores import many, scan, skill


@pytest.fixture
def filled(workspace):
    workspace.catalogs.store(
        scan(
            skill("tools/deploy", description="Roll out a RELEASE.", category="ops"),
            skill("tools/chart", description="Draw 100% of it.", source="github.com/a/b"),
        )
    )
    return workspace


def test_facts_of_every_live_skill(filled):
    with filled.database.read() as session:
        facts = maps.facts(session)
    assert set(facts) == {"tools/deploy", "tools/chart"}
    assert (facts["tools/deploy"].category, facts["tools/deploy"].catalog) == ("ops", "tools")
    assert facts["tools/chart"].source == "github.com/a/b"
    assert facts["tools/chart"].changed_at.tzinfo is not None


def test_removed_skills_are_in_no_answer(filled):
    filled.catalogs.store(scan(skill("tools/chart", description="Draw 100% of it.")))
    with filled.database.read() as session:
        assert set(maps.facts(session)) == {"tools/chart"}
        assert maps.matching(session, "release") == []
        assert maps.texts(session, ["tools/deploy"]) == {}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("release", {"tools/deploy"}),
        ("tools ROLL", {"tools/deploy"}),
        ("100%", {"tools/chart"}),
        ("1%0", set()),
        ("tools", {"tools/deploy", "tools/chart"}),
    ],
)
def test_every_word_must_occur_whatever_its_case(filled, text, found):
    with filled.database.read() as session:
        assert set(maps.matching(session, text)) == found


def test_texts_of_more_skills_than_one_statement_takes(workspace):
    workspace.catalogs.store(many(1200))
    ids = [f"big/s{number:05d}" for number in range(1200)]
    with workspace.database.read() as session:
        found = maps.texts(session, [*ids, "big/none"])
    assert sorted(found) == ids
    one = found["big/s00003"]
    assert isinstance(one, PointText)
    assert (one.name, one.category, one.description) == ("s00003", "c3", "About s00003.")
    assert one.body_chars > 100
