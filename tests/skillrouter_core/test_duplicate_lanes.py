"""Namesakes, discounted likeness, single pairs and two skills side by side."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from skillrouter_core.records import Thresholds
from skillrouter_core.workspace import Workspace
from skillrouter_core.workspace.duplicate_lanes import (
    differences,
    discounted,
    known_pair,
    namesakes,
    split_steps,
)
from tests.fakes import skill

BODY = " ".join(f"step{number}" for number in range(60))
SKILLS = (
    skill("a/join", "Join files.", BODY),
    skill("b/glue", "Glue files. Not for sheets, use join instead.", f"{BODY} at last"),
    skill("c/minutes", "", "Write down who decided what."),
    skill("d/minutes", "", "Name the quorum and the articles."),
)
TEXT_ALONE = Thresholds(0.6, 1.0)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    with Workspace.open(tmp_path / "home") as opened:
        for folder in ("a", "b", "c", "d"):
            for one in SKILLS:
                if one.skill_id.startswith(folder):
                    path = tmp_path / folder / one.name / "SKILL.md"
                    path.parent.mkdir(parents=True)
                    head = f"---\nname: {one.name}\ndescription: {one.description!r}\n---\n"
                    path.write_text(head + one.body, encoding="utf-8")
            opened.catalogs.sync(str(tmp_path / folder), folder)
        opened.duplicates.scan()
        yield opened


def test_namesakes_are_named_once_by_their_ids(ws: Workspace) -> None:
    view = ws.duplicates.groups(TEXT_ALONE)
    assert namesakes(view) == (("c/minutes", "d/minutes"),)


def test_known_pair_has_its_values_in_either_order(ws: Workspace) -> None:
    view = ws.duplicates.groups(TEXT_ALONE)
    pair = known_pair(view, "b/glue", "a/join")
    assert pair is not None
    assert pair == known_pair(view, "a/join", "b/glue")
    assert 58 / 60 - 1e-6 <= pair.jaccard < 1


@pytest.mark.parametrize(
    ("one", "other"), [("a/join", "a/join"), ("a/join", "z/z"), ("a/join", "c/minutes")]
)
def test_pair_that_no_layer_kept_is_none(ws: Workspace, one: str, other: str) -> None:
    assert known_pair(ws.duplicates.groups(TEXT_ALONE), one, other) is None


def test_nothing_is_discounted_where_nothing_is_shared(ws: Workspace) -> None:
    assert discounted(ws.duplicates.groups(TEXT_ALONE)) == ()


def test_group_splits_towards_identity(ws: Workspace) -> None:
    view = ws.duplicates.groups(TEXT_ALONE)
    steps = split_steps(view, "a/join")
    assert [step.thresholds.jaccard for step in steps] == pytest.approx([0.68, 0.76, 0.84, 0.92])
    assert [step.sizes for step in steps] == [(2,)] * 4
    assert split_steps(view, "c/minutes") == ()
    assert split_steps(view, "z/z") == ()


def test_differences_come_by_part(ws: Workspace) -> None:
    found = differences(ws.catalogs.skill("a/join"), ws.catalogs.skill("b/glue"))
    assert list(found) == ["name", "description", "body"]
    assert not found["name"].identical
    (line,) = found["body"].lines
    assert [line.right[span.start : span.end] for span in line.right_spans] == ["at last"]
