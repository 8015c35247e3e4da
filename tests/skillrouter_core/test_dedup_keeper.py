"""Which copy to keep, by hand, and the words for it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skillrouter_core.dedup import keeper
from skillrouter_core.dedup.keeper import ENOUGH_BODY, ENOUGH_DESCRIPTION, WEIGHTS, quality, reasons
from skillrouter_core.records import Problem, Skill
from tests.fakes import skill

PLAIN = skill("cat/plain", "d" * 40, "b" * 400, source="here", path="plain/SKILL.md")


def better(**changes: object) -> Skill:
    from dataclasses import replace

    return replace(PLAIN, skill_id="cat/better", **changes)  # type: ignore[arg-type]


CASES = {
    "a longer description": better(description="d" * 180),
    "a longer body": better(body="b" * 3000),
}


@pytest.mark.parametrize("best", CASES.values(), ids=CASES.keys())
def test_more_text_is_better(best: Skill) -> None:
    values = quality([PLAIN, best], {})
    assert values[1] > values[0]
    assert values.dtype == np.float32


@pytest.mark.parametrize(
    "problem", [Problem.NO_DESCRIPTION, Problem.EMPTY_BODY, Problem.BROKEN_FRONTMATTER]
)
def test_a_problem_is_worse(problem: Problem) -> None:
    values = quality([PLAIN, better(problems=(problem,))], {})
    assert values[1] < values[0]


def test_sharing_a_name_is_no_fault_of_one_of_them() -> None:
    values = quality([PLAIN, better(problems=(Problem.DUPLICATE_NAME,))], {})
    assert values[1] == values[0]


def test_being_relied_upon_comes_first() -> None:
    rich = better(description="d" * 500, body="b" * 50_000)
    values = quality([PLAIN, rich], {"cat/plain": 2})
    assert values[0] > values[1]


def test_an_unknown_source_is_worse_when_all_else_is_equal() -> None:
    values = quality([PLAIN, better(source="")], {})
    assert values[1] < values[0]


@given(st.integers(0, 2000), st.integers(0, 100_000), st.integers(0, 1000))
def test_quality_stays_in_its_range(description: int, body: int, uses: int) -> None:
    one = skill("cat/one", "d" * description, "b" * body)
    (value,) = quality([one], {"cat/one": uses}).tolist()
    assert 0 <= value <= sum(WEIGHTS.values()) + 1e-5


def test_beyond_enough_more_is_no_better() -> None:
    enough = skill("cat/a", "d" * ENOUGH_DESCRIPTION, "b" * ENOUGH_BODY)
    more = skill("cat/b", "d" * ENOUGH_DESCRIPTION * 2, "b" * ENOUGH_BODY * 2)
    assert quality([enough], {}) == quality([more], {})
    assert reasons(more, [enough], {}) == (keeper.EQUAL,)


SHORT = skill("cat/short", "d" * 10, "b" * 400, source="here", path="short/SKILL.md")
BROKEN = skill("cat/broken", "", "b" * 300, problems=(Problem.NO_DESCRIPTION,))

WORDS = {
    "one other": (
        better(description="d" * 180), [PLAIN], {},
        ("has a description of 180 characters, the other 40",),
    ),
    "several others": (
        better(description="d" * 180), [PLAIN, SHORT], {},
        ("has a description of 180 characters, the others 10 to 40",),
    ),
    "others that are the same": (
        better(body="b" * 1500), [PLAIN, SHORT], {},
        ("has a body of 1,500 characters, the others 400 each",),
    ),
    "uses": (
        better(), [PLAIN, SHORT], {"cat/better": 3, "cat/short": 1},
        ("answers 3 saved queries, the others 0 to 1",),
    ),
    "one use": (
        better(), [PLAIN], {"cat/better": 1}, ("answers 1 saved query, the other 0",),
    ),
    "whole and from somewhere": (
        better(), [SHORT, BROKEN], {},
        (
            "nothing is wrong with its text, unlike 1 of the 2 others",
            "has a description of 40 characters, the others 0 to 10",
            "says where it comes from, unlike 1 of the 2 others",
        ),
    ),
    "no difference": (better(), [PLAIN], {}, (keeper.EQUAL,)),
    "only in sum": (
        better(description="d" * 150, body="b" * 300),
        [PLAIN, skill("cat/long", "d" * 160, "", source="here", path="p")],
        {},
        (keeper.BALANCE,),
    ),
    "not the best": (better(description="d"), [PLAIN], {}, (keeper.HUB,)),
}  # fmt: skip


@pytest.mark.parametrize(("best", "others", "uses", "words"), WORDS.values(), ids=WORDS.keys())
def test_reasons_in_words(
    best: Skill, others: list[Skill], uses: dict[str, int], words: tuple[str, ...]
) -> None:
    assert reasons(best, others, uses) == words


def test_what_people_decided_comes_first() -> None:
    assert reasons(better(), [PLAIN], {}, kept=True, only_hub=True) == (
        "people decided to keep it",
        "the only one that is a near-copy of every other",
    )


@given(st.text(), st.text(), st.text())
def test_reasons_hold_nothing_of_the_texts(name: str, description: str, body: str) -> None:
    marked = skill("cat/<x>", f"{description}<x>", f"{body}<x>", name=f"{name}<x>", source="<x>")
    assert not any("<x>" in reason for reason in reasons(marked, [BROKEN], {"cat/<x>": 2}))
