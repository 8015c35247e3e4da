"""A promotion killed at any step: one pair answers, whole, and the history says which."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import pytest

from skillrouter_core.index import SkillIndex, held_back
from skillrouter_core.workspace import Workspace
from tests.promotions import BAD, BAKE, GOOD, SKILLS, NamedModels, filled

CHANGES = frozenset({"os.rename", "os.mkdir", "os.rmdir", "os.remove"})
"""What changes index and models: files put in place, folders made and removed."""
AT_THE_HISTORY = -1
"""The step at which the history is about to be appended to."""

_processes = multiprocessing.get_context("forkserver")
# By names that are found from the project's folder: a server without them imports all each time.
_processes.set_forkserver_preload(
    ["tests.dying", "tests.promotions", "skillrouter_core.workspace.promoting"]
)


def dying(home: Path, step: int, move: str, name: str) -> None:
    """Do one move; the process dies before the change of index or history after `step` others."""
    steps = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal steps
        path = arguments[0] if arguments else ""
        if not isinstance(path, str | bytes | os.PathLike):
            return
        place = os.fsdecode(path)
        told = event == "open" and place.endswith("promotions.jsonl") and arguments[1] == "a"
        moved = event in CHANGES and ("/index/" in place or "/models/" in place)
        moved = moved and step != AT_THE_HISTORY
        if told or moved:
            steps += 1
            if steps > step:
                os.kill(os.getpid(), signal.SIGKILL)

    with Workspace.open(home, models=NamedModels()) as ws:
        sys.addaudithook(watch)
        if move == "publish_held":
            ws.indexing.publish_held()
        elif move == "promote":
            ws.registry.promote(name, "ann")
        elif move == "rollback":
            ws.registry.rollback("ann")
        else:
            ws.registry.delete(name)


def killed(home: Path, step: int, move: str, name: str = "") -> bool:
    """Do one move in a process of its own and return whether it was killed before its end."""
    child = _processes.Process(target=dying, args=(home, step, move, name))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    filled(tmp_path / "home").close()
    return tmp_path / "home"


def answers(home: Path) -> str:
    """Return the model that answers; its vectors are its own and whole, and history names it."""
    with Workspace.open(home, models=NamedModels()) as ws:
        index = ws.routing.index()
        model = index.manifest.model
        keys = {part.model_key for part in index.manifest.dense.values()}
        assert keys == {ws.models.encoder(ws.profile("compact")).model_key}
        assert set(index.manifest.dense) == {"full", "no-body"}
        assert len(index.dense("full")) == len(index.dense("no-body")) == len(index)
        assert ws.routing.route(BAKE).candidates[0].dense is not None
        history = ws.registry.history("compact")
        assert (history[-1].model if history else "") == model
        models = [one.model for one in history]
        assert [one.previous for one in history] == ["", *models][: len(history)]
        assert {one.author for one in history} <= {"ann"}
        held = held_back(ws.indexing.place("compact"))
        if held is not None and held.generation is not None:
            waiting = SkillIndex.open_generation(held.generation)
            assert len(waiting.dense("full")) == len(waiting.dense("no-body")) == len(SKILLS)
        return model


def test_killed_while_a_model_takes_over(home: Path) -> None:
    seen, step = [], 0
    while killed(home, step, "promote", GOOD):
        seen.append(answers(home))
        if seen[-1] == GOOD:  # it died after the swap: start again from before it
            with Workspace.open(home, models=NamedModels()) as ws:
                ws.registry.promote("shipped", "ann")
        step += 1 + step // 3
    assert step > 8
    assert set(seen) == {"", GOOD}
    assert answers(home) == GOOD
    folders = [path for path in (home / "index" / "compact").iterdir() if path.is_dir()]
    assert len(folders) == 2


def test_killed_before_the_history_is_written(home: Path) -> None:
    assert killed(home, AT_THE_HISTORY, "promote", GOOD)
    assert not (home / "models" / "promotions.jsonl").exists()
    assert answers(home) == GOOD
    with Workspace.open(home, models=NamedModels()) as ws:
        ws.registry.rollback("ann")
        assert [one.model for one in ws.registry.history()] == [GOOD, ""]


def test_killed_while_a_promotion_is_held_back(home: Path) -> None:
    step = 0
    while killed(home, step, "promote", BAD):
        assert answers(home) == ""
        step += 2 + step // 3
    assert step > 6
    assert answers(home) == ""
    for step in (0, 1, 2, 3, 99):
        ended = not killed(home, step, "publish_held")
        if answers(home) == BAD:
            break
        assert not ended
    assert answers(home) == BAD
    with Workspace.open(home, models=NamedModels()) as ws:
        assert ws.indexing.held() is None


def test_killed_on_the_way_back(home: Path) -> None:
    with Workspace.open(home, models=NamedModels()) as ws:
        ws.registry.promote(GOOD, "ann")
    step = 0
    while answers(home) == GOOD:
        killed(home, step, "rollback")
        step += 3 + step // 2
    assert answers(home) == ""


def test_killed_while_a_model_is_deleted(home: Path) -> None:
    for step in (0, 1, 2, 4, 8, 99):
        ended = not killed(home, step, "delete", BAD)
        with Workspace.open(home, models=NamedModels()) as ws:
            names = [one.name for one in ws.registry.models()]
            whole = (home / "models" / BAD / "reranker" / "model.safetensors").exists()
            assert (BAD in names) == whole
        if BAD not in names:
            break
        assert not ended
    with Workspace.open(home, models=NamedModels()) as ws:
        ws.registry.delete(GOOD)
    assert not list((home / "models").glob(".deleted-*"))
