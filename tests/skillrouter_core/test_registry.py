"""Model folders, the history of promotions and the model card."""

from __future__ import annotations

import json

import pytest

from skillrouter_core.errors import ModelIntegrityError, UsageError
from skillrouter_core.registry import (
    card,
    checked_name,
    find_trained,
    note,
    promotions,
    read_record,
    trained_names,
)
from skillrouter_core.registry.history import FILE


def model_folder(models, name, *, state="done", reranker=True):
    """Write what a finished run leaves, without weights."""
    for part in ("encoder", "reranker") if reranker else ("encoder",):
        folder = models / name / part
        folder.mkdir(parents=True)
        (folder / "skillrouter.json").write_text(json.dumps({"preset": "compact"}))
    (models / name / "run.json").write_text(json.dumps({"state": state}))


def test_only_finished_models_with_an_encoder_can_answer(tmp_path) -> None:
    model_folder(tmp_path, "good")
    model_folder(tmp_path, "at-work", state="running")
    (tmp_path / "empty").mkdir()
    (tmp_path / "promotions.jsonl").write_text("")
    assert trained_names(tmp_path) == ("good",)
    found = find_trained(tmp_path, "good")
    assert found is not None
    assert (found.name, found.preset) == ("good", "compact")
    assert found.encoder == str(tmp_path / "good" / "encoder")
    assert found.reranker == str(tmp_path / "good" / "reranker")
    assert find_trained(tmp_path, "at-work") is None
    assert trained_names(tmp_path / "nowhere") == ()


@pytest.mark.parametrize("name", ["", "../up", "a/b", ".hidden", "x" * 101, "a b", "-dash"])
def test_a_name_that_is_no_folder_is_refused(tmp_path, name: str) -> None:
    assert find_trained(tmp_path, name) is None
    with pytest.raises(UsageError, match="cannot be called"):
        checked_name(name)


def test_a_model_may_come_without_a_reranker(tmp_path) -> None:
    model_folder(tmp_path, "encoder-only", reranker=False)
    found = find_trained(tmp_path, "encoder-only")
    assert found is not None
    assert found.reranker is None


@pytest.mark.parametrize("text", ["{", "[1]"])
def test_a_damaged_record_is_named(tmp_path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(ModelIntegrityError, match=r"run\.json"):
        read_record(tmp_path, "run.json")


def test_history_says_who_promoted_what_after_what(tmp_path) -> None:
    note(tmp_path, "compact", "one", "ann")
    note(tmp_path, "minilm", "two", "bob")
    note(tmp_path, "compact", "", "cid")
    assert [(p.model, p.previous, p.author) for p in promotions(tmp_path, "compact")] == [
        ("one", "", "ann"),
        ("", "one", "cid"),
    ]
    assert len(promotions(tmp_path)) == 3


def test_noting_what_is_known_writes_nothing(tmp_path) -> None:
    assert note(tmp_path, "compact", "", "ann") is None
    assert note(tmp_path, "compact", "one", "ann") is not None
    assert note(tmp_path, "compact", "one", "bob") is None
    assert len(promotions(tmp_path)) == 1


@pytest.mark.parametrize("half", ["{", '{"profile": "compact", "mod'])
def test_a_line_that_a_crash_cut_short_is_lost_and_no_other(tmp_path, half: str) -> None:
    note(tmp_path, "compact", "one", "ann")
    with (tmp_path / FILE).open("a") as file:
        file.write(half)
    assert [one.model for one in promotions(tmp_path)] == ["one"]
    note(tmp_path, "compact", "two", "ann")
    assert [one.model for one in promotions(tmp_path)] == ["one", "two"]


def test_a_damaged_line_inside_is_named(tmp_path) -> None:
    (tmp_path / FILE).write_text("what\n")
    with pytest.raises(ModelIntegrityError, match=r"promotions\.jsonl:1"):
        promotions(tmp_path)


def test_a_card_tells_training_and_figures_and_no_path_of_this_machine() -> None:
    run = {"created_at": "2026-01-02", "counts": {"pairs": 40}, "options": {"kind": "both"}}
    row = {"name": "Hit@1", "before": "0.500", "after": "0.750", "change": "+0.250 [0.1, 0.4]"}
    metrics = {"benchmark": "labels", "tasks": 12, "pool": 121, "rows": [row]}
    text = card("mine", "/home/me/models/mine/encoder", None, "compact", run, metrics)
    assert "pairs 40" in text
    assert "kind both" in text
    assert "| Hit@1 | 0.500 | 0.750 | +0.250 [0.1, 0.4] |" in text
    assert "12 queries of labels, over 121 skills" in text
    assert "/home/me" not in text


def test_a_card_says_what_nobody_knows() -> None:
    text = card("mine", "encoder", "reranker", "compact", {}, {})
    assert "Not measured yet." in text
    assert "No record of its training" in text
