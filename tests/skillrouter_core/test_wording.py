"""The wording's numbers against their formulas written out, term by term."""

import math
from itertools import pairwise

import numpy as np
import pytest

from skillrouter_core.lexical import LexicalIndex
from skillrouter_core.records import Skill
from skillrouter_core.tokens import Tokeniser
from skillrouter_core.wording import READ_CHARS, Wording, read_wording, whole_text
from tests.fakes import skill

TEXTS = [
    "deploy containers to a cluster, deploy again",
    "chart the quarterly sales data",
    "sales forecast: chart, table and a long explanation of quarterly data series",
]
LEXICAL = LexicalIndex.build(TEXTS)


def rarity(term: str) -> float:
    """The idf of a term, of an unknown one that of a term which one text has."""
    known = sum(term in Tokeniser().terms(text) for text in TEXTS)
    occurring = max(known, 1)
    return math.log(1 + (len(TEXTS) - occurring + 0.5) / (occurring + 0.5))


def reference(query: str, text: str) -> tuple[float, float, float, float]:
    """Cover, phrases, likelihood and length of one text."""
    asked, terms = Tokeniser().terms(query), Tokeniser().terms(text)
    whole = sum(rarity(term) for term in set(asked))
    found = sum(rarity(term) for term in set(asked) & set(terms))
    phrases = 0.0
    for a, b in {pair for pair in pairwise(asked) if pair[0] != pair[1]}:
        n = sum(pair == (a, b) for pair in pairwise(terms))
        phrases += (rarity(a) + rarity(b)) * n / (n + 1.5 * (0.25 + 0.75 * len(terms) / 530))
    likelihood = sum(
        math.log(1 + 0.7 / 0.3 * terms.count(term) / len(terms) / (math.exp(-rarity(term)) / 80))
        for term in set(asked) & set(terms)
    )
    cover = found / whole if whole else 0.0
    return cover, math.log(1 + phrases), likelihood, math.log(1 + len(terms))


@pytest.mark.parametrize(
    "query",
    [
        "deploy a cluster",
        "quarterly sales data for a chart",
        "unheardof sales forecast",
        "deploy deploy deploy",
        "",
        "the of",
    ],
)
def test_the_numbers_follow_their_formulas(query: str) -> None:
    texts = [*TEXTS, "data data quarterly sales, quarterly sales", ""]
    found = read_wording(query, texts, LEXICAL)
    expected = np.array([reference(query, text) for text in texts]).T
    np.testing.assert_allclose(found.rows(), expected, rtol=1e-5, atol=1e-7)


def test_a_word_nobody_has_lowers_the_cover_like_one_that_a_single_skill_has() -> None:
    unknown = read_wording("sales unheardof", TEXTS, LEXICAL).cover[1]
    rare = read_wording("sales forecast", TEXTS, LEXICAL).cover[1]
    assert unknown == pytest.approx(rare)
    assert 0 < unknown < 1


def test_words_beside_each_other_say_more_than_words_apart() -> None:
    together = read_wording("sales data", ["sales data chart", "sales chart data"], LEXICAL)
    assert together.phrases[0] > together.phrases[1] == 0.0
    assert together.cover[0] == together.cover[1] == 1.0


def test_no_texts_no_numbers() -> None:
    assert read_wording("sales", [], LEXICAL).rows().shape == (4, 0)


def test_keeping_positions_orders_every_number() -> None:
    found = read_wording("quarterly sales", TEXTS, LEXICAL)
    kept = found.keep([2, 0])
    assert isinstance(kept, Wording)
    np.testing.assert_array_equal(kept.rows(), found.rows()[:, [2, 0]])


def test_the_whole_text_is_read_up_to_the_cap() -> None:
    long: Skill = skill("pool/long", "About", "x" * READ_CHARS + " beyond")
    text = whole_text(long)
    assert text.startswith(f"{long.name}\nAbout\n")
    assert "beyond" not in text
    assert "end" in whole_text(skill("pool/short", "", "to the end"))
