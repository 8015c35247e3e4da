"""Categories that people assign: before the source's, kept through syncs, taken back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from skillrouter_core.errors import NotFoundError, UsageError
from skillrouter_core.workspace import SkillFilter, Workspace
from tests.stores import scan, skill

A, B, C = skill("tools/a", category="docs"), skill("tools/b", category="docs"), skill("tools/c")


@pytest.fixture
def stocked(workspace: Workspace) -> Workspace:
    workspace.catalogs.store(scan(A, B, C))
    return workspace


def categories(ws: Workspace) -> dict[str, str]:
    return {one.skill_id: one.category for one in ws.catalogs.skills()}


def test_assigned_category_goes_before_the_sources(stocked: Workspace) -> None:
    assert stocked.catalogs.assign_category(["tools/a", "tools/c"], "  Office \n work ", "ann") == 2
    assert categories(stocked) == {
        "tools/a": "Office work",
        "tools/b": "docs",
        "tools/c": "Office work",
    }
    assert stocked.catalogs.categories() == ("Office work", "docs")
    found = stocked.catalogs.search(SkillFilter(category="Office work"))
    assert [row.skill_id for row in found.rows] == ["tools/a", "tools/c"]
    assert stocked.catalogs.assigned_categories() == {
        "tools/a": "Office work",
        "tools/c": "Office work",
    }


def test_only_those_that_change_are_counted(stocked: Workspace) -> None:
    assign, clear = stocked.catalogs.assign_category, stocked.catalogs.clear_category
    assert assign(["tools/a", "tools/a"], "office", "ann") == 1
    assert assign(["tools/a", "tools/b"], "office", "bob") == 1
    assert clear(["tools/a", "tools/c"], "bob") == 1
    assert assign([], "office", "ann") == 0
    assert [one.skill_id for one in stocked.catalogs.category_events("tools/c")] == []


def test_fingerprint_stays_and_the_token_changes(stocked: Workspace) -> None:
    before, seen = stocked.catalogs.fingerprint(), [stocked.catalogs.categories_token()]
    stocked.catalogs.assign_category(["tools/a"], "office", "ann")
    seen.append(stocked.catalogs.categories_token())
    stocked.catalogs.clear_category(["tools/a"], "ann")
    seen.append(stocked.catalogs.categories_token())
    assert len(set(seen)) == 3
    assert stocked.catalogs.fingerprint() == before


def test_resync_and_a_new_text_keep_it(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/a", "tools/b"], "office", "ann")
    report = stocked.catalogs.store(scan(A, replace(B, body="New."), C))
    assert (report.unchanged, report.changed) == (2, 1)
    assert categories(stocked) == {"tools/a": "office", "tools/b": "office", "tools/c": ""}
    stocked.catalogs.clear_category(["tools/a", "tools/b"], "ann")
    assert categories(stocked)["tools/b"] == "docs"


def test_source_changes_its_own_category_underneath(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/a"], "office", "ann")
    stocked.catalogs.store(scan(replace(A, category="papers"), replace(B, category="papers"), C))
    assert categories(stocked) == {"tools/a": "office", "tools/b": "papers", "tools/c": ""}
    assert stocked.catalogs.clear_category(["tools/a"], "bob") == 1
    assert categories(stocked)["tools/a"] == "papers"


def test_clearing_brings_back_a_source_without_category(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/c"], "office", "ann")
    stocked.catalogs.clear_category(["tools/c"], "ann")
    assert categories(stocked)["tools/c"] == ""
    assert stocked.catalogs.assigned_categories() == {}


def test_category_outlives_a_removal_and_a_move_to_another_catalog(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/a"], "office", "ann")
    stocked.catalogs.remove("tools")
    assert stocked.catalogs.assigned_categories() == {}
    stocked.catalogs.store(scan(A, name="other", source="/other"))
    assert categories(stocked) == {"tools/a": "office"}


def test_every_change_names_its_author(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/a"], "office", "ann")
    stocked.catalogs.assign_category(["tools/a"], "desk", "bob")
    stocked.catalogs.clear_category(["tools/a"], "ann")
    events = stocked.catalogs.category_events("tools/a")
    assert [(one.previous, one.category, one.author) for one in events] == [
        (None, "office", "ann"),
        ("office", "desk", "bob"),
        ("desk", None, "ann"),
    ]
    assert all(one.at.tzinfo is not None for one in events)


def test_change_is_taken_back_whole(stocked: Workspace) -> None:
    assign = stocked.catalogs.assign_category
    assign(["tools/a"], "office", "ann")
    assign(["tools/a", "tools/b", "tools/c"], "desk", "bob")
    change = stocked.catalogs.last_category_change("bob")
    assert change is not None
    assert (change.category, change.skills) == ("desk", 3)
    assert stocked.catalogs.undo_category_change(change, "ann") == 3
    assert categories(stocked) == {"tools/a": "office", "tools/b": "docs", "tools/c": ""}
    assert stocked.catalogs.undo_category_change(change, "ann") == 0


def test_taking_back_spares_what_came_later(stocked: Workspace) -> None:
    stocked.catalogs.assign_category(["tools/a", "tools/b"], "office", "ann")
    change = stocked.catalogs.last_category_change("ann")
    stocked.catalogs.assign_category(["tools/b"], "desk", "bob")
    assert change is not None
    assert stocked.catalogs.undo_category_change(change, "ann") == 1
    assert categories(stocked) == {"tools/a": "docs", "tools/b": "desk", "tools/c": ""}
    assert stocked.catalogs.last_category_change("cid") is None


@pytest.mark.parametrize("missing", ["tools/nope", ""])
def test_unknown_skill_changes_nothing(stocked: Workspace, missing: str) -> None:
    with pytest.raises(NotFoundError, match=repr(missing)):
        stocked.catalogs.assign_category(["tools/a", missing], "office", "ann")
    with pytest.raises(NotFoundError, match=repr(missing)):
        stocked.catalogs.clear_category([missing], "ann")
    assert categories(stocked)["tools/a"] == "docs"


def test_removed_skill_gets_no_category(stocked: Workspace) -> None:
    stocked.catalogs.store(scan(A, B))
    with pytest.raises(NotFoundError, match="tools/c"):
        stocked.catalogs.assign_category(["tools/c"], "office", "ann")


@pytest.mark.parametrize("name", ["", " \n", "x" * 201])
def test_nameless_and_overlong_are_refused(stocked: Workspace, name: str) -> None:
    with pytest.raises(UsageError, match="category"):
        stocked.catalogs.assign_category(["tools/a"], name, "ann")
    with pytest.raises(UsageError, match="author"):
        stocked.catalogs.assign_category(["tools/a"], "office", name)
    with pytest.raises(UsageError, match="author"):
        stocked.catalogs.clear_category(["tools/a"], name)
    assert categories(stocked)["tools/a"] == "docs"


def test_any_script_and_thousands_of_skills(workspace: Workspace) -> None:
    skills = [skill(f"tools/s{number:04}") for number in range(2_500)]
    workspace.catalogs.store(scan(*skills))
    ids = [one.skill_id for one in skills]
    assert workspace.catalogs.assign_category(ids, "字" * 200, "ann") == len(ids)
    assert workspace.catalogs.assign_category(ids[:1], "NUL \x00 and \ud83d", "ann") == 1
    workspace.catalogs.store(scan(*skills))
    assert workspace.catalogs.skill(ids[0]).category == "NUL \ufffd and \ufffd"
    assert workspace.catalogs.skill(ids[-1]).category == "字" * 200
    assert workspace.catalogs.clear_category(ids, "ann") == len(ids)
