"""Verdicts and skips: once by token, on the text that was shown, taken back by an event."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.records import (
    EventKind,
    LabelAck,
    LabelEvent,
    NewJudgement,
    NewQuery,
    SavedCounts,
)
from skillrouter_core.workspace import Labels, Workspace
from skillrouter_core.workspace.label_checks import SECONDS_CAP
from tests.stores import scan, skill

A, B = skill("tools/a"), skill("tools/b")
MONDAY = datetime(2025, 3, 3, 9, tzinfo=UTC)


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    workspace.catalogs.store(scan(A, B))
    return workspace


def grade(
    token: str, skill_id: str = "tools/a", value: int | None = 3, **more: object
) -> LabelEvent:
    return LabelEvent(token, EventKind.GRADE, "q", skill_id, grade=value, **more)  # type: ignore[arg-type]


def skip(token: str, skill_id: str = "tools/a") -> LabelEvent:
    return LabelEvent(token, EventKind.SKIP, "q", skill_id)


def undo(token: str, undoes: str) -> LabelEvent:
    return LabelEvent(token, EventKind.UNDO, undoes=undoes)


def counting(ws: Workspace) -> list[tuple[str, int | None, str]]:
    return [(one.skill_id, one.grade, one.annotator) for one in ws.labels.judgements()]


def said(ws: Workspace, annotator: str = "ann") -> list[tuple[str, str, bool]]:
    return [(one.token, one.kind.value, one.undone) for one in ws.labels.recent(annotator)]


def test_verdict_keeps_all_that_came_with_it(stocked: Workspace) -> None:
    made = stocked.labels.judge(
        "q", "tools/a", 2, "ann", seconds=7.25, note=" why\nso ", origin="random", token="t-1"
    )
    assert (made.seconds, made.note, made.origin) == (7.25, "why\nso", "random")
    assert stocked.labels.judgements() == (made,)


def test_verdict_hangs_on_the_text_that_was_shown(stocked: Workspace) -> None:
    stocked.catalogs.store(scan(replace(A, body="New."), B))
    shown = stocked.labels.judge("q", "tools/a", 2, "ann", content_hash=A.content_hash)
    assert shown.content_hash == A.content_hash
    now = stocked.labels.judge("q", "tools/a", 2, "bob")
    assert now.content_hash != A.content_hash


def test_text_nobody_ever_saw_is_refused(stocked: Workspace) -> None:
    with pytest.raises(NotFoundError, match="0000"):
        stocked.labels.judge("q", "tools/a", 2, "ann", content_hash="0" * 64)
    assert stocked.labels.history() == ()


def test_same_token_returns_the_first_verdict(stocked: Workspace) -> None:
    first = stocked.labels.judge("q", "tools/a", 3, "ann", token="t")
    version = stocked.labels.version()
    assert stocked.labels.judge("other", "tools/b", 0, "bob", token="t") == first
    stocked.labels.undo(first.judgement_id)
    assert stocked.labels.judge("q", "tools/a", 3, "ann", token="t") == first
    assert stocked.labels.judgements() == ()
    assert stocked.labels.version() != version


@pytest.mark.parametrize(
    ("given", "kept"),
    [(0, 0.0), (2, 2.0), (3600.5, SECONDS_CAP), (math.inf, SECONDS_CAP), (None, None)],
)
def test_seconds_are_capped(stocked: Workspace, given: float | None, kept: float | None) -> None:
    assert stocked.labels.judge("q", "tools/a", 3, "ann", seconds=given).seconds == kept


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"seconds": -0.1}, "-0.1 seconds"),
        ({"seconds": math.nan}, "nan seconds"),
        ({"seconds": True}, "True seconds"),
        ({"note": "x" * 10_001}, "10001 characters"),
        ({"origin": "x" * 51}, "origin"),
        ({"token": ""}, "token ''"),
        ({"token": "judgement:1"}, "judgement:1"),
        ({"token": "x" * 65}, "token"),
        ({"content_hash": "abc"}, "content hash 'abc'"),
        ({"skill_id": "tools/a\x00"}, "skill id"),
        ({"skill_id": "x" * 501}, "skill id"),
        ({"skill_id": ""}, "skill id"),
        ({"annotator": "x" * 201}, "annotator"),
        ({"created_at": datetime(2025, 3, 3)}, "no time zone"),
        ({"created_at": datetime.now(UTC) + timedelta(days=1)}, "has not come yet"),
    ],
)
def test_value_that_means_nothing_is_refused(
    stocked: Workspace, changes: dict[str, object], refused: str
) -> None:
    good = NewJudgement("q", "tools/b", 3, "ann")
    bad = replace(NewJudgement("q", "tools/a", 3, "ann"), **changes)
    with pytest.raises(UsageError, match=refused):
        stocked.labels.add_judgements([good, bad])
    assert stocked.labels.history() == ()


def test_events_are_kept_in_their_order_and_once(stocked: Workspace) -> None:
    events = [
        grade("t1", value=3),
        grade("t2", "tools/b", 0, seconds=4.0, note="off topic"),
        undo("t3", "t1"),
        skip("t4"),
        grade("t5", value=None),
        undo("t6", "t4"),
    ]
    acks = tuple(LabelAck(one.token, True) for one in events)
    assert stocked.labels.record(events, " ann ") == acks
    assert counting(stocked) == [("tools/b", 0, "ann"), ("tools/a", None, "ann")]
    assert said(stocked) == [
        ("t5", "grade", False),
        ("t4", "skip", True),
        ("t2", "grade", False),
        ("t1", "grade", True),
    ]
    before, version = stocked.labels.history(), stocked.labels.version()
    for again in (events, events[::-1], events[2:3]):
        answers = stocked.labels.record(again, "ann")
        assert [one.ok for one in answers] == [True] * len(again)
    assert stocked.labels.history() == before
    assert stocked.labels.version() == version
    assert stocked.labels.skips() == ()


REFUSED = {
    "unknown skill": (grade("bad", "tools/nope"), "tools/nope"),
    "unknown skill skipped": (skip("bad", "tools/nope"), "tools/nope"),
    "unknown text": (grade("bad", content_hash="0" * 64), "000"),
    "no hash": (grade("bad", content_hash=7), "send a text"),
    "grade": (grade("bad", value=7), "grade 7"),
    "empty query": (replace(grade("bad"), query_text=" "), "query is empty"),
    "negative time": (grade("bad", seconds=-1), "-1 seconds"),
    "time that is no number": (grade("bad", seconds="soon"), "'soon' seconds"),
    "kind": (replace(grade("bad"), kind="shout"), "shout"),
    "kind that is no text": (replace(grade("bad"), kind=["grade"]), "send a text"),
    "token": (grade("bad:1"), "bad:1"),
    "token that is no text": (grade(7), "token '7'"),  # type: ignore[arg-type]
    "note that is no text": (replace(grade("bad"), note=None), "send a text"),
    "undo of nothing": (undo("bad", ""), "names nothing"),
    "undo of an unknown token": (undo("bad", "t99"), "t99"),
    "undo of an unknown verdict": (undo("bad", "judgement:99"), "judgement:99"),
    "undo of an unknown skip": (undo("bad", "skip:99"), "skip:99"),
    "undo of another's": (undo("bad", "bobs"), "'bob'"),
    "verdict with a skip's token": (grade("skipped"), "is that of a skip"),
    "skip with a verdict's token": (skip("graded"), "is that of a verdict"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_bad_event_loses_no_other(stocked: Workspace, name: str) -> None:
    bad, reason = REFUSED[name]
    stocked.labels.record([grade("bobs", value=1)], "bob")
    stocked.labels.record([grade("graded", "tools/b"), skip("skipped", "tools/b")], "ann")
    before = stocked.labels.history()
    answers = stocked.labels.record([grade("before"), bad, skip("after")], "ann")
    assert [one.ok for one in answers] == [True, False, True]
    assert reason in answers[1].reason
    assert answers[1].token == bad.token
    assert said(stocked)[:2] == [("after", "skip", False), ("before", "grade", False)]
    assert len(stocked.labels.history()) == len(before) + 1


def test_kind_may_be_a_plain_word(stocked: Workspace) -> None:
    events = [replace(grade("t1"), kind="grade"), replace(undo("t2", "t1"), kind="undo")]
    assert all(one.ok for one in stocked.labels.record(events, "ann"))
    assert said(stocked) == [("t1", "grade", True)]


def test_action_without_a_token_can_be_taken_back_too(stocked: Workspace) -> None:
    stocked.labels.judge("q", "tools/a", 3, "ann")
    stocked.labels.skip("q", "tools/b", "ann")
    tokens = [one.token for one in stocked.labels.recent("ann")]
    answers = stocked.labels.record([undo(f"u{n}", one) for n, one in enumerate(tokens)], "ann")
    assert [one.ok for one in answers] == [True, True]
    assert [one.undone for one in stocked.labels.recent("ann")] == [True, True]
    assert stocked.labels.judgements() == ()


def test_skip_is_taken_back_and_made_again(stocked: Workspace) -> None:
    first = stocked.labels.skip("q", "tools/a", "ann", token="t1")
    assert stocked.labels.skip("q", "tools/a", "ann", token="t1") == first
    assert stocked.labels.skips() == (first,)
    assert stocked.labels.undo_skip(first.skip_id, "ann") == first
    assert stocked.labels.undo_skip(first.skip_id, "bob") == first
    assert stocked.labels.skips() == ()
    again = stocked.labels.skip("q", "tools/a", "ann", token="t2")
    assert stocked.labels.skips("ann") == (again,)
    assert stocked.labels.skips("bob") == ()


def test_undoing_a_skip_that_is_none_is_named(stocked: Workspace) -> None:
    first = stocked.labels.skip("q", "tools/a", "ann")
    stocked.labels.undo_skip(first.skip_id)
    for number in (first.skip_id + 1, 4711):
        with pytest.raises(NotFoundError, match=str(number)):
            stocked.labels.undo_skip(number)


def test_recent_names_the_query_of_a_skip_that_anything_else_names(stocked: Workspace) -> None:
    stocked.labels.save_query("saved")
    stocked.labels.judge("judged", "tools/a", 3, "bob")
    for text in ("saved", "judged", "never heard of"):
        stocked.labels.skip(text, "tools/a", "ann")
    assert [one.query_text for one in stocked.labels.recent("ann")] == ["", "judged", "saved"]


def test_recent_is_newest_first_and_bounded(stocked: Workspace) -> None:
    for number in range(30):
        event = skip if number % 3 == 0 else grade
        stocked.labels.record([event(f"t{number}")], "ann")
    stocked.labels.record([grade("bobs")], "bob")
    assert [one.token for one in stocked.labels.recent("ann", 7)] == [
        f"t{number}" for number in range(29, 22, -1)
    ]
    (last,) = stocked.labels.recent("ann", 1)
    assert (last.query_text, last.skill_id, last.grade) == ("q", "tools/a", 3)
    assert stocked.labels.recent("nobody") == ()


def test_history_holds_what_was_taken_back_and_by_whom(stocked: Workspace) -> None:
    first = stocked.labels.judge("q", "tools/a", 3, "ann")
    second = stocked.labels.judge("q", "tools/a", 0, "bob")
    stocked.labels.undo(first.judgement_id, "eve")
    (one, two) = stocked.labels.history()
    assert (one.judgement, one.undone, one.undone_by) == (first, True, "eve")
    assert one.undone_at is not None
    assert (two.judgement, two.undone, two.undone_at) == (second, False, None)
    assert stocked.labels.history("bob") == (two,)
    assert stocked.labels.undone_ids() == {first.judgement_id}


def test_keys_of_verdicts_can_be_read_on_from_the_last(stocked: Workspace) -> None:
    first = stocked.labels.judge("q", "tools/a", 3, "ann")
    (key,) = stocked.labels.verdict_keys()
    assert (key.judgement_id, key.skill_id, key.annotator, key.grade) == (
        first.judgement_id,
        "tools/a",
        "ann",
        3,
    )
    stocked.labels.undo(first.judgement_id)
    second = stocked.labels.judge("q", "tools/b", None, "bob")
    later = stocked.labels.verdict_keys(key.judgement_id)
    assert [(one.judgement_id, one.query_key) for one in later] == [
        (second.judgement_id, key.query_key)
    ]


def made_elsewhere(value: int = 3, hours: int = 0, **changes: object) -> NewJudgement:
    moment = MONDAY + timedelta(hours=hours)
    return replace(
        NewJudgement("q", "tools/a", value, "ann", A.content_hash, moment, 4.5, "n", "import"),
        **changes,
    )


def test_verdicts_made_elsewhere_keep_their_moment(stocked: Workspace) -> None:
    rows = [made_elsewhere(), made_elsewhere(1, annotator="bob", created_at=None)]
    assert stocked.labels.add_judgements(rows) == SavedCounts(2, 0, 0)
    first, second = (past.judgement for past in stocked.labels.history())
    assert (first.created_at, first.seconds, first.note) == (MONDAY, 4.5, "n")
    assert second.created_at > MONDAY
    assert second.content_hash == A.content_hash


def test_verdicts_brought_in_again_change_nothing(stocked: Workspace) -> None:
    rows = [made_elsewhere(token="a" * 64), made_elsewhere(0, 1), made_elsewhere(0, 1)]
    assert stocked.labels.add_judgements(rows) == SavedCounts(2, 0, 1)
    before, version = stocked.labels.history(), stocked.labels.version()
    assert stocked.labels.add_judgements(rows) == SavedCounts(0, 0, 3)
    assert stocked.labels.add_judgements([made_elsewhere(token="b" * 64)]).added == 0
    assert (stocked.labels.history(), stocked.labels.version()) == (before, version)


def test_verdict_that_was_taken_back_does_not_return_with_a_file(stocked: Workspace) -> None:
    stocked.labels.add_judgements([made_elsewhere()])
    (past,) = stocked.labels.history()
    stocked.labels.undo(past.judgement.judgement_id)
    stocked.labels.add_judgements([made_elsewhere()])
    assert stocked.labels.judgements() == ()


def test_older_verdict_does_not_win_because_it_came_later(stocked: Workspace) -> None:
    stocked.labels.add_judgements([made_elsewhere(0, hours=2)])
    stocked.labels.add_judgements([made_elsewhere(3, hours=1)])
    assert counting(stocked) == [("tools/a", 0, "ann")]
    assert [past.judgement.grade for past in stocked.labels.history()] == [3, 0]
    stocked.labels.judge("q", "tools/a", 1, "ann")
    assert counting(stocked) == [("tools/a", 1, "ann")]


@pytest.mark.parametrize(
    "changes",
    [{"grade": 2}, {"annotator": "bob"}, {"skill_id": "tools/b"}, {"query_text": "r"}],
)
def test_verdict_that_says_something_else_is_another(
    stocked: Workspace, changes: dict[str, object]
) -> None:
    rows = [made_elsewhere(), replace(made_elsewhere(), **changes)]
    assert stocked.labels.add_judgements(rows) == SavedCounts(2, 0, 0)


@pytest.mark.parametrize(
    "bad", [{"skill_id": "tools/nope"}, {"content_hash": "0" * 64}], ids=["skill", "text"]
)
def test_nothing_is_brought_in_beside_what_is_unknown(
    stocked: Workspace, bad: dict[str, object]
) -> None:
    with pytest.raises(NotFoundError, match=r"tools/nope|000"):
        stocked.labels.add_judgements([made_elsewhere(), replace(made_elsewhere(), **bad)])
    assert stocked.labels.history() == ()


def test_more_verdicts_than_a_statement_takes(stocked: Workspace) -> None:
    rows = [
        made_elsewhere(number % 4, query_text=f"q{number}", token=f"t{number}")
        for number in range(1201)
    ]
    assert stocked.labels.add_judgements(rows) == SavedCounts(1201, 0, 0)
    assert stocked.labels.add_judgements(rows[::-1]) == SavedCounts(0, 0, 1201)


def test_conflict_is_settled_and_unsettled(stocked: Workspace) -> None:
    labels = stocked.labels
    first = labels.settle(" q ", "tools/a", 2, " ann ", " as agreed ")
    assert (first.query_text, first.author, first.note) == ("q", "ann", "as agreed")
    assert first.content_hash == A.content_hash
    other = labels.settle("q", "tools/b", None, "ann", content_hash=B.content_hash)
    second = labels.settle("q", "tools/a", 3, "bob")
    assert labels.settlements() == (other, second)
    assert labels.undo_settlement(second.settlement_id, "ann") == second
    assert labels.undo_settlement(second.settlement_id, "eve") == second
    assert labels.settlements() == (first, other)
    labels.undo_settlement(first.settlement_id, "ann")
    assert labels.settlements() == (other,)


@pytest.mark.parametrize(
    ("given", "error", "refused"),
    [
        (("q", "tools/nope", 3, "ann"), NotFoundError, "tools/nope"),
        (("q", "tools/a", 5, "ann"), UsageError, "grade 5"),
        (("q", "tools/a", 3, " "), UsageError, "author"),
        (("", "tools/a", 3, "ann"), UsageError, "query is empty"),
        (("q", "tools/a", 3, "ann", "x" * 10_001), UsageError, "10001"),
    ],
)
def test_settlement_that_means_nothing_is_refused(
    stocked: Workspace, given: tuple[object, ...], error: type[Exception], refused: str
) -> None:
    with pytest.raises(error, match=refused):
        stocked.labels.settle(*given)  # type: ignore[arg-type]
    with pytest.raises(NotFoundError, match="17"):
        stocked.labels.undo_settlement(17, "ann")
    assert stocked.labels.settlements() == ()


CHANGES: dict[str, Callable[[Labels], object]] = {
    "query": lambda labels: labels.save_query("new"),
    "expected": lambda labels: labels.save_query("q", expected=["tools/b"]),
    "side": lambda labels: labels.save_queries([NewQuery("q")], "s", "", "", held_out=True),
    "removed": lambda labels: labels.remove_query(labels.queries()[0].query_id),
    "suite": lambda labels: labels.remove_suite("default"),
    "verdict": lambda labels: labels.judge("q", "tools/a", 1, "bob"),
    "import": lambda labels: labels.add_judgements([made_elsewhere()]),
    "undo": lambda labels: labels.undo(labels.judgements()[0].judgement_id),
    "skip": lambda labels: labels.skip("q", "tools/b", "bob"),
    "undone skip": lambda labels: labels.undo_skip(labels.skips()[0].skip_id),
    "settled": lambda labels: labels.settle("q", "tools/a", 3, "ann"),
    "unsettled": lambda labels: labels.undo_settlement(labels.settlements()[0].settlement_id, "a"),
    "queued": lambda labels: labels.enqueue(["tools/b"], "ann"),
    "taken out": lambda labels: labels.dequeue(["tools/a"], "ann"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_version_changes_with_every_event(stocked: Workspace, name: str) -> None:
    labels = stocked.labels
    labels.save_query("q", expected=["tools/a"])
    labels.judge("q", "tools/a", 3, "ann")
    labels.skip("q", "tools/a", "ann")
    labels.settle("q", "tools/b", 3, "ann")
    labels.enqueue(["tools/a"], "ann")
    before = labels.version()
    assert labels.version() == before
    CHANGES[name](labels)
    assert labels.version() != before


def test_version_stays_when_nothing_is_said(stocked: Workspace) -> None:
    assert stocked.labels.version() == ""
    made = stocked.labels.judge("q", "tools/a", 3, "ann", token="t")
    stocked.labels.undo(made.judgement_id)
    left = stocked.labels.skip("q", "tools/a", "ann")
    stocked.labels.undo_skip(left.skip_id)
    stocked.labels.save_query("q", expected=["tools/a"])
    before = stocked.labels.version()
    stocked.labels.undo(made.judgement_id)
    stocked.labels.undo_skip(left.skip_id)
    stocked.labels.judge("q", "tools/a", 0, "ann", token="t")
    stocked.labels.save_query("q", expected=["tools/a"])
    stocked.labels.dequeue(["tools/a"], "ann")
    stocked.labels.record([grade("bad", "tools/nope")], "ann")
    assert stocked.labels.version() == before
