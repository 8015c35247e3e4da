"""Passages: true offsets, the right pieces, and something to read in every case."""

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.passages import CODE_CHARS, PASSAGE_CHARS, evidence
from skillrouter_core.records import Passage, Skill
from skillrouter_core.tokens import Tokeniser

BODY = """# Deploying services

Roll out a release to the cluster step by step.

- Check the health of every pod
- Watch the dashboards for latency

```bash
kubectl rollout status deployment/api
kubectl rollout undo deployment/api
```

When the canary fails, roll back and tell the team.
"""


def skill(description: str = "", body: str = "", name: str = "") -> Skill:
    return Skill("a/b", name, description, body)


def equal(term: str) -> float:
    return 1.0


def rarity(**values: float) -> Callable[[str], float]:
    return lambda term: values.get(term, 1.0)


def texts(passages: tuple[Passage, ...]) -> list[str]:
    return [passage.text for passage in passages]


def marked(passage: Passage) -> list[str]:
    return [passage.text[span.start : span.end] for span in passage.matches]


@pytest.mark.parametrize(
    ("query", "best", "words"),
    [
        ("pods healthy?", "- Check the health of every pod", ["pod"]),
        ("undo a rollout", "kubectl rollout status", ["rollout", "rollout", "undo"]),
        ("canary failing", "When the canary fails", ["canary", "fails"]),
        ("SERVICE", "# Deploying services", ["services"]),
    ],
)
def test_the_piece_with_the_rare_words_comes_first(query: str, best: str, words: list[str]) -> None:
    first = evidence(query, skill(body=BODY), equal)[0]
    assert first.text.startswith(best)
    assert marked(first) == words


def test_a_passage_scores_the_rarity_of_its_distinct_terms() -> None:
    (passage,) = evidence("red cat, red dog", skill("Red red cat."), rarity(red=2.0, cat=3.0))
    assert passage.score == pytest.approx(5.0)
    assert passage.field == "description"


def test_rare_words_beat_common_ones() -> None:
    body = "common common words\n\nrare thing"
    found = evidence("common words rare", skill(body=body), rarity(rare=5.0))
    assert texts(found) == ["rare thing", "common common words"]


def test_variety_beats_repetition() -> None:
    body = "alpha beta\n\nalpha beta again\n\ngamma"
    found = evidence("alpha beta gamma", skill(body=body), equal, limit=2)
    assert texts(found) == ["alpha beta", "gamma"]


def test_passages_that_add_next_to_nothing_are_left_out() -> None:
    body = "zebra stripes\n\ntable"
    assert texts(evidence("zebra table", skill(body=body), rarity(zebra=10.0))) == ["zebra stripes"]


def test_both_fields_are_searched() -> None:
    found = evidence("cat dog", skill("A cat.", "A dog."), equal)
    assert [(passage.field, passage.text) for passage in found] == [
        ("description", "A cat."),
        ("body", "A dog."),
    ]


def test_unspaced_scripts_are_matched_and_marked_as_one_run() -> None:
    (passage,) = evidence("如何分析數據", skill("這個工具用來分析數據。"), equal)
    assert marked(passage) == ["分析數據"]


def test_marks_are_on_the_original_characters() -> None:
    (passage,) = evidence("istanbul file", skill("ﬁle of İzmir, ISTANBUL"), equal)
    assert marked(passage) == ["ﬁle", "ISTANBUL"]


@pytest.mark.parametrize(
    ("chosen", "field", "text"),
    [
        (skill("First words. More.", "Body."), "description", "First words. More."),
        (skill("  \n", "\n\n# Title\n\nBody."), "body", "# Title"),
        (skill(name="only-a-name"), "name", "only-a-name"),
    ],
)
@pytest.mark.parametrize("query", ["zebra", "", "the of"])
def test_without_a_match_the_beginning_is_shown(
    chosen: Skill, field: str, text: str, query: str
) -> None:
    (passage,) = evidence(query, chosen, equal)
    assert (passage.field, passage.text) == (field, text)
    assert passage.score == 0
    assert passage.matches == ()


def test_an_empty_skill_has_no_passages() -> None:
    assert evidence("anything", skill(), equal) == ()


def test_no_passages_are_asked_for() -> None:
    assert evidence("cat", skill("A cat."), equal, limit=0) == ()


def test_long_paragraphs_are_cut_at_sentence_ends() -> None:
    sentences = [f"Sentence number {number} is about item{number}." for number in range(40)]
    (passage,) = evidence("item17", skill(body=" ".join(sentences)), equal)
    assert "item17" in passage.text
    assert len(passage.text) <= PASSAGE_CHARS
    assert passage.text.startswith("Sentence number")
    assert passage.text.endswith(".")


@pytest.mark.parametrize("filler", ["x", "字", "word "])
def test_text_without_sentence_ends_is_cut_all_the_same(filler: str) -> None:
    body = filler * 2000 + " needle " + filler * 2000
    (passage,) = evidence("needle", skill(body=body), equal)
    assert "needle" in passage.text
    assert len(passage.text) <= PASSAGE_CHARS


def test_code_is_kept_short() -> None:
    lines = "\n".join(f"call_{number}(argument)" for number in range(100))
    (passage,) = evidence("50", skill(body=f"```\n{lines}\n```"), equal)
    assert "call_50(" in passage.text
    assert len(passage.text) <= CODE_CHARS + len("call_50(argument)\n")


def test_the_search_stops_at_its_cap() -> None:
    body = "start\n\n" + "x " * 100 + "needle"
    assert evidence("needle", skill(body=body), equal)[0].matches
    assert texts(evidence("needle", skill(body=body), equal, scanned_chars=50)) == ["start"]


LINES = ["\n", "\n\n", "\r\n", "\u2028", "- ", "# ", "```", "| a | b |"]
WORDS = ["cat", "Dogs", "數據分析", "ﬁle", "e\u0301", ". ", "。", " ", "x" * 400, "\x00", "\ud800"]
PIECES = st.sampled_from(LINES + WORDS)
TEXTS = st.one_of(
    st.lists(PIECES, max_size=60).map("".join),
    st.text(st.characters(exclude_categories=()), max_size=300),
)


@given(query=TEXTS, description=TEXTS, body=TEXTS, limit=st.integers(1, 5))
def test_offsets_are_exact_for_any_text(
    query: str, description: str, body: str, limit: int
) -> None:
    chosen = skill(description, body, "name")
    passages = evidence(query, chosen, lambda term: math.log(2 + len(term)), limit)
    assert 1 <= len(passages) <= limit
    wanted = set(Tokeniser().terms(query))
    taken: list[tuple[str, int, int]] = []
    for passage in passages:
        start, end = passage.start, passage.start + len(passage.text)
        assert getattr(chosen, passage.field)[start:end] == passage.text
        assert passage.text == passage.text.strip()
        assert 0 < len(passage.text) <= PASSAGE_CHARS
        assert all(
            field != passage.field or end <= other or last <= start for field, other, last in taken
        )
        taken.append((passage.field, start, end))
        for span in passage.matches:
            assert wanted & set(Tokeniser().terms(passage.text[span.start : span.end]))
