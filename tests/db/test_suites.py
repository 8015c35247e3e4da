"""Runs of suites as rows, and skills with texts of an earlier day."""

from __future__ import annotations

import pytest

from db import suites, versions
from skillrouter_core.errors import NotFoundError
from skillrouter_core.records.suites import SuiteAnswer
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill

ODD = "naïve 🙂 'quote' \\ back"


def new(suite: str = "daily", profile: str = "compact", **fields: object) -> suites.NewRun:
    values = {"index_version": "1", "models": "m", "options": {"k": "20"}, "note": ODD}
    values |= {"held": False, "seconds": 1.5, **fields}
    return suites.NewRun(suite=suite, profile=profile, **values)  # type: ignore[arg-type]


def answer(text: str, *ranking: str, confidence: float | None = 0.25) -> SuiteAnswer:
    return SuiteAnswer(text, ("a", ODD), ranking[::-1], ranking, confidence, True, 12.5)


def test_a_run_comes_back_as_it_was_kept(workspace: Workspace) -> None:
    answers = (answer(ODD, "a/b", ODD), answer("b"), answer("c", "x", confidence=None))
    with workspace.database.write() as session:
        run = suites.add(session, new(held=True), answers)
    with workspace.database.read() as session:
        assert suites.run(session, run.run_id) == run
        assert suites.answers(session, run.run_id) == tuple(
            sorted(answers, key=lambda one: one.query_text)
        )
        found = suites.firsts(session, [run.run_id])[run.run_id]
    assert (run.held, run.note, run.options) == (True, ODD, {"k": "20"})
    assert sorted(found) == sorted(
        [(ODD, ("a", ODD), "a/b"), ("b", ("a", ODD), ""), ("c", ("a", ODD), "x")]
    )


def test_runs_by_suite_and_profile_newest_first(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        kept = [
            suites.add(session, new(suite, profile), ())
            for suite, profile in (("a", "p"), ("b", "p"), ("a", "q"), ("a", "p"))
        ]
    with workspace.database.read() as session:
        assert suites.runs(session) == tuple(kept[::-1])
        assert suites.runs(session, "a", "p") == (kept[3], kept[0])
        assert suites.runs(session, "a", limit=1) == (kept[3],)
        assert suites.profiles(session) == ("p", "q")
        assert suites.answers(session, kept[0].run_id) == ()
        assert suites.firsts(session, [kept[0].run_id]) == {kept[0].run_id: ()}


def test_the_oldest_runs_of_one_suite_and_profile_are_removed(workspace: Workspace) -> None:
    with workspace.database.write() as session:
        made = [suites.add(session, new("a", "p"), [answer("q")]) for _ in range(5)]
        others = [suites.add(session, new(*key), [answer("q")]) for key in (("b", "p"), ("a", "q"))]
        assert suites.prune(session, "a", "p", 2, {made[0].run_id}) == 2
        assert suites.prune(session, "a", "p", 2, {made[0].run_id}) == 0
    with workspace.database.read() as session:
        left = [made[0], made[3], made[4]]
        assert suites.runs(session, "a", "p") == tuple(left[::-1])
        assert all(len(suites.answers(session, one.run_id)) == 1 for one in (*left, *others))
        with pytest.raises(NotFoundError):
            suites.answers(session, made[1].run_id)


def test_a_run_that_is_not_there_is_named(workspace: Workspace) -> None:
    with workspace.database.read() as session:
        for ask in (suites.run, suites.answers):
            with pytest.raises(NotFoundError, match="7"):
                ask(session, 7)


def test_texts_as_of_a_hash_and_as_last_seen(workspace: Workspace) -> None:
    old, new_text = skill("tools/one", "Old."), skill("tools/one", "New.")
    gone = skill("tools/gone", "Gone.")
    workspace.catalogs.store(scan(old, gone))
    workspace.catalogs.store(scan(new_text))
    hashes = {"tools/one": old.content_hash, "tools/gone": gone.content_hash}
    hashes |= {"tools/none": old.content_hash, "tools/gone2": "0" * 64}
    with workspace.database.read() as session:
        then = versions.as_of(session, hashes)
        last = versions.latest(session, ["tools/one", "tools/gone", "tools/none"])
        assert versions.as_of(session, {"tools/one": "0" * 64}) == {}
    assert {one: found.body for one, found in then.items()} == {
        "tools/one": "Old.",
        "tools/gone": "Gone.",
    }
    assert then["tools/one"].content_hash == old.content_hash
    assert {one: found.body for one, found in last.items()} == {
        "tools/one": "New.",
        "tools/gone": "Gone.",
    }
