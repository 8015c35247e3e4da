"""The paper's recipe of negatives on a pool small enough to work out by hand."""

from dataclasses import replace

import pytest

from skillrouter_core.index import DenseIndex
from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.mining import JudgedQuery, MiningPool, NegativeMiner
from skillrouter_core.records.training import MiningOptions, NegativeSource
from tests.fakes import HashEncoder, skill

QUERY = "apple banana cherry"
ENCODER = HashEncoder()
KINDS = ("judged wrong", "semantic", "lexical", "same category", "random")


def unlike(number: int) -> str:
    """Return a body that shares no word with another one."""
    return " ".join(f"w{number}x{i}" for i in range(6))


def fruit(count: int) -> list:
    """Skills near the query by words and vector; bodies differ."""
    return [
        skill(f"p/fruit{i}", QUERY, unlike(i), category=f"c{i % 3}", source="s")
        for i in range(count)
    ]


def far(count: int, category: str, start: int = 100) -> list:
    return [
        skill(f"p/{category}{i}", f"stone {i}", unlike(start + i), category=category)
        for i in range(count)
    ]


def pool_of(skills: list) -> MiningPool:
    texts = [f"{one.name} {one.description} {one.body}" for one in skills]
    return MiningPool(
        skills, DenseIndex.build(ENCODER.encode_queries(texts)), LexicalIndex.build(texts)
    )


def judged(rights: list, **known) -> JudgedQuery:
    texts = [f"{one.name} {one.description} {one.body}" for one in rights]
    vectors = ENCODER.encode_queries(texts)
    return JudgedQuery(QUERY, ENCODER.encode_queries([QUERY])[0], tuple(rights), vectors, **known)


def names(negatives) -> set[str]:
    return {one.skill.name for one in negatives}


@pytest.fixture
def right():
    return skill("p/right", "something else", unlike(999), category="metal")


@pytest.fixture
def wide(right):
    """Enough of everything: 30 near the query, 20 of the right one's category, 20 of another."""
    return pool_of([right, *fruit(30), *far(20, "metal"), *far(20, "wood", 300)])


def test_the_recipe_is_four_three_two_one(wide, right):
    miner = NegativeMiner(wide, MiningOptions(depth=20), seed=3)
    found = miner.mine(judged([right]))
    kinds = [one.source for one in found]
    assert [kinds.count(source) for source in NegativeSource] == [0, 4, 3, 2, 1]
    assert len(names(found)) == 10
    assert "right" not in names(found)
    by = {source: [one.skill for one in found if one.source is source] for source in kinds}
    assert {one.category for one in by[NegativeSource.CATEGORY]} == {"metal"}
    assert by[NegativeSource.RANDOM][0].category != "metal"
    assert {one.description for one in by[NegativeSource.SEMANTIC]} == {QUERY}
    report = miner.report()
    assert dict(report.negatives) == dict(zip(KINDS, (0, 4, 3, 2, 1), strict=True))
    assert (dict(report.shortfalls), dict(report.filled), report.short) == ({}, {}, 0)


def test_the_same_seed_draws_the_same_whatever_came_before(wide, right):
    first = NegativeMiner(wide, MiningOptions(), seed=3)
    second = NegativeMiner(wide, MiningOptions(), seed=3)
    second.mine(replace(judged([right]), text="another query"))
    assert first.mine(judged([right])) == second.mine(judged([right]))
    other = NegativeMiner(wide, MiningOptions(), seed=4)
    assert first.mine(judged([right])) != other.mine(judged([right]))


def test_judged_wrong_go_first_and_take_semantic_places(wide, right):
    wrong = tuple(far(5, "stone", 700))
    miner = NegativeMiner(wide, MiningOptions(), seed=3)
    found = miner.mine(judged([right], wrong=wrong))
    assert [one.skill for one in found[:5]] == list(wrong)
    assert dict(miner.report().negatives) == dict(zip(KINDS, (5, 0, 2, 2, 1), strict=True))


def test_more_judged_wrong_than_places_are_sampled(wide, right):
    miner = NegativeMiner(wide, MiningOptions(), seed=3)
    found = miner.mine(judged([right], wrong=tuple(far(30, "stone", 700))))
    assert {one.source for one in found} == {NegativeSource.JUDGED}
    assert len(names(found)) == 10


def test_a_wrong_verdict_outweighs_the_name_but_not_the_text(wide, right):
    namesake = replace(skill("q/right", "other", unlike(800)), name="right")
    copy = replace(right, skill_id="q/copy", name="copy")
    miner = NegativeMiner(wide, MiningOptions(), seed=3)
    found = miner.mine(judged([right], wrong=(namesake, copy)))
    assert namesake in [one.skill for one in found]
    assert copy not in [one.skill for one in found]
    assert miner.report().contradicted == 1


def test_useful_and_unsure_ones_never_serve(right):
    skills = [right, *fruit(12), *far(3, "metal")]
    useful, unsure = skills[1], skills[2]
    miner = NegativeMiner(pool_of(skills), MiningOptions(), seed=3)
    found = miner.mine(judged([right, useful], unsure=frozenset([unsure.skill_id])))
    assert not {useful.name, unsure.name} & names(found)
    assert len(found) == 10


def test_related_ones_serve_only_where_a_retriever_proposes_them(right):
    near, filler = fruit(1)[0], far(1, "metal")[0]
    skills = [right, near, filler]
    related = frozenset([near.skill_id, filler.skill_id])
    options = MiningOptions(depth=1)
    miner = NegativeMiner(pool_of(skills), options, seed=3)
    found = miner.mine(judged([right], related=related))
    assert [one.skill for one in found] == [near]
    assert miner.report().related == 1


@pytest.mark.parametrize("layer", ["name", "jaccard", "cosine"])
def test_each_layer_of_the_filter_is_counted(right, layer):
    body = unlike(50)
    alike = {
        "name": skill("q/right", QUERY, body, name="Right"),
        "jaccard": skill("q/copy", QUERY, right.body),
        "cosine": skill(
            "q/same-words", right.description, "right " + " ".join(reversed(right.body.split()))
        ),
    }[layer]
    if layer == "cosine":
        alike = replace(alike, name="right.")
        alike = replace(alike, name="twin")
    miner = NegativeMiner(pool_of([right, alike]), MiningOptions(), seed=3)
    assert miner.mine(judged([right])) == ()
    counts = dict(miner.report().filtered)
    assert counts.pop(layer) >= 1
    assert set(counts.values()) == {0}
    assert dict(miner.report().dropped) == {"no negatives": 1}
    bare = NegativeMiner(pool_of([right, alike]), MiningOptions(filtered=False), seed=3)
    assert [one.skill for one in bare.mine(judged([right]))] == [alike]
    assert sum(bare.report().filtered.values()) == 0


def test_every_right_answer_is_protected(right):
    other = skill("p/other", "far away", unlike(60))
    copy = replace(other, skill_id="q/copy", name="copy", description=QUERY)
    miner = NegativeMiner(pool_of([right, other, copy]), MiningOptions(), seed=3)
    assert miner.mine(judged([right, other])) == ()


def test_what_one_source_lacks_the_next_ones_give_and_the_report_says_so(right):
    """No skill shares the right one's category: its two come from the one left, random."""
    skills = [right, *fruit(40)]
    miner = NegativeMiner(pool_of(skills), MiningOptions(), seed=3)
    assert len(miner.mine(judged([right]))) == 10
    report = miner.report()
    assert dict(report.shortfalls) == {"same category": 2}
    assert dict(report.filled) == {"random": 2}
    assert dict(report.negatives) == dict(zip(KINDS, (0, 4, 3, 0, 3), strict=True))


def test_a_pool_too_small_gives_what_it_has_once(right):
    skills = [right, *fruit(4)]
    miner = NegativeMiner(pool_of(skills), MiningOptions(), seed=3)
    found = miner.mine(judged([right]))
    assert names(found) == {one.name for one in skills[1:]}
    assert len(found) == 4
    assert miner.report().short == 1


def test_without_words_or_categories_meaning_alone_gives_all(right):
    """BM25 finds nothing: its share comes from elsewhere, and the last sources run dry too."""
    plain = [replace(one, category="") for one in (right, *far(12, "x"))]
    miner = NegativeMiner(pool_of(plain), MiningOptions(), seed=3)
    assert len(miner.mine(judged([plain[0]]))) == 10
    assert dict(miner.report().shortfalls) == {"lexical": 3, "same category": 2}
