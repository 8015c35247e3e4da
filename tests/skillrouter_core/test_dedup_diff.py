"""Two texts side by side: by hand, and nothing of either is lost."""

from __future__ import annotations

import difflib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup import sequences
from skillrouter_core.dedup.diff import DiffLine, LineKind, TextDiff, word_diff
from skillrouter_core.records import Span

SAME, CHANGED, LEFT, RIGHT = LineKind


def shown(found: TextDiff) -> list[tuple[str, str, str]]:
    """Return rows as (kind, left, right) with what differs in brackets."""
    return [
        (row.kind, marked(row.left, row.left_spans), marked(row.right, row.right_spans))
        for row in found.lines
    ]


def marked(text: str, spans: tuple[Span, ...]) -> str:
    for span in reversed(spans):
        text = f"{text[: span.start]}[{text[span.start : span.end]}]{text[span.end :]}"
    return text


CASES = {
    "the same": ("one\ntwo", "one\ntwo", [(SAME, "one", "one"), (SAME, "two", "two")]),
    "one word": (
        "use the old tool now", "use the new tool now",
        [(CHANGED, "use the [old] tool now", "use the [new] tool now")],
    ),
    "a word more": (
        "use the tool", "use the new tool", [(CHANGED, "use the tool", "use the [new] tool")],
    ),
    "a run of words": (
        "say a b c now please", "say x y now please",
        [(CHANGED, "say [a b c] now please", "say [x y] now please")],
    ),
    "punctuation": (
        "run it now.", "run it now!", [(CHANGED, "run it now[.]", "run it now[!]")],
    ),
    "a line more": (
        "one\ntwo", "one\nzero\ntwo",
        [(SAME, "one", "one"), (RIGHT, "", "[zero]"), (SAME, "two", "two")],
    ),
    "a line less": (
        "one\nzero\ntwo", "one\ntwo",
        [(SAME, "one", "one"), (LEFT, "[zero]", ""), (SAME, "two", "two")],
    ),
    "lines without a common word do not meet": (
        "alpha beta", "gamma delta", [(LEFT, "[alpha beta]", ""), (RIGHT, "", "[gamma delta]")],
    ),
    "lines meet by likeness, not by place": (
        "first of all run it\nthen stop the server", "new line here\nthen stop the old server",
        [
            (LEFT, "[first of all run it]", ""),
            (RIGHT, "", "[new line here]"),
            (CHANGED, "then stop the server", "then stop the [old] server"),
        ],
    ),
    "an empty line more": ("a", "a\n", [(SAME, "a", "a"), (RIGHT, "", "")]),
    "white space at the end is nothing": ("a  \nb", "a\nb", [(SAME, "a  ", "a"), (SAME, "b", "b")]),
    "white space inside is marked as a whole": (
        "  a b", "a b", [(CHANGED, "[  a b]", "[a b]")],
    ),
    "both empty": ("", "", [(SAME, "", "")]),
}  # fmt: skip


@pytest.mark.parametrize(("left", "right", "rows"), CASES.values(), ids=CASES.keys())
def test_rows_by_hand(left: str, right: str, rows: list[tuple[str, str, str]]) -> None:
    found = word_diff(left, right)
    assert shown(found) == rows
    assert found.identical == all(row[0] is SAME for row in rows)


def test_lines_are_numbered_from_one() -> None:
    numbers = [(row.left_number, row.right_number) for row in word_diff("a\nb", "a\nc\nb").lines]
    assert numbers == [(1, 1), (None, 2), (2, 3)]


def test_long_texts_are_cut_and_said_to_be() -> None:
    found = word_diff("a" * 30, "a" * 20, max_chars=20)
    assert found.cut == "only the first 20 of 30 characters of the left text are compared"
    assert not found.identical
    assert word_diff("a" * 20, "a" * 20, max_chars=20).cut == ""
    both = word_diff("a" * 30, "b" * 40, max_chars=20).cut
    assert "of the left text" in both
    assert "first 20 of 40 characters of the right text" in both


# Few words, so that lines and words are often equal.
texts = st.lists(
    st.lists(st.sampled_from(["run", "the", "tool", "é", ".", "  "]), max_size=6).map(" ".join),
    max_size=8,
).map("\n".join)


@settings(max_examples=300)
@given(texts | st.text(max_size=60), texts | st.text(max_size=60))
def test_nothing_is_lost_and_what_is_not_marked_is_common(left: str, right: str) -> None:
    check(word_diff(left, right), left, right)


def check(found: TextDiff, left: str, right: str) -> None:
    rows = found.lines
    assert "\n".join(row.left for row in rows if row.left_number) == left
    assert "\n".join(row.right for row in rows if row.right_number) == right
    numbers = [row.left_number for row in rows if row.left_number]
    assert numbers == list(range(1, len(numbers) + 1))
    numbers = [row.right_number for row in rows if row.right_number]
    assert numbers == list(range(1, len(numbers) + 1))
    for row in rows:
        check_row(row)


def check_row(row: DiffLine) -> None:
    for text, spans in ((row.left, row.left_spans), (row.right, row.right_spans)):
        ends = [0, *(at for span in spans for at in (span.start, span.end)), len(text)]
        assert ends == sorted(ends)
        assert all(span.start < span.end for span in spans)
    if row.kind is CHANGED:
        common = [
            "".join(unmarked(text, spans).split())
            for text, spans in ((row.left, row.left_spans), (row.right, row.right_spans))
        ]
        assert common[0] == common[1]
    elif row.kind is SAME:
        assert row.left.rstrip() == row.right.rstrip()


def unmarked(text: str, spans: tuple[Span, ...]) -> str:
    for span in reversed(spans):
        text = text[: span.start] + text[span.end :]
    return text


def cycle(word: str, period: int, length: int, between: str = " ") -> str:
    return between.join(f"{word}{number % period}" for number in range(length))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("\n" * 3000, "\n" * 1500 + "x" + "\n" * 1400),
        ("x y " * 2000, "y x " * 2000),
        (cycle("w", 900, 1800), cycle("w", 700, 1800)),
        (cycle("w", 3, 2500, "\n"), cycle("w", 2, 2500, "\n")),
    ],
    ids=["empty lines", "two words", "words in cycles", "two lines"],
)  # fmt: skip
def test_texts_made_to_take_long_come_out_right(left: str, right: str) -> None:
    check(word_diff(left, right), left, right)


items = st.lists(st.sampled_from("abcdef"), max_size=30)


@given(items, items, st.sampled_from([0, 10, 1000]), st.sampled_from([0, 100, 1000]))
def test_stretches_cover_both_and_agree(
    one: list[str], other: list[str], exact: int, rough: int
) -> None:
    found = sequences.stretches(one, other, exact=exact, rough=rough)
    assert [at for _, left, _ in found for at in left] == list(range(len(one)))
    assert [at for _, _, right in found for at in right] == list(range(len(other)))
    for equal, left, right in found:
        same = [one[at] for at in left] == [other[to] for to in right]
        assert same or not equal
    kinds = [equal for equal, _, _ in found]
    assert all(first != second for first, second in itertools.pairwise(kinds))


@given(items, items)
def test_short_sequences_are_compared_as_closely_as_difflib_does(
    one: list[str], other: list[str]
) -> None:
    one, other = ["<", *one, ">"], ["(", *other, ")"]  # nothing in common at the ends
    ours = [(left, right) for equal, left, right in sequences.stretches(one, other) if equal]
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks()
    theirs = [(range(a, a + n), range(b, b + n)) for a, b, n in blocks if n]
    assert ours == theirs


def test_items_that_both_have_once_hold_long_sequences_together() -> None:
    one = [*"aabb", "X", *"abab", "Y", *"bb"]
    other = [*"bbb", "X", *"aa", "Y", *"aaa"]
    found = sequences.stretches(one, other, exact=0, rough=0)
    common = [one[left.start : left.stop] for equal, left, _ in found if equal]
    assert common == [["b", "b", "X", "a"], ["a"], ["Y"]]


@pytest.mark.parametrize(
    ("pairs", "run"),
    [
        ([], []),
        ([(0, 5)], [(0, 5)]),
        ([(0, 2), (1, 0), (2, 1)], [(1, 0), (2, 1)]),
        ([(0, 3), (1, 2), (2, 1), (3, 0)], [(3, 0)]),
        ([(0, 1), (1, 4), (2, 2), (3, 0), (4, 3)], [(0, 1), (2, 2), (4, 3)]),
    ],
)
def test_the_longest_run(pairs: list[tuple[int, int]], run: list[tuple[int, int]]) -> None:
    assert sequences._longest_run(pairs) == run


def test_a_stretch_too_long_to_lay_out_goes_line_by_line() -> None:
    found = word_diff("the a b c\nthe d e f", "the x b c\nthe y e f", max_cells=3)
    assert [row.kind for row in found.lines] == [CHANGED, CHANGED]
    uneven = word_diff("the a b\nthe d e", "the x b\nthe y e\nthe z z", max_cells=3)
    assert [row.kind for row in uneven.lines] == [CHANGED, CHANGED, RIGHT]
