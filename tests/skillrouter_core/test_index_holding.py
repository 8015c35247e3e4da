"""A generation held back: what readers see, every way out, and whoever dies in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from skillrouter_core.errors import IndexNotReadyError, WorkspaceError
from skillrouter_core.index import (
    SkillIndex,
    current_generation,
    discard_held,
    held_back,
    hold,
    publish_held,
    publish_over,
    release,
    write_lexical,
)
from skillrouter_core.records import Skill
from skillrouter_core.texts import preset_named

PRESET = preset_named("compact")
SKILLS = [Skill(f"a/s{number}", f"s{number}", "", f"text {number}") for number in range(4)]
DETAILS = {"broken": 2}


def write(folder: Path, skills: int, *, published: bool = False) -> Path:
    return write_lexical(folder, SKILLS[:skills], PRESET, published=published)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return write(tmp_path, 1, published=True)


@pytest.fixture
def waiting(tmp_path: Path, base: Path) -> Path:
    generation = write(tmp_path, 2)
    hold(tmp_path, generation, base.name, DETAILS)
    return generation


def folders(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.is_dir())


def test_nothing_is_held_before_anybody_holds(tmp_path: Path, base: Path) -> None:
    assert held_back(tmp_path / "none") is None
    assert held_back(tmp_path) is None


def test_the_published_one_answers_while_another_waits(
    tmp_path: Path, base: Path, waiting: Path
) -> None:
    found = held_back(tmp_path)
    assert found is not None
    assert (found.base, found.generation, found.details) == (base.name, waiting, DETAILS)
    assert len(SkillIndex.load(tmp_path)) == 1


def test_publishing_what_waits(tmp_path: Path, base: Path, waiting: Path) -> None:
    publish_held(tmp_path, waiting)
    assert len(SkillIndex.load(tmp_path)) == 2
    assert held_back(tmp_path) is None
    assert folders(tmp_path) == [base.name, waiting.name]


def test_throwing_away_what_waits(tmp_path: Path, base: Path, waiting: Path) -> None:
    discard_held(tmp_path, waiting)
    assert folders(tmp_path) == [base.name]
    found = held_back(tmp_path)
    assert found is not None
    assert (found.base, found.generation, found.details) == (base.name, None, DETAILS)


@pytest.mark.parametrize("move", [publish_held, discard_held])
def test_another_one_than_waits_is_refused(move, tmp_path: Path, base: Path, waiting: Path) -> None:
    later = write(tmp_path, 3)
    hold(tmp_path, later, base.name, DETAILS)
    with pytest.raises(IndexNotReadyError, match=rf"{waiting.name}.*not held back any more"):
        move(tmp_path, waiting)
    assert len(SkillIndex.load(tmp_path)) == 1
    assert held_back(tmp_path).generation == later


def test_a_second_one_takes_the_place_of_the_first(
    tmp_path: Path, base: Path, waiting: Path
) -> None:
    torn = write(tmp_path, 1)  # a build that was killed
    later = write(tmp_path, 3)
    hold(tmp_path, later, base.name, DETAILS)
    assert folders(tmp_path) == [base.name, later.name]
    assert not torn.exists()


def test_the_generation_before_the_published_one_is_left_to_its_readers(tmp_path: Path) -> None:
    before = write(tmp_path, 1, published=True)
    base = write(tmp_path, 2, published=True)
    generation = write(tmp_path, 3)
    hold(tmp_path, generation, base.name, DETAILS)
    assert folders(tmp_path) == [before.name, base.name, generation.name]


def test_publishing_anything_else_ends_the_waiting(tmp_path: Path, waiting: Path) -> None:
    later = write(tmp_path, 3, published=True)
    assert held_back(tmp_path) is None
    assert current_generation(tmp_path) == later
    assert not waiting.exists()


def test_release_forgets_and_clears(tmp_path: Path, base: Path, waiting: Path) -> None:
    release(tmp_path)
    release(tmp_path)
    assert held_back(tmp_path) is None
    assert folders(tmp_path) == [base.name]


@pytest.mark.parametrize("move", [hold, publish_over])
def test_a_base_that_is_not_published_any_more_is_refused(move, tmp_path: Path, base: Path) -> None:
    generation = write(tmp_path, 2)
    write(tmp_path, 3, published=True)
    arguments = [DETAILS] if move is hold else []
    with pytest.raises(WorkspaceError, match=r"00000003 was published.*skillrouter index"):
        move(tmp_path, generation, base.name, *arguments)
    assert held_back(tmp_path) is None
    assert len(SkillIndex.load(tmp_path)) == 3


# ------------------------------------------------------- whoever dies in between


def test_killed_after_the_pointer_moved_and_before_the_note_went(
    tmp_path: Path, waiting: Path
) -> None:
    (tmp_path / "CURRENT").write_text(waiting.name)
    assert held_back(tmp_path) is None
    assert len(SkillIndex.load(tmp_path)) == 2


def test_killed_while_the_waiting_folder_was_removed(
    tmp_path: Path, base: Path, waiting: Path
) -> None:
    note = json.loads((tmp_path / "HELD").read_text())
    (tmp_path / "HELD").write_text(json.dumps(note | {"generation": ""}))
    assert held_back(tmp_path).generation is None
    hold(tmp_path, write(tmp_path, 3), base.name, DETAILS)
    assert not waiting.exists()


@pytest.mark.parametrize("damage", ["gone", "no manifest", "another format"])
def test_a_waiting_one_that_cannot_be_read_counts_as_thrown_away(
    damage: str, tmp_path: Path, waiting: Path
) -> None:
    path = waiting / "manifest.json"
    if damage == "gone":
        waiting.rename(tmp_path / "elsewhere")
    elif damage == "no manifest":
        path.unlink()
    else:
        path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 99}))
    assert held_back(tmp_path).generation is None
    with pytest.raises(IndexNotReadyError):
        publish_held(tmp_path, waiting)


def test_a_damaged_note_is_named(tmp_path: Path, waiting: Path) -> None:
    (tmp_path / "HELD").write_text("{")
    with pytest.raises(WorkspaceError, match="HELD: unreadable"):
        held_back(tmp_path)
