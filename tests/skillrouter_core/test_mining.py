import random
from collections import Counter

import pytest

from skillrouter_core.mining import (
    Scored,
    derived_pairs,
    false_negative_layer,
    hard_list,
    jaccard,
    word_trigrams,
)
from tests.fakes import skill

BODY = "first read the file then write the report and send it to the team today"


def test_trigrams_and_jaccard_by_hand():
    a, b = word_trigrams("a b c d"), word_trigrams("A b c e")
    assert len(a) == len(b) == 2
    assert jaccard(a, b) == pytest.approx(1 / 3)  # "a b c" of "a b c", "b c d", "b c e"
    assert word_trigrams("") == frozenset()
    assert jaccard(frozenset(), frozenset()) == 0.0
    assert len(word_trigrams("two words")) == 1


@pytest.mark.parametrize(
    ("negative", "cosine", "layer"),
    [
        (skill("x/Send_Report", body="nothing alike here at all"), 0.1, "name"),
        (skill("x/other", body=BODY + " please"), 0.1, "jaccard"),
        (skill("x/other", body="words that differ from all of those"), 0.93, "cosine"),
        (skill("x/other", body="words that differ from all of those"), 0.92, None),
        (skill("x/other"), 0.0, None),
    ],
)
def test_the_layers_of_the_false_negative_filter(negative, cosine, layer):
    right = skill("pool/send-report", body=BODY)
    assert false_negative_layer(negative, [right], {negative.skill_id: cosine}) == layer


def test_every_positive_is_compared():
    rights = [skill("a/one", body=BODY), skill("a/two", body="something else entirely")]
    assert false_negative_layer(skill("b/two"), rights, {}) == "name"


def scored(name: str, body: str = "") -> Scored:
    return Scored(skill(f"pool/{name}", body=body), 1.0, 0.5)


def test_a_list_starts_with_the_right_one_and_never_holds_its_copies():
    right = scored("right", BODY)
    others = [scored(f"other-{i}", f"text number {i} about thing {i}") for i in range(9)]
    candidates = [right, scored("copy", BODY), *others]
    dropped: Counter[str] = Counter()
    found = hard_list("q", right, candidates, {}, size=5, rng=random.Random(1), dropped=dropped)
    assert found.candidates[0] == right
    assert found.candidates[1:4] == tuple(others[:3])
    assert len(found.candidates) == 6
    assert set(found.candidates[4:]) <= set(others[3:])
    assert dropped == {"jaccard": 1}


def test_nothing_but_copies_gives_no_list():
    right = scored("right", BODY)
    dropped: Counter[str] = Counter()
    candidates = [right, scored("copy", BODY)]
    found = hard_list("q", right, candidates, {}, size=5, rng=random.Random(1), dropped=dropped)
    assert found is None


def test_derived_queries_hide_the_name_and_leave_the_document():
    one = skill(
        "pool/pdf-filler",
        "PDF Filler fills the fields of a form from a spreadsheet of answers.",
        "# Steps\nOpen the form.\n",
    )
    (pair,) = derived_pairs([one], limit=5, seed=1)
    assert pair.query == "this fills the fields of a form from a spreadsheet of answers."
    assert pair.skill.description == ""
    assert pair.skill.body == one.body


def test_a_when_to_use_list_becomes_a_query_and_leaves_the_body():
    body = (
        "# Title\n\n## When to use\n- **Merging** many scanned contracts into one file\n"
        "- Splitting a bound report by chapter\n\n## Steps\nRun it.\n"
    )
    (pair,) = derived_pairs([skill("pool/x", "", body)], limit=1, seed=1)
    assert "Merging many scanned contracts" in pair.query
    assert "scanned" not in pair.skill.body
    assert "Run it." in pair.skill.body


def test_sources_take_turns():
    big = [
        skill(f"a/{i}", "A description that is long enough to be a query.", source="big")
        for i in range(50)
    ]
    small = [skill("b/1", "Another description, also long enough to be used.", source="small")]
    sources = {pair.skill.source for pair in derived_pairs(big + small, limit=2, seed=3)}
    assert sources == {"big", "small"}


def test_the_same_seed_draws_the_same_pairs():
    skills = [
        skill(f"a/{i}", f"Description number {i}, long enough to be used as a query.")
        for i in range(30)
    ]
    assert derived_pairs(skills, limit=9, seed=4) == derived_pairs(skills, limit=9, seed=4)
    assert derived_pairs(skills, limit=9, seed=4) != derived_pairs(skills, limit=9, seed=5)
