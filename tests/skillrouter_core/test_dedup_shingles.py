"""Texts become sets of trigrams that depend on the text alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup.shingles import GRAM, Bags, Shingler, pack, plain, words

TEXTS = st.text(alphabet=st.sampled_from("abc  \n\tÄé漢字カナไทย한국.-"), max_size=80)


def reference(text: str, kind: str) -> set[tuple[str, ...]]:
    """Trigrams as tuples, the slow way."""
    units = words(text) if kind == "word" else list(" ".join(plain(text).split()))
    if len(units) < GRAM:
        return {tuple(units)} if units else set()
    return set(zip(units, units[1:], units[2:], strict=False))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Read  the\n\tFile", ["read", "the", "file"]),
        ("", []),
        ("don't split, punctuation!", ["don't", "split,", "punctuation!"]),
        ("用PDF提取", ["用", "pdf", "提", "取"]),
        ("ファイル", ["フ", "ァ", "イ", "ル"]),
        ("ｶﾞ full ＷＩＤＴＨ", ["ガ", "full", "width"]),
        ("한국어 텍스트", ["한국어", "텍스트"]),
        ("Größe ÄNDERN", ["größe", "ändern"]),
    ],
)
def test_words_are_split_at_blanks_and_between_ideographs(text: str, expected: list[str]) -> None:
    assert words(text) == expected


def test_four_words_have_two_trigrams() -> None:
    shingler = Shingler()
    both = shingler.shingle("one two three four")
    assert len(both) == 2
    assert set(both.tolist()) == {
        int(shingler.shingle(text)[0]) for text in ("one two three", "two three four")
    }


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("One  two\nTHREE", "one two three", True),
        ("one two three", "three two one", False),
        ("ab c d", "a bc d", False),
        ("one two", "one  two", True),
        ("one two", "two one", False),
        ("one", "one one", False),
        ("a b c", "a b", False),
    ],
)
def test_order_and_borders_count_and_blanks_do_not(one: str, other: str, same: bool) -> None:
    shingler = Shingler()
    assert np.array_equal(shingler.shingle(one), shingler.shingle(other)) is same


@pytest.mark.parametrize("kind", ["word", "char"])
def test_an_empty_text_has_no_trigram(kind: str) -> None:
    assert len(Shingler(kind).shingle(" \n ")) == 0


def test_a_trigram_keeps_its_number_between_versions() -> None:
    # Numbers are kept on disk: a change must raise SHINGLES_VERSION.
    assert Shingler().shingle("one two three").tolist() == [3811315601503987443]
    assert Shingler("char").shingle("abc").tolist() == [1543011780191448429]


@pytest.mark.parametrize("kind", ["word", "char"])
@settings(deadline=None)
@given(first=TEXTS, second=TEXTS)
def test_sets_agree_with_tuples_of_words(kind: str, first: str, second: str) -> None:
    shingler = Shingler(kind)
    sets = [shingler.shingle(text) for text in (first, second)]
    slow = [reference(text, kind) for text in (first, second)]
    for fast, wanted in zip(sets, slow, strict=True):
        assert len(fast) == len(wanted)
        assert (np.diff(fast.astype(object)) > 0).all()
    assert len(np.intersect1d(*sets)) == len(slow[0] & slow[1])


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_can_be_shingled(text: str) -> None:
    assert len(Shingler().shingle(text)) <= max(1, len(words(text)))


def test_a_long_text_is_shingled_as_a_short_one() -> None:
    shingler = Shingler()
    long = shingler.shingle(" ".join(f"w{number}" for number in range(40_000)))
    assert len(long) == 39_998
    assert np.isin(shingler.shingle("w39997 w39998 w39999"), long).all()


def test_lone_surrogates_do_not_stop_it() -> None:
    assert len(Shingler().shingle("broken \ud800 text")) == 1


def test_packed_rows_come_back() -> None:
    rows = [np.array(row, dtype=np.uint64) for row in ([1, 5], [], [2])]
    bags = pack(rows)
    assert len(bags) == 3
    assert bags.sizes.tolist() == [2, 0, 1]
    assert [bags.row(place).tolist() for place in range(3)] == [[1, 5], [], [2]]
    assert len(pack([])) == 0
    assert isinstance(pack([]), Bags)
