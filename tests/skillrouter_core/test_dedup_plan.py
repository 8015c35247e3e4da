"""Decisions applied: which one counts, who may go, and who is who after a rename."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrouter_core.dedup import plan
from skillrouter_core.dedup.groups import RowGroup
from skillrouter_core.dedup.plan import GroupStatus, Settled, settle
from skillrouter_core.records import Verdict
from tests.decisions import START, Log, day

IDS = ("cat/a", "cat/b", "cat/c", "cat/d")
HASHES = {"cat/a": "A", "cat/b": "B", "cat/c": "C", "cat/d": "D"}
A, B, C, D = range(4)


def apply(
    log: Log,
    now: Mapping[str, str] = HASHES,
    seen: Mapping[str, datetime] | None = None,
) -> Settled:
    """Settle on skills `now` (hash by id), all there from the start unless `seen` says when."""
    first_seen = dict.fromkeys(now, START) | dict(seen or {})
    return settle(tuple(now), tuple(now.values()), first_seen, log.decisions)


def decided(steps: Sequence[tuple[str, ...]]) -> Settled:
    log = Log(dict(HASHES))
    for step in steps:
        log.add(step[0], *(f"cat/{name}" for name in step[1:]))
    return apply(log)


# steps -> rows that go, rows kept, pairs apart
CASES: dict[str, tuple[list[tuple[str, ...]], set[int], set[int], set[tuple[int, int]]]] = {
    "nothing decided": ([], set(), set(), set()),
    "keep": ([("keep", "a")], set(), {A}, set()),
    "retire": ([("retire", "a")], {A}, set(), set()),
    "merge keeps the target": ([("merge", "b", "a")], {B}, {A}, set()),
    "distinct": ([("distinct", "b", "a")], set(), set(), {(A, B)}),
    "skip decides nothing": ([("skip", "a")], set(), set(), set()),
    "the newest counts": ([("retire", "a"), ("keep", "a")], set(), {A}, set()),
    "the newest counts, the other way": ([("keep", "a"), ("retire", "a")], {A}, set(), set()),
    "a skip does not take back": ([("retire", "a"), ("skip", "a")], {A}, set(), set()),
    "distinct takes back a merge of the two": (
        [("merge", "b", "a"), ("distinct", "b", "a")], set(), set(), {(A, B)},
    ),
    "a merge takes back that they are distinct": (
        [("distinct", "b", "a"), ("merge", "a", "b")], {A}, {B}, set(),
    ),
    "distinct from one says nothing of another": (
        [("distinct", "b", "a"), ("merge", "b", "c")], {B}, {C}, {(A, B)},
    ),
    "distinct from two": (
        [("distinct", "b", "a"), ("distinct", "b", "c")], set(), set(), {(A, B), (B, C)},
    ),
    "a chain of merges ends at the last": (
        [("merge", "a", "b"), ("merge", "b", "c")], {A, B}, {C}, set(),
    ),
    "a chain built from its end": (
        [("merge", "b", "c"), ("merge", "a", "b")], {A, B}, {C}, set(),
    ),
    "into each other: the newer stands": (
        [("merge", "a", "b"), ("merge", "b", "a")], {B}, {A}, set(),
    ),
    "a circle of three loses nobody": (
        [("merge", "a", "b"), ("merge", "b", "c"), ("merge", "c", "a")], {B, C}, {A}, set(),
    ),
    "a target that is retired later": (
        [("merge", "a", "b"), ("retire", "b")], {B}, set(), set(),
    ),
    "a retired skill that is needed later": (
        [("retire", "b"), ("merge", "a", "b")], {A}, {B}, set(),
    ),
    "the end of a chain is retired": (
        [("merge", "a", "b"), ("merge", "b", "c"), ("retire", "c")], {A, C}, {B}, set(),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "gone", "kept", "apart"), CASES.values(), ids=CASES.keys())
def test_what_decisions_come_to(
    steps: list[tuple[str, ...]],
    gone: set[int],
    kept: set[int],
    apart: set[tuple[int, int]],
) -> None:
    settled = decided(steps)
    assert (settled.gone, settled.kept, settled.apart) == (gone, kept, apart)


def test_merges_name_their_final_target() -> None:
    settled = decided([("merge", "a", "b"), ("merge", "b", "c"), ("merge", "d", "a")])
    assert settled.into == {A: C, B: C, D: C}


@pytest.mark.parametrize(
    ("steps", "row", "reason"),
    [
        ([("merge", "a", "b"), ("merge", "b", "a")], A, plan.CIRCLE),
        ([("merge", "a", "b"), ("retire", "b")], A, plan.TARGET_RETIRED),
        ([("retire", "b"), ("merge", "a", "b")], B, plan.NEEDED),
    ],
)
def test_what_is_not_followed_says_why(steps: list[tuple[str, ...]], row: int, reason: str) -> None:
    assert decided(steps).standings[row].blocked == reason


def test_an_undone_decision_gives_way_to_the_one_before() -> None:
    log = Log(dict(HASHES))
    log.add("keep", "cat/a")
    log.add("retire", "cat/a")
    log.undo(2)
    settled = apply(log)
    assert (settled.gone, settled.kept) == (set(), {A})
    assert [each.decision_id for each in settled.standings[A].history] == [2, 1]
    log.undo(1)
    settled = apply(log)
    assert (settled.gone, settled.kept) == (set(), set())
    assert settled.standings[A].decision is None
    assert len(settled.standings[A].history) == 2


def test_undoing_distinct_brings_two_together_again() -> None:
    log = Log(dict(HASHES))
    log.add("distinct", "cat/a", "cat/b")
    log.undo(1)
    assert apply(log).apart == set()


CONTESTED = {
    "two authors, two fates": ([("keep", "ann"), ("retire", "bob")], True),
    "one author, a change of mind": ([("keep", "ann"), ("retire", "ann")], False),
    "the same fate": ([("retire", "ann"), ("retire", "bob")], False),
    "a later agreement": ([("keep", "ann"), ("retire", "bob"), ("retire", "ann")], False),
    "a skip is no opinion": ([("keep", "ann"), ("skip", "bob")], False),
    "distinct also stays": ([("keep", "ann"), ("distinct", "bob")], False),
    "merged or distinct": ([("merge", "ann"), ("distinct", "bob")], True),
}


@pytest.mark.parametrize(("steps", "contested"), CONTESTED.values(), ids=CONTESTED.keys())
def test_people_who_disagree(steps: list[tuple[str, str]], contested: bool) -> None:
    log = Log(dict(HASHES))
    for verdict, author in steps:
        other = "cat/b" if verdict in {"merge", "distinct"} else ""
        log.add(verdict, "cat/a", other, author=author)
    assert apply(log).standings[A].contested is contested


def test_different_targets_are_different_fates() -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/a", "cat/b", author="ann")
    log.add("merge", "cat/a", "cat/c", author="bob")
    settled = apply(log)
    assert settled.standings[A].contested
    assert settled.into == {A: C}


# ------------------------------------------------------------------------- who is who


def test_a_rescan_changes_nothing() -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/b", "cat/a")
    shuffled = {"cat/0": "0", **HASHES}
    settled = apply(log, shuffled, {"cat/0": day(9)})
    assert (settled.gone, settled.kept) == ({2}, {1})


def test_a_renamed_skill_keeps_its_decision() -> None:
    log = Log(dict(HASHES))
    log.add("retire", "cat/a")
    settled = apply(log, {"cat/b": "B", "cat/new": "A"}, {"cat/new": day(5)})
    assert settled.gone == {1}
    assert settled.standings[1].inherited


def test_a_renamed_target_is_followed() -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/b", "cat/a")
    settled = apply(log, {"cat/b": "B", "cat/new": "A"}, {"cat/new": day(5)})
    assert settled.into == {0: 1}


def test_a_text_that_was_there_before_the_decision_inherits_nothing() -> None:
    log = Log({"cat/a": "SAME", "cat/b": "SAME"})
    log.add("retire", "cat/a")
    assert apply(log, {"cat/b": "SAME"}).standings == {}


def test_an_id_without_a_date_is_not_taken_for_a_rename() -> None:
    log = Log(dict(HASHES))
    log.add("retire", "cat/a")
    settled = settle(("cat/new",), ("A",), {}, log.decisions)
    assert settled.standings == {}


def test_a_reimport_under_another_catalog_keeps_all() -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/b", "cat/a")
    log.add("distinct", "cat/c", "cat/d")
    now = {f"new/{skill_id[4:]}": digest for skill_id, digest in HASHES.items()}
    settled = apply(log, now, dict.fromkeys(now, day(9)))
    assert (settled.gone, settled.kept, settled.apart) == ({B}, {A}, {(C, D)})


def test_exact_copies_are_told_apart_by_their_place_when_a_catalog_is_renamed() -> None:
    log = Log({"cat/x/a": "SAME", "cat/x/b": "SAME"})
    log.add("merge", "cat/x/b", "cat/x/a")
    now = {"new/x/a": "SAME", "new/x/b": "SAME"}
    settled = apply(log, now, dict.fromkeys(now, day(9)))
    assert settled.into == {1: 0}


def test_exact_copies_moved_are_told_apart_by_their_folder() -> None:
    log = Log({"cat/x/a": "SAME", "cat/x/b": "SAME"})
    log.add("merge", "cat/x/b", "cat/x/a")
    now = {"cat/y/a": "SAME", "cat/y/b": "SAME"}
    assert apply(log, now, dict.fromkeys(now, day(9))).into == {1: 0}


def test_the_survivor_of_exact_copies_is_never_taken_for_the_one_that_went() -> None:
    """b went into a, then a was renamed: the new name has b's text too."""
    log = Log({"cat/a": "SAME", "cat/b": "SAME"})
    log.add("merge", "cat/b", "cat/a")
    settled = apply(log, {"cat/renamed": "SAME"}, {"cat/renamed": day(9)})
    assert (settled.gone, settled.standings) == (set(), {})


def test_two_new_names_of_exact_copies_lose_nobody() -> None:
    log = Log({"cat/a": "SAME", "cat/b": "SAME"})
    log.add("merge", "cat/b", "cat/a")
    now = {"cat/p": "SAME", "cat/q": "SAME"}
    assert apply(log, now, dict.fromkeys(now, day(9))).gone == set()


def test_a_copy_of_a_text_with_two_fates_stays() -> None:
    log = Log({"cat/a": "SAME", "cat/b": "SAME"})
    log.add("keep", "cat/b")
    log.add("retire", "cat/a")
    settled = apply(log, {"cat/renamed": "SAME"}, {"cat/renamed": day(9)})
    assert (settled.gone, settled.kept) == (set(), {0})
    assert settled.standings[0].contested


@pytest.mark.parametrize("changed", ["cat/a", "cat/b"])
def test_a_changed_text_is_not_removed_by_an_old_decision(changed: str) -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/b", "cat/a")
    settled = apply(log, HASHES | {changed: "CHANGED"})
    assert settled.gone == set()
    assert settled.standings[B].text_changed
    assert settled.standings[B].blocked == plan.TEXT_CHANGED


def test_a_changed_text_stays_kept_and_distinct() -> None:
    log = Log(dict(HASHES))
    log.add("keep", "cat/a")
    log.add("distinct", "cat/b", "cat/c")
    settled = apply(log, HASHES | {"cat/a": "CHANGED", "cat/b": "CHANGED"})
    assert (settled.kept, settled.apart) == ({A}, {(B, C)})
    assert settled.standings[A].text_changed


def test_a_merge_into_a_skill_that_left_is_not_followed() -> None:
    log = Log(dict(HASHES))
    log.add("merge", "cat/b", "cat/a")
    settled = apply(log, {"cat/b": "B"})
    assert settled.gone == set()
    assert settled.standings[0].blocked == plan.NO_TARGET


def test_a_skill_that_came_back_under_its_id_has_its_decision() -> None:
    log = Log(dict(HASHES))
    log.add("keep", "cat/a")
    settled = apply(log, {"cat/a": "A", "cat/z": "A"}, {"cat/a": day(7), "cat/z": day(7)})
    assert settled.kept == {0}
    assert not settled.standings[0].inherited


# ------------------------------------------------------------------------- groups

GROUP = RowGroup(A, (A, B, C), 0.5, 3)
STATUSES = {
    "nothing": ([], GroupStatus.UNDECIDED),
    "the keeper alone": ([("keep", "a")], GroupStatus.UNDECIDED),
    "one of two members": ([("merge", "b", "a")], GroupStatus.UNDECIDED),
    "all members": ([("merge", "b", "a"), ("retire", "c")], GroupStatus.DECIDED),
    "all kept": ([("keep", "b"), ("keep", "c")], GroupStatus.DECIDED),
    "a skip": ([("skip", "a")], GroupStatus.SKIPPED),
    "a skip beside a decision": ([("skip", "c"), ("merge", "b", "a")], GroupStatus.SKIPPED),
    "a skip taken up again": (
        [("skip", "c"), ("merge", "b", "a"), ("merge", "c", "a")],
        GroupStatus.DECIDED,
    ),
    "distinct from one outside": (
        [("distinct", "b", "d"), ("keep", "c")],
        GroupStatus.UNDECIDED,
    ),
    "a merge that cannot be followed": (
        [("merge", "b", "d"), ("retire", "d"), ("keep", "c")],
        GroupStatus.UNDECIDED,
    ),
}


@pytest.mark.parametrize(("steps", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_status_of_a_group(steps: list[tuple[str, ...]], status: GroupStatus) -> None:
    assert decided(steps).status(GROUP) is status


# ------------------------------------------------------------------------- laws

skills = st.sampled_from(IDS)
steps = st.lists(
    st.tuples(st.sampled_from(Verdict), skills, skills, st.sampled_from(["ann", "bob"])).filter(
        lambda step: step[1] != step[2]
    ),
    max_size=14,
)
texts = st.lists(st.sampled_from("XY"), min_size=4, max_size=4)


@settings(max_examples=400)
@given(steps, texts, st.sets(st.integers(0, 13)), st.sets(skills), st.booleans())
def test_no_skill_is_lost_by_merging(
    said: list[tuple[Verdict, str, str, str]],
    hashes: list[str],
    undone: set[int],
    renamed: set[str],
    shared_place: bool,
) -> None:
    """Whatever people say, in whatever order, a merged skill lives on in one that stays."""
    log = Log(dict(zip(IDS, hashes, strict=True)))
    for verdict, skill_id, other, author in said:
        names_other = verdict in {Verdict.MERGE, Verdict.DISTINCT}
        log.add(verdict, skill_id, other if names_other else "", author=author)
    for number in undone:
        if number < len(log.decisions):
            log.undo(number + 1)
    new_ids = {old: ("new/" if shared_place else "new/moved-") + old[4:] for old in renamed}
    now = {new_ids.get(old, old): digest for old, digest in zip(IDS, hashes, strict=True)}
    settled = apply(log, now, dict.fromkeys(new_ids.values(), day(99)))
    assert settled.into.keys() <= settled.gone
    assert all(target not in settled.gone for target in settled.into.values())
    assert set(settled.into.values()) <= settled.kept
    assert not settled.kept & settled.gone
    removing = {
        row
        for row, standing in settled.standings.items()
        if standing.decision is not None and standing.decision.verdict in plan.REMOVING
    }
    assert settled.gone <= removing
    assert all(bool(settled.standings[row].blocked) != (row in settled.gone) for row in removing)
    assert all(a < b for a, b in settled.apart)
    for order in itertools.islice(itertools.permutations(log.decisions), 3):
        again = settle(tuple(now), tuple(now.values()), dict.fromkeys(now, START), order)
        first = settle(tuple(now), tuple(now.values()), dict.fromkeys(now, START), log.decisions)
        assert again == first


@given(steps)
def test_renaming_a_catalog_changes_no_decision(
    said: list[tuple[Verdict, str, str, str]],
) -> None:
    log = Log(dict(HASHES))
    for verdict, skill_id, other, author in said:
        names_other = verdict in {Verdict.MERGE, Verdict.DISTINCT}
        log.add(verdict, skill_id, other if names_other else "", author=author)
    before = apply(log)
    now = {f"other/{skill_id[4:]}": digest for skill_id, digest in HASHES.items()}
    after = apply(log, now, dict.fromkeys(now, day(99)))
    assert (after.gone, after.kept, after.apart, after.into) == (
        before.gone, before.kept, before.apart, before.into,
    )  # fmt: skip
