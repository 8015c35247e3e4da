"""Where words start and end, what is one term, and that offsets are true."""

import threading

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skillrouter_core.tokens import MAX_WORD_CHARS, Tokeniser

TOKENISER = Tokeniser()
TEXTS = st.text(st.characters(exclude_categories=()), max_size=200)


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("", []),
        ("!?- _", []),
        ("Running tests", ["run", "test"]),
        ("run_tests in-process", ["run", "test", "process"]),
        ("useEffect", ["useeffect"]),
        ("the of and would you", []),
        ("C++ and C# and R, not D", ["c++", "c#", "r"]),
        ("v2.10", ["v2", "10"]),
        ("ＦＵＬＬ width", ["full", "width"]),
        ("cafe\u0301s", ["café"]),
        ("數據分析 tool", ["數據", "據分", "分析", "tool"]),
        ("用Python写", ["用", "python", "写"]),
        ("データ", ["デー", "ータ"]),
        ("한국어", ["한국", "국어"]),
        ("x" * (MAX_WORD_CHARS + 1) + " kept", ["kept"]),
    ],
)
def test_terms_of_a_text(text: str, terms: list[str]) -> None:
    assert TOKENISER.terms(text) == terms


def test_spellings_of_one_word_are_one_term() -> None:
    spellings = "deploy deploys deployed deploying Deploy DEPLOY"
    assert set(TOKENISER.terms(spellings)) == {"deploy"}


def test_texts_are_tokenised_in_order() -> None:
    assert TOKENISER.tokenise(["one cat", "", "two dogs"]) == [["one", "cat"], [], ["two", "dog"]]


@given(TEXTS)
@example("İstanbul ǅ ﬁne ß")
@example("\ud800 lone surrogate")
def test_any_text_has_terms_and_they_match_their_occurrences(text: str) -> None:
    occurrences = list(TOKENISER.occurrences(text))
    assert [occurrence.term for occurrence in occurrences] == TOKENISER.terms(text)
    for term, start, end in occurrences:
        assert 0 <= start < end <= len(text)
        assert TOKENISER.terms(text[start:end]) == [term]


def test_occurrences_can_be_limited_to_wanted_terms() -> None:
    text = "Deploy the cat, deployed 數據分析"
    found = list(TOKENISER.occurrences(text, {"deploy", "據分"}))
    assert [text[start:end] for _, start, end in found] == ["Deploy", "deployed", "據分"]


def test_threads_share_a_tokeniser() -> None:
    words = [f"stemming{number}s running{number}" for number in range(3000)]
    expected = Tokeniser().tokenise(words)
    shared, results = Tokeniser(), []
    threads = [
        threading.Thread(target=lambda: results.append(shared.tokenise(words))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [expected] * 4
