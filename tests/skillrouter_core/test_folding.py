"""Folding: the Jaccard index by hand, no chains, and the odd bodies."""

import random

import pytest

from skillrouter_core.folding import COMPARED_CHARS, fold
from skillrouter_core.records import Skill

WORDS = [f"word{number}" for number in range(102)]
TEXT = " ".join(WORDS)


def skills(*bodies: str) -> list[Skill]:
    return [Skill(f"a/{n}", f"name {n}", "", body) for n, body in enumerate(bodies)]


def reworded(first: int, last: int) -> str:
    """TEXT with the words [first, last) replaced."""
    return " ".join([*WORDS[:first], *(["other"] * (last - first)), *WORDS[last:]])


def trigrams(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def jaccard(first: str, second: str) -> float:
    a, b = trigrams(first), trigrams(second)
    return len(a & b) / len(a | b)


def test_copies_go_under_the_first_of_them() -> None:
    assert fold(skills("one two three four", TEXT, "five six seven", TEXT, TEXT)) == [
        [0],
        [1, 3, 4],
        [2],
    ]


def test_case_and_punctuation_do_not_matter() -> None:
    assert fold(skills(TEXT, TEXT.upper().replace(" ", ", "))) == [[0, 1]]


@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.9, 1.0])
def test_the_threshold_is_a_jaccard_index(threshold: float) -> None:
    """Each edit of n words in a row spoils n + 2 trigrams."""
    for edited in range(0, 60, 3):
        other = reworded(20, 20 + edited)
        expected = [[0, 1]] if jaccard(TEXT, other) >= threshold else [[0], [1]]
        assert fold(skills(TEXT, other), threshold) == expected


def test_exactly_at_the_threshold_is_folded() -> None:
    """Of 8 and 10 trigrams, 8 shared of 10 in all."""
    shorter, longer = " ".join(WORDS[:10]), " ".join(WORDS[:12])
    assert jaccard(shorter, longer) == 0.8
    assert fold(skills(shorter, longer), 0.8) == [[0, 1]]


def test_copies_of_copies_are_not_chained() -> None:
    chain = [reworded(0, edited) for edited in (0, 9, 18)]
    assert jaccard(chain[0], chain[1]) >= 0.8
    assert jaccard(chain[1], chain[2]) >= 0.8
    assert jaccard(chain[0], chain[2]) < 0.8
    assert fold(skills(*chain)) == [[0, 1], [2]]


def test_families_of_one_template_stay_apart() -> None:
    families = [reworded(40, 40 + 20), reworded(60, 60 + 5)]
    assert jaccard(*families) > 0.6
    assert fold(skills(*families)) == [[0], [1]]


def test_any_handful_matches_brute_force() -> None:
    generator = random.Random(7)
    for _ in range(40):
        bodies = []
        for _ in range(generator.randrange(9)):
            start = generator.randrange(80)
            bodies.append(reworded(start, start + generator.randrange(1, 20)))
        expected: list[list[int]] = []
        for row, body in enumerate(bodies):
            near = [group for group in expected if jaccard(bodies[group[0]], body) >= 0.8]
            if near:
                near[0].append(row)
            else:
                expected.append([row])
        assert fold(skills(*bodies)) == expected


@pytest.mark.parametrize("bodies", [("", ""), ("", "x"), ("a b", "a c"), ("---", "***")])
def test_short_bodies_that_differ_stay_apart(bodies: tuple[str, str]) -> None:
    assert fold(skills(*bodies)) == [[0], [1]]


@pytest.mark.parametrize("body", ["one", "one two", "one two three"])
def test_short_bodies_that_agree_are_one(body: str) -> None:
    assert fold(skills(body, body)) == [[0, 1]]


def test_skills_without_a_body_are_one_if_all_else_agrees() -> None:
    twins = [Skill("a/x", "name", "same", ""), Skill("b/x", "name", "same", "")]
    assert fold([*twins, Skill("c/x", "name", "other", "")]) == [[0, 1], [2]]


def test_bodies_that_differ_only_beyond_the_compared_part_stay_apart() -> None:
    long = " ".join(f"w{number}" for number in range(COMPARED_CHARS // 4))
    assert len(long) > COMPARED_CHARS
    assert fold(skills(long, long + long)) == [[0], [1]]


def test_nothing_to_fold() -> None:
    assert fold([]) == []
