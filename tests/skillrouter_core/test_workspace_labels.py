"""Labels in a workspace: append-only, per annotator, outliving their skills."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.workspace import Workspace
from tests.stores import scan, skill

A, B = skill("tools/a"), skill("tools/b")


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    workspace.catalogs.store(scan(A, B))
    return workspace


def grades(ws: Workspace, query: str | None = None) -> list[tuple[str, str, str, int | None]]:
    return [
        (item.query_text, item.skill_id, item.annotator, item.grade)
        for item in ws.labels.judgements(query)
    ]


def test_judgement_names_the_text_it_is_about(stocked: Workspace) -> None:
    made = stocked.labels.judge(" merge files ", "tools/a", 3, "ann")
    assert (made.query_text, made.skill_id, made.grade) == ("merge files", "tools/a", 3)
    assert made.content_hash == A.content_hash
    assert made.created_at.tzinfo is not None
    assert stocked.labels.judgements() == (made,)


def test_newest_of_an_annotator_counts(stocked: Workspace) -> None:
    judge = stocked.labels.judge
    judge("q", "tools/a", 3, "ann")
    judge("q", "tools/a", 0, "bob")
    judge("q", "tools/b", 2, "ann")
    judge("other", "tools/a", 1, "ann")
    judge("q", "tools/a", None, "ann")
    assert grades(stocked) == [
        ("q", "tools/a", "bob", 0),
        ("q", "tools/b", "ann", 2),
        ("other", "tools/a", "ann", 1),
        ("q", "tools/a", "ann", None),
    ]
    assert grades(stocked, " other ") == [("other", "tools/a", "ann", 1)]
    assert grades(stocked, "unheard of") == []


def test_undo_brings_back_what_was_said_before(stocked: Workspace) -> None:
    first = stocked.labels.judge("q", "tools/a", 3, "ann")
    second = stocked.labels.judge("q", "tools/a", 0, "ann")
    assert stocked.labels.undo(second.judgement_id) == second
    assert stocked.labels.judgements() == (first,)
    stocked.labels.undo(second.judgement_id)
    assert stocked.labels.judgements() == (first,)
    stocked.labels.undo(first.judgement_id)
    assert stocked.labels.judgements() == ()


def test_undo_of_nothing_is_named(stocked: Workspace) -> None:
    with pytest.raises(NotFoundError, match="17"):
        stocked.labels.undo(17)


def test_undo_removes_no_row(stocked: Workspace) -> None:
    made = stocked.labels.judge("q", "tools/a", 3, "ann")
    stocked.labels.undo(made.judgement_id)
    again = stocked.labels.judge("q", "tools/a", 3, "ann")
    assert again.judgement_id > made.judgement_id
    assert stocked.labels.judgements() == (again,)


def test_judgement_outlives_its_skill_and_its_text(stocked: Workspace) -> None:
    made = stocked.labels.judge("q", "tools/a", 3, "ann")
    stocked.catalogs.store(scan(replace(A, body="New."), B))
    stocked.catalogs.remove("tools")
    assert stocked.labels.judgements() == (made,)
    later = stocked.labels.judge("q", "tools/a", 1, "bob")
    assert later.content_hash != made.content_hash
    assert stocked.catalogs.version(made.content_hash).body == A.body


@pytest.mark.parametrize("grade", [-1, 4, True, 1.5, "3"])
def test_other_grades_are_refused(stocked: Workspace, grade: object) -> None:
    with pytest.raises(UsageError, match="grade"):
        stocked.labels.judge("q", "tools/a", grade, "ann")  # type: ignore[arg-type]
    assert stocked.labels.judgements() == ()


def test_judging_needs_a_query_a_skill_and_a_name(stocked: Workspace) -> None:
    with pytest.raises(UsageError, match="query is empty"):
        stocked.labels.judge("  ", "tools/a", 3, "ann")
    with pytest.raises(UsageError, match="annotator"):
        stocked.labels.judge("q", "tools/a", 3, " ")
    with pytest.raises(NotFoundError, match="tools/nope"):
        stocked.labels.judge("q", "tools/nope", 3, "ann")


def test_queries_of_any_length_and_script(stocked: Workspace) -> None:
    long, odd = "字" * 20_000, "NUL \x00 and \ud83d"
    stocked.labels.judge(long, "tools/a", 3, "ann")
    stocked.labels.judge(odd, "tools/a", 2, "ann")
    assert [item.grade for item in stocked.labels.judgements(long)] == [3]
    assert [item.grade for item in stocked.labels.judgements(odd)] == [2]


def test_queries_are_kept_by_suite(stocked: Workspace) -> None:
    first = stocked.labels.save_query(" merge files ", expected=["tools/a"], author="ann")
    second = stocked.labels.save_query("split files", suite="nightly")
    assert (first.text, first.suite, first.expected) == ("merge files", "default", ("tools/a",))
    assert stocked.labels.queries() == (first, second)
    assert stocked.labels.queries("nightly") == (second,)
    assert stocked.labels.suites() == ("default", "nightly")


def test_saving_a_query_again_replaces_what_it_expects(stocked: Workspace) -> None:
    first = stocked.labels.save_query("q", expected=["tools/a"], author="ann")
    again = stocked.labels.save_query("q ", expected=["tools/b"], author="bob")
    assert again == replace(first, expected=("tools/b",), author="bob")
    assert stocked.labels.queries() == (again,)
    assert stocked.labels.save_query("q", suite="nightly").query_id != first.query_id


def test_query_can_be_removed(stocked: Workspace) -> None:
    saved = stocked.labels.save_query("q")
    stocked.labels.judge("q", "tools/a", 3, "ann")
    stocked.labels.remove_query(saved.query_id)
    assert stocked.labels.queries() == ()
    assert len(stocked.labels.judgements("q")) == 1
    with pytest.raises(NotFoundError, match=str(saved.query_id)):
        stocked.labels.remove_query(saved.query_id)


def test_saving_needs_a_query_and_a_suite(stocked: Workspace) -> None:
    with pytest.raises(UsageError, match="query is empty"):
        stocked.labels.save_query("\n")
    with pytest.raises(UsageError, match="suite"):
        stocked.labels.save_query("q", suite="")
