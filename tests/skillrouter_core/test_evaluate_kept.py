"""Evaluations kept, cut into parts, compared, and how far their confidence can be believed."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from skillrouter_core.errors import NotFoundError, UsageError, WorkspaceError
from skillrouter_core.evaluate.comparing import (
    RETRIEVED,
    STAGE1_HIT,
    TOLERANT_HIT,
    compare,
    compare_parts,
    misses,
    part_of,
    parts,
    stage2_effect,
)
from skillrouter_core.evaluate.copies import CopyFinder
from skillrouter_core.evaluate.reliability import calibration_error, reliability, thresholds
from skillrouter_core.evaluate.store import (
    ENDING,
    HEAD,
    delete_evaluation,
    list_evaluations,
    load_evaluation,
    save_evaluation,
)
from tests.evaluations import evaluation, task
from tests.fakes import skill

BODY = "Join the files in the order of their names and keep every bookmark of the report. " * 3


# --------------------------------------------------------------------------- on disk


def test_an_evaluation_comes_back_as_it_was_kept(tmp_path) -> None:
    kept = evaluation(task("t1", ["a"], ["a", "b"]), task("t2", ["b"], ["a"], copy_of="b"))
    save_evaluation(tmp_path, kept)
    assert load_evaluation(tmp_path, "one") == kept


def test_the_newest_is_listed_first_without_reading_tasks(tmp_path) -> None:
    for minute, name in enumerate(("old", "new")):
        save_evaluation(tmp_path, evaluation(task("t", ["a"], ["a"]), name=name, minute=minute))
    (tmp_path / f"old{ENDING}").write_bytes(b"not read")
    assert [info.evaluation_id for info in list_evaluations(tmp_path)] == ["new", "old"]


def test_half_a_save_is_not_listed(tmp_path) -> None:
    save_evaluation(tmp_path, evaluation(task("t", ["a"], ["a"])))
    (tmp_path / f"one{HEAD}").unlink()  # what a kill between the two files leaves
    assert list_evaluations(tmp_path) == ()
    with pytest.raises(NotFoundError, match="one"):
        load_evaluation(tmp_path, "one")


@pytest.mark.parametrize("damage", [b"", b"not gzip", b"\x1f\x8b\x08"])
def test_a_damaged_file_is_named(tmp_path, damage: bytes) -> None:
    save_evaluation(tmp_path, evaluation(task("t", ["a"], ["a"])))
    (tmp_path / f"one{ENDING}").write_bytes(damage)
    with pytest.raises(WorkspaceError, match="run it again"):
        load_evaluation(tmp_path, "one")


def test_a_head_of_another_shape_is_named(tmp_path) -> None:
    save_evaluation(tmp_path, evaluation(task("t", ["a"], ["a"])))
    path = tmp_path / f"one{HEAD}"
    path.write_text(json.dumps({"created_at": "yesterday"}))
    with pytest.raises(WorkspaceError, match=str(path)):
        list_evaluations(tmp_path)


def test_deleting_takes_one_and_only_one(tmp_path) -> None:
    for name in ("one", "two"):
        save_evaluation(tmp_path, evaluation(task("t", ["a"], ["a"]), name=name))
    delete_evaluation(tmp_path, "one")
    assert [info.evaluation_id for info in list_evaluations(tmp_path)] == ["two"]
    with pytest.raises(NotFoundError):
        delete_evaluation(tmp_path, "one")
    with pytest.raises(NotFoundError):
        delete_evaluation(tmp_path, "../two")


# --------------------------------------------------------------------------- parts and differences


def test_figures_of_hand_worked_tasks() -> None:
    tasks = [
        task("right", ["a"], ["a", "b"]),
        task("second", ["b"], ["a", "b"], stage1=("b", "a")),
        task("copy", ["c"], ["a"], copy_of="c"),
        task("two right", ["a", "b"], ["a", "x", "b"]),
    ]
    part = part_of("all", tasks)
    assert part.figures["Hit@1"].mean == 0.5
    assert part.figures[TOLERANT_HIT].mean == 0.75
    assert part.figures[STAGE1_HIT].mean == 0.75
    assert part.figures["MRR@10"].mean == pytest.approx((1 + 0.5 + 0 + 1) / 4)
    assert part.figures[RETRIEVED].mean == 0.75
    assert part.figures["FullCoverage@3"].mean == 0.75
    low, high = part.figures["Hit@1"].low, part.figures["Hit@1"].high
    assert 0 <= low < 0.5 < high <= 1


def test_recall_is_of_what_stage_2_got_to_see() -> None:
    stage1 = ("a", *(f"x{i}" for i in range(30)))
    found = part_of("all", [task("t", ["a"], ["x1"], stage1=stage1)])
    assert found.figures[RETRIEVED].mean == 1.0


def test_parts_come_largest_first_after_all() -> None:
    tasks = [task(str(i), ["a"], ["a"], style="short" if i else "task") for i in range(3)]
    named = [(part.name, part.tasks) for part in parts(tasks, lambda one: one.style)]
    assert named == [("all", 3), ("short", 2), ("task", 1)]


def test_a_part_without_tasks_is_an_error() -> None:
    with pytest.raises(UsageError, match="none"):
        part_of("none", [])


def test_what_changed_is_paired_by_task() -> None:
    before = evaluation(task("t1", ["a"], ["a"]), task("t2", ["b"], ["x", "b"]))
    after = evaluation(task("t2", ["b"], ["b"]), task("t1", ["a"], ["x", "a"]), name="two")
    found = compare(before, after)
    assert [pair[1].task_id for pair in found.fixed] == ["t2"]
    assert [pair[1].task_id for pair in found.spoiled] == ["t1"]
    difference = found.differences["Hit@1"]
    assert (difference.difference, difference.better, difference.worse) == (0.0, 1, 1)


def test_evaluations_of_other_pools_do_not_compare() -> None:
    one = evaluation(task("t", ["a"], ["a"]))
    other = evaluation(task("t", ["a"], ["a"]), name="two", fingerprint="another")
    with pytest.raises(UsageError, match="two"):
        compare(one, other)
    with pytest.raises(UsageError, match="two"):
        compare_parts(one, other, lambda task: task.style)


def test_what_changed_in_each_part() -> None:
    before = evaluation(
        task("t1", ["a"], ["x", "a"], style="short"),
        task("t2", ["b"], ["b"], style="long"),
        task("t3", ["c"], ["c"], style="long"),
    )
    after = evaluation(
        task("t3", ["c"], ["x", "c"], style="long"),
        task("t1", ["a"], ["a"], style="short"),
        task("t2", ["b"], ["b"], style="long"),
        name="two",
    )
    found = compare_parts(before, after, lambda one: one.style)
    changes = {name: part.differences["Hit@1"].difference for name, part in found.items()}
    assert changes == {"short": 1.0, "long": -0.5}
    assert [pair[1].task_id for pair in found["long"].spoiled] == ["t3"]


def test_what_stage_2_fixed_and_spoiled() -> None:
    tasks = [
        task("fixed", ["a"], ["a", "b"], stage1=("b", "a")),
        task("spoiled", ["a"], ["b", "a"], stage1=("a", "b")),
        task("same", ["a"], ["a"]),
    ]
    fixed, spoiled = stage2_effect(tasks)
    assert [one.task_id for one in fixed] == ["fixed"]
    assert [one.task_id for one in spoiled] == ["spoiled"]


def test_misses_come_most_confident_first() -> None:
    tasks = [
        task("unsure", ["a"], ["b"], confidence=0.2),
        task("sure", ["a"], ["b"], confidence=0.9),
        task("right", ["a"], ["a"]),
        task("unknown", ["a"], ["b"], confidence=None),
    ]
    assert [one.task_id for one in misses(tasks)] == ["sure", "unsure", "unknown"]


# --------------------------------------------------------------------------- confidence


def test_the_calibration_curve_of_worked_numbers() -> None:
    curve = reliability([0.05, 0.15, 0.95, 0.85, 1.0], [False, True, True, False, True], bins=2)
    assert [part.count for part in curve] == [2, 3]
    assert [part.stated for part in curve] == pytest.approx([0.1, 2.8 / 3])
    assert [part.right for part in curve] == pytest.approx([0.5, 2 / 3])
    error = (2 * 0.4 + 3 * (2.8 / 3 - 2 / 3)) / 5
    assert calibration_error(curve) == pytest.approx(error)


def test_bins_without_answers_are_left_out() -> None:
    assert len(reliability([0.05, 0.95], [False, True])) == 2


def test_a_curve_of_nothing_has_no_error() -> None:
    with pytest.raises(UsageError, match="no answers"):
        calibration_error(reliability([], []))


def test_thresholds_of_worked_numbers() -> None:
    found = {one.threshold: one for one in thresholds([0.9, 0.6, 0.3, 0.1], [1, 0, 1, 0], steps=10)}
    assert (found[0.0].answered, found[0.0].right, found[0.0].lost) == (1.0, 0.5, 0.0)
    assert (found[0.5].answered, found[0.5].right, found[0.5].lost) == (0.5, 0.5, 0.25)
    assert (found[0.9].answered, found[0.9].right, found[0.9].lost) == (0.25, 1.0, 0.25)
    assert (found[1.0].answered, found[1.0].right, found[1.0].lost) == (0.0, None, 0.5)
    assert thresholds([], []) == ()


def test_unpaired_verdicts_are_an_error() -> None:
    with pytest.raises(UsageError, match="2 confidences"):
        thresholds([0.1, 0.2], [True])


# --------------------------------------------------------------------------- near-copies


@pytest.mark.parametrize(
    ("answer", "cosine", "copied"),
    [
        (skill("x/one", body=BODY + "Then stop."), 0.1, True),
        (skill("x/other", body="Roll out a container to the cluster."), 0.93, True),
        (skill("x/other", body="Roll out a container to the cluster."), 0.92, False),
        (skill("x/right", body="Same name, another job entirely, nothing shared."), None, False),
        (skill("x/empty", body=""), None, False),
    ],
)
def test_which_wrong_answers_are_near_copies(answer, cosine, copied: bool) -> None:
    finder = CopyFinder(lambda a, b: cosine)
    found = finder.copy_of(
        answer, [skill("y/far", body="Bake bread."), skill("y/right", body=BODY)]
    )
    assert (found is not None) is copied
    if found is not None and found.jaccard > 0.6:
        assert found.skill_id == "y/right"


def test_the_value_of_the_text_layer_is_the_jaccard_of_word_trigrams() -> None:
    def trigrams(text: str) -> set[tuple[str, ...]]:
        words = text.lower().replace(".", "").split()
        return set(zip(words, words[1:], words[2:], strict=False))

    one, other = BODY + "Then stop.", BODY
    expected = len(trigrams(one) & trigrams(other)) / len(trigrams(one) | trigrams(other))
    found = CopyFinder(lambda a, b: None).copy_of(
        skill("x/one", body=one), [skill("y/two", body=other)]
    )
    assert found is not None
    assert found.jaccard == pytest.approx(expected)


def test_tolerance_never_hides_a_strict_hit() -> None:
    strict = task("t", ["a"], ["a"])
    assert strict.hit
    assert strict.tolerant_hit
    assert replace(strict, final=("b",), copy_of="a").tolerant_hit
    assert not replace(strict, final=()).hit
    assert np.isclose(part_of("all", [strict]).figures["nDCG@10"].mean, 1.0)
