"""The file of stored answers: whole or not there, and readable by this version or made anew."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.errors import WorkspaceError
from skillrouter_core.records import Stage1
from skillrouter_core.workspace.answers import (
    FILE,
    AnswerBook,
    StoredAnswer,
    load_answers,
    save_answers,
)

VECTOR = np.array([0.1, -1 / 3, 1e-30], dtype=np.float32)
ANSWER = StoredAnswer("q", ("a", "b"), Stage1.HYBRID, 0.25, 1.5, True, VECTOR)
BARE = StoredAnswer("字 \ud83d", (), Stage1.BM25, None, None, False, None)

answers = st.builds(
    StoredAnswer,
    text=st.text(max_size=30),
    ranking=st.lists(st.text(max_size=10), max_size=5).map(tuple),
    used=st.sampled_from(Stage1),
    cut=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    best=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    reranked=st.booleans(),
    vector=st.none()
    | st.lists(st.floats(width=32, allow_nan=False), max_size=4).map(
        lambda values: np.array(values, dtype=np.float32)
    ),
)


def same(one: StoredAnswer, other: StoredAnswer) -> bool:
    left, right = one.vector, other.vector
    vectors = (left is None) is (right is None) and (
        left is None or right is None or np.array_equal(left, right)
    )
    names = [field.name for field in fields(StoredAnswer) if field.name != "vector"]
    return vectors and all(getattr(one, name) == getattr(other, name) for name in names)


def test_empty_before_the_first(tmp_path: Path) -> None:
    assert load_answers(tmp_path / "nowhere") == AnswerBook("", {})


@given(st.lists(answers, max_size=4, unique_by=lambda answer: answer.text), st.text(max_size=9))
def test_whatever_is_saved_comes_back(
    tmp_path_factory: pytest.TempPathFactory, kept: list[StoredAnswer], version: str
) -> None:
    folder = tmp_path_factory.mktemp("book")
    save_answers(folder, AnswerBook(version, {answer.text: answer for answer in kept}))
    book = load_answers(folder)
    assert book.version == version
    assert list(book.answers) == [answer.text for answer in kept]
    assert all(same(book.answers[answer.text], answer) for answer in kept)


def test_saving_replaces_the_file_in_one_step(tmp_path: Path) -> None:
    save_answers(tmp_path, AnswerBook("1", {"q": ANSWER}))
    save_answers(tmp_path, AnswerBook("2", {BARE.text: BARE}))
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert load_answers(tmp_path).rankings == {BARE.text: ()}


def test_half_a_file_is_named_with_its_remedy(tmp_path: Path) -> None:
    save_answers(tmp_path, AnswerBook("1", {"q": ANSWER}))
    path = tmp_path / FILE
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WorkspaceError, match=r"answers\.json: unreadable .* delete it"):
        load_answers(tmp_path)


def test_file_of_another_format_is_made_anew(tmp_path: Path) -> None:
    save_answers(tmp_path, AnswerBook("1", {"q": ANSWER}))
    document = json.loads((tmp_path / FILE).read_text())
    (tmp_path / FILE).write_text(json.dumps(document | {"format": 99}))
    assert load_answers(tmp_path) == AnswerBook("", {})


def test_answer_that_was_never_finished_leaves_the_file_alone(tmp_path: Path) -> None:
    save_answers(tmp_path, AnswerBook("1", {"q": ANSWER}))
    (tmp_path / f"{FILE}.4711.new").write_text("{half")
    assert load_answers(tmp_path).rankings == {"q": ("a", "b")}
