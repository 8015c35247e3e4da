"""An index job killed at any step: the published index answers, what waits is whole or gone."""

from __future__ import annotations

from pathlib import Path

import pytest

from skillrouter_core.index import SkillIndex, held_back
from skillrouter_core.models import PROFILES
from skillrouter_core.workspace import Workspace
from tests.dying import killed
from tests.fakes import FakeModels
from tests.stores import scan, skill

BAKE = "bake bread at 230"
BREAD = skill("tools/bread", "Knead the dough and bake bread at 230 C for an hour.")
OTHERS = (
    skill("tools/deploy", "Roll out a container with helm to the cluster."),
    skill("tools/secret", "Rotate the vault token and audit every lease."),
)
SOUP = skill("tools/soup", "Boil onions and bones for three hours.")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace whose next index breaks a saved query."""
    folder = tmp_path / "home"
    with Workspace.open(folder, models=FakeModels()) as ws:
        ws.catalogs.store(scan(BREAD, *OTHERS))
        ws.indexing.build()
        ws.labels.save_query(BAKE, "kitchen", [BREAD.skill_id], "me")
        ws.catalogs.store(scan(*OTHERS))
    return folder


def check(ws: Workspace, published: set[int]) -> None:
    """The published index answers whole, and what is held back, if anything, is complete."""
    folder = ws.indexing.folder(PROFILES["compact"])
    index = SkillIndex.load(folder)
    assert len(index) in published
    for view in ("full", "no-body"):
        assert len(index.lexical(view).scores("bread")) == len(index)
        assert len(index.dense(view)) == len(index)
    assert ws.routing.route(BAKE).candidates
    held = held_back(folder)
    if held is not None and held.generation is not None:
        waiting = SkillIndex.open_generation(held.generation)
        assert len(waiting) == len(OTHERS)
        assert len(waiting.dense("full")) == len(waiting.dense("no-body")) == len(waiting)


def finish(ws: Workspace) -> None:
    """Go on as a person would, to the end: nothing is left over."""
    held = ws.indexing.build().held
    if held is not None:
        ws.indexing.publish_held()
    assert ws.indexing.held() is None
    assert not ws.indexing.status().stale
    ws.catalogs.store(scan(*OTHERS, SOUP))
    assert ws.indexing.build().held is None
    folder = ws.indexing.folder(PROFILES["compact"])
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 2


def test_killed_while_an_index_is_built_compared_and_held_back(home: Path) -> None:
    step = 0
    while killed(home, step, "build"):
        with Workspace.open(home, models=FakeModels()) as ws:
            check(ws, {3})
        step += 1 + step // 2
    assert step > 8
    with Workspace.open(home, models=FakeModels()) as ws:
        assert ws.indexing.held().broken == 1
        assert ws.routing.route(BAKE).ranking[0] == BREAD.skill_id
        check(ws, {3})
        finish(ws)


@pytest.mark.parametrize(("move", "published"), [("publish_held", {2, 3}), ("discard_held", {3})])
def test_killed_on_either_way_out(move: str, published: set[int], home: Path) -> None:
    ends = []
    for step in (0, 1, 2, 5, 99):
        hold_back(home)
        ends.append(killed(home, step, move))
        with Workspace.open(home, models=FakeModels()) as ws:
            check(ws, published)
    assert ends[0]
    assert not ends[-1]
    with Workspace.open(home, models=FakeModels()) as ws:
        finish(ws)


def hold_back(home: Path) -> None:
    """Bring a workspace to where an index waits, whatever was done to it before."""
    with Workspace.open(home, models=FakeModels()) as ws:
        if not ws.indexing.status().stale:
            ws.catalogs.store(scan(*OTHERS, BREAD))
            ws.indexing.build()
            ws.catalogs.store(scan(*OTHERS))
        assert ws.indexing.build().held is not None
