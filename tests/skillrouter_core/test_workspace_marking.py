"""A request's words are found in a text whatever their ending."""

from __future__ import annotations

import pytest

from skillrouter_core.workspace.marking import marker


@pytest.mark.parametrize(
    ("query", "text", "words"),
    [
        ("merge PDF files", "Merging a file: pdf-merge.", ["Merging", "file", "pdf", "merge"]),
        ("the and of", "the and of", []),
        ("", "anything", []),
        ("report", "😀 Two reports", ["reports"]),
    ],
)
def test_words_are_found_where_they_stand(query: str, text: str, words: list[str]) -> None:
    assert [text[span.start : span.end] for span in marker(query)(text)] == words
